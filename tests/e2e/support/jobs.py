"""Sends requests to the running copy, reads its jobs, and waits for outcomes."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from typer.testing import CliRunner

from cli.main import app
from functions.aws.roster import DynamoAccounts
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.people.accounts import Account, AccountExists, Role
from local.laptop import Laptop
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.ids import CROCKFORD
from statemachine.views.views import Board, card_of

HAUL = Path(sys.executable).parent / "haul"
DISPATCHER = {"kind": "dispatcher", "id": "dana"}
HOOKS = ("Sms", "Inbound", "FanOut", "Webhook")
DEAD_LETTERS = ("Create", "Advance", "Edit", "Board", "Invalidation", *HOOKS, "Watch")

T = TypeVar("T")


def haul_process(laptop: Laptop, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a separate process, which takes a second to start."""
    environment = {**os.environ, **_at(laptop)}
    return subprocess.run(
        [str(HAUL), *words], env=environment, capture_output=True, text=True, check=False
    )


def haul(laptop: Laptop, *words: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which is faster."""
    result = CliRunner().invoke(app, list(words), env=_at(laptop))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)


def _at(laptop: Laptop) -> dict[str, str]:
    return {"HAUL_STATE": str(laptop.state), "COLUMNS": "200"}


def stamp() -> str:
    return datetime.now(UTC).isoformat()


def booking(number: int, flow: str = "haul", prefix: str = "") -> dict[str, Any]:
    """A `JobRequested` with a job id chosen by the producer, spread over the alphabet."""
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in (10, 5, 0))
    return {
        "tenant": "main",
        "event_id": f"{prefix or uuid.uuid4().hex[:8]}-book-{number}",
        "occurred_at": stamp(),
        "actor": DISPATCHER,
        "flow": flow,
        "job_id": f"{datetime.now(UTC):%y%m%d}-{_crockford(prefix or 'tst')}{letters}",
        "customer": {"name": f"Customer {number}"},
        "place": {"address": f"{number} Soderblom Ave"},
        "agreed_to_texts": True,
    }


def _crockford(word: str) -> str:
    """Its first three letters, in Crockford's alphabet."""
    return word[:3].translate(str.maketrans("ilou", "110v"))


def move(job_id: str, name: str, event_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "tenant": "main",
        "job_id": job_id,
        "event_id": event_id or f"{job_id}-{name}",
        "occurred_at": stamp(),
        "actor": DISPATCHER,
        "move": name,
        **more,
    }


def unreadable_move(event_id: str, job_id: str = "261121-zzzzzz") -> dict[str, Any]:
    """A move whose actor is no object: another try cannot cure it."""
    return move(job_id, "confirm", event_id) | {"actor": "dana"}


def put(laptop: Laptop, kind: str, details: Iterable[dict[str, Any]], events: Any = None) -> None:
    """`put_events` with plain boto3, as a partner would."""
    put_requests(laptop, [(kind, detail) for detail in details], events)


def put_requests(
    laptop: Laptop, requests: Iterable[tuple[str, dict[str, Any]]], events: Any = None
) -> None:
    """The same for requests of several kinds, given with their kinds; up to ten per call."""
    events = events or laptop.client("events")
    entries = [
        {
            "EventBusName": laptop.outputs["BusName"],
            "Source": "haulway.dispatch",
            "DetailType": kind,
            "Detail": json.dumps(detail),
        }
        for kind, detail in requests
    ]
    for start in range(0, len(entries), 10):
        answer = events.put_events(Entries=entries[start : start + 10])
        assert answer["FailedEntryCount"] == 0, answer


def add_to_roster(laptop: Laptop, member: str, *roles: Role, tenant: str = "main") -> None:
    """A person on the roster, without a password; an existing account is unchanged."""
    accounts = DynamoAccounts(laptop.client("dynamodb"), laptop.outputs["CrewRosterTable"])
    with suppress(AccountExists):
        accounts.add(
            Account(
                tenant=tenant,
                account=member,
                name=member.title(),
                roles=roles or ("driver",),
                password_since=datetime.now(UTC),
            )
        )


def jobs_of(laptop: Laptop) -> S3Jobs:
    return S3Jobs(laptop.client("s3"), laptop.outputs["JobsBucket"])


def read_all(laptop: Laptop, job_ids: Iterable[str]) -> list[Job]:
    jobs = jobs_of(laptop)
    with ThreadPoolExecutor(8) as readers:
        return list(readers.map(lambda job_id: jobs.read("main", job_id).value, job_ids))


def stored_board(laptop: Laptop) -> Board:
    stored = S3Boards(laptop.client("s3"), laptop.outputs["JobsBucket"]).read("main")
    assert stored is not None
    return stored.value


def expected_board(laptop: Laptop) -> Board:
    """The board as it must be, made from all job objects."""
    ids = list(jobs_of(laptop).all_ids("main"))
    cards = [card_of(job, load_flow(job.flow)) for job in read_all(laptop, ids)]
    return Board().merged(cards).at(datetime.now(UTC))


def until(
    look: Callable[[], T], wanted: Callable[[T], bool], within_s: float = 60.0, every_s: float = 0.1
) -> T:
    """The first result of `look` that is `wanted`; after the timeout fails with the last result."""
    deadline = time.monotonic() + within_s
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"not in {within_s} s: {seen!r}"[:2000]
        time.sleep(every_s)


def exist(laptop: Laptop, job_ids: Iterable[str], within_s: float = 120.0) -> None:
    jobs, wanted = jobs_of(laptop), set(job_ids)
    until(lambda: wanted - set(jobs.all_ids("main")), lambda missing: not missing, within_s)


def settled(laptop: Laptop, job_ids: list[str], within_s: float = 300.0) -> list[Job]:
    """The jobs, once all have ended and their executions have settled.

    Waits for one after the other: reading all of them ten times a second would take the time that
    the engine needs.
    """
    jobs, deadline = jobs_of(laptop), time.monotonic() + within_s
    for job_id in job_ids:
        left_s = max(0.0, deadline - time.monotonic())
        until(lambda job_id=job_id: jobs.read("main", job_id).value, _has_ended, left_s)  # type: ignore[misc]  # a default binds the loop
    return until(
        lambda: read_all(laptop, job_ids), lambda jobs: all(_has_ended(job) for job in jobs)
    )


def _has_ended(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq == job.seq


def executions(laptop: Laptop, job: Job, latest: bool = False) -> list[str]:
    """The status of each execution of the job, or of the latest: a killed engine forgets others."""
    sfn = laptop.client("stepfunctions")
    prefix = laptop.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    arns = [
        f"{prefix}{job.flow}:{job.tenant}-{job.job_id}-g{generation}"
        for generation in range(
            job.execution.generation if latest else 0, job.execution.generation + 1
        )
    ]
    return [sfn.describe_execution(executionArn=arn)["status"] for arn in arns]


RETRIED_LATER_S = 5.0
"""No function takes so long for a message: if no count changes, the rest waits for its next try."""


def waiting_messages(laptop: Laptop, suffix: str) -> dict[str, int]:
    """The number of messages in each queue with that suffix, without empty queues."""
    sqs, counts = laptop.client("sqs"), {}
    for name in DEAD_LETTERS:
        attributes = sqs.get_queue_attributes(
            QueueUrl=laptop.outputs[f"{name}{suffix}Url"], AttributeNames=["All"]
        )["Attributes"]
        counts[name] = int(attributes["ApproximateNumberOfMessages"]) + int(
            attributes["ApproximateNumberOfMessagesNotVisible"]
        )
    return {name: count for name, count in counts.items() if count}


def dead_letters(laptop: Laptop) -> dict[str, int]:
    return waiting_messages(laptop, "DeadLetters")


def wait_until_queues_are_empty(laptop: Laptop, within_s: float = 120.0) -> None:
    """Until no queue has a message but those that are retried later: of jobs that are not there."""
    since: dict[str, float] = {}

    def at_rest(counts: dict[str, int]) -> bool:
        since.setdefault(repr(counts), time.monotonic())
        for other in since.keys() - {repr(counts)}:
            del since[other]
        return not counts or time.monotonic() - since[repr(counts)] > RETRIED_LATER_S

    until(lambda: waiting_messages(laptop, "Queue"), at_rest, within_s, every_s=0.5)
