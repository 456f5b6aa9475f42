"""The dispatcher's desk as `haul job` uses it: over the bus, or through the API."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from cli.client.connection import Connection
from cli.output.output import NotFound, Rejected, TimedOut, UsageError
from events import Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.api.response_models import JobDocument
from functions.api.responses import job_document
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Tenants
from functions.people.accounts import Account
from functions.people.sessions import Session
from functions.protocol.ports import Corrupt, UnknownJob
from statemachine.edits import is_made, refusal_of
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job import Job
from statemachine.lifecycle import EXPLANATIONS, copy_of
from statemachine.records import EarlyMove, Refusal
from statemachine.values import JOB_ID_PATTERN, Actor
from statemachine.views import Board, Card, card_of

ME = Actor(kind="dispatcher", id="haul")
PATIENCE_S = 20.0
LOOK_EVERY_S = 0.1
BOARD_IS_BEHIND = timedelta(minutes=5)
"""So long at most, with room for clocks that differ, unless the watchdog has to repair it."""
ELSEWHERE_EVERY_S = 1.0
LETTERS_AT_ONCE, LOOKS_AT_LETTERS = 10, 10
EVER = datetime(2000, 1, 1, tzinfo=timezone.utc)


class JobClient(Protocol):
    """What a dispatcher does. Each call ends when it is committed, or raises a Complaint."""

    def book(self, request: JobRequested) -> dict[str, str]:
        """`{job_id, tracking_token, tracking_url}`."""

    def cards(self) -> list[Card]:
        """The board, with every write that was acknowledged before."""

    def time_zone(self) -> str:
        """The business's own, as `America/New_York`."""

    def job(self, job_id: str) -> JobDocument: ...

    def move(self, request: JobMoveRequested) -> JobDocument: ...

    def edit(self, request: JobEditRequested) -> JobDocument: ...


class BusClient:
    """Requests go onto the bus, as any partner's do; the job's own object tells the outcome."""

    def __init__(self, place: Connection, tenant: str) -> None:
        self.place, self.tenant = place, tenant

    def book(self, request: JobRequested) -> dict[str, str]:
        return book(self.place, request)

    def cards(self) -> list[Card]:
        boards = S3Boards(self.place.client("s3"), self.place.outputs["JobsBucket"])
        stored = boards.read(self.tenant)
        board = stored.value if stored else Board()
        return list(board.merged(self._not_yet_on(board)).jobs.values())

    def time_zone(self) -> str:
        tenants = S3Tenants(self.place.client("s3"), self.place.outputs["JobsBucket"])
        return tenants.read(self.tenant).time_zone

    def _not_yet_on(self, board: Board) -> Iterator[Card]:
        """Cards of jobs that were written so lately that the board may not know it yet.

        One that cannot be read is left out: the board shows it as it was.
        """
        jobs = S3Jobs(self.place.client("s3"), self.place.outputs["JobsBucket"])
        lately = datetime.now(timezone.utc) - BOARD_IS_BEHIND
        for job_id in (name for name, at in jobs.written(self.tenant).items() if at >= lately):
            with suppress(Corrupt, UnknownJob, UnknownFlow):
                job = jobs.read(self.tenant, job_id).value
                flow = load_flow(job.flow)
                if job_id in board.jobs or not flow.status(job.status).terminal:
                    yield card_of(job, flow)

    def job(self, job_id: str) -> JobDocument:
        return self._document(self._read(job_id))

    def move(self, request: JobMoveRequested) -> JobDocument:
        send(self.place, request)
        return self._document(self._answered(request))

    def edit(self, request: JobEditRequested) -> JobDocument:
        self._read(request.job_id)
        send(self.place, request)
        return self._document(self._answered(request, self._refused_edit))

    def _refused_edit(self, request: JobMoveRequested | JobEditRequested) -> None:
        """An edit for which the job has no room lies among the dead letters, with why."""
        if reason := dead_lettered(self.place, "Edit", request.event_id):
            raise Rejected(f"refused: {reason}")

    def _read(self, job_id: str) -> Job:
        check_job_id(job_id)
        jobs = S3Jobs(self.place.client("s3"), self.place.outputs["JobsBucket"])
        try:
            return jobs.read(self.tenant, job_id).value
        except UnknownJob as error:
            raise NotFound(f"{error}; `haul job list` shows the jobs there are") from error

    def _document(self, job: Job) -> JobDocument:
        return job_document(job, Session(_operator(self.tenant), EVER), self.place.edge_url)

    def _answered(
        self,
        request: JobMoveRequested | JobEditRequested,
        look_elsewhere: Callable[[JobMoveRequested | JobEditRequested], None] | None = None,
    ) -> Job:
        """The job once the event is on its record. Raises Rejected where it was refused.

        `look_elsewhere` is called now and then, and may raise it too.
        """
        deadline = time.monotonic() + PATIENCE_S
        elsewhere_at = time.monotonic() + ELSEWHERE_EVERY_S
        while time.monotonic() < deadline:
            job = self._read(request.job_id)
            if isinstance(request, JobEditRequested):
                if is_answered_edit(job, request):
                    return job
            elif is_answered_move(job, request):
                return job
            if look_elsewhere and time.monotonic() > elsewhere_at:
                look_elsewhere(request)
                elsewhere_at = time.monotonic() + ELSEWHERE_EVERY_S
            time.sleep(LOOK_EVERY_S)
        raise TimedOut(
            f"no answer in {PATIENCE_S:.0f} s; repeat it with --event-id {request.event_id}, it "
            "cannot happen twice. If the event could not be used, its dead-letter queue says why."
        )


def is_answered_edit(job: Job, request: JobEditRequested) -> bool:
    """Whether the edit is made; Rejected where it was refused."""
    if refusal := refusal_of(job, request):
        raise Rejected(f"refused: {refusal.text} ({refusal.why})")
    return is_made(job, request)


def is_answered_move(job: Job, request: JobMoveRequested) -> bool:
    """Whether the move is made; Rejected where it was refused, TimedOut where it is kept."""
    match copy_of(job, request):
        case Refusal(why=why, status=status):
            raise Rejected(
                f"refused: {EXPLANATIONS[why]} (status {status}, {why}); "
                f"possible now: {_possible(job)}"
            )
        case EarlyMove():
            raise TimedOut(
                "kept: that move comes before its turn and is tried again after the moves "
                f"before it; possible now: {_possible(job)}"
            )
        case known:
            return known is not None


def check_job_id(job_id: str) -> None:
    if not re.fullmatch(JOB_ID_PATTERN, job_id):
        raise UsageError(f"{job_id!r} is no job id; they look like 261121-7k3m2q")


def book(place: Connection, request: JobRequested) -> dict[str, str]:
    """Book through the function itself, because only the booker may learn the token."""
    answer = place.client("lambda").invoke(
        FunctionName=place.outputs["CreateJobFunction"],
        Payload=request.model_dump_json().encode(),
    )
    booked: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise TimedOut(
            f"booking failed: {booked.get('errorMessage', 'no reason')}; repeat it with "
            f"--event-id {request.event_id}, it cannot book twice"
        )
    if "error" in booked:
        raise Rejected(booked["detail"])
    return {
        "job_id": booked["job_id"],
        "tracking_token": booked["tracking_token"],
        "tracking_url": f"{place.edge_url}/track/{booked['tracking_token']}",
    }


def send(place: Connection, request: JobMoveRequested | JobEditRequested) -> None:
    """Put a request on the bus. Raises TimedOut where it was not taken."""
    entry = {
        "EventBusName": place.outputs["BusName"],
        "Source": "haulway.dispatch",
        "DetailType": type(request).__name__,
        "Detail": request.model_dump_json(exclude_none=True),
    }
    answer = place.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise TimedOut(f"the bus did not take the event: {answer['Entries'][0]['ErrorMessage']}")


def dead_lettered(place: Connection, queue: str, event_id: str) -> str | None:
    """Why that event was given up, if its dead letter is found; the letter stays where it is.

    A queue shows a few of its letters at a time, and not always the same ones.
    """
    sqs, url = place.client("sqs"), place.outputs[f"{queue}DeadLettersUrl"]
    for _ in range(LOOKS_AT_LETTERS):
        letters = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=LETTERS_AT_ONCE,
            VisibilityTimeout=0,
            MessageAttributeNames=["Detail"],
        ).get("Messages", [])
        for letter in letters:
            if _is_about(letter["Body"], event_id):
                detail = letter.get("MessageAttributes", {}).get("Detail", {})
                return str(detail.get("StringValue", "no reason given"))
        if len(letters) < LETTERS_AT_ONCE:
            return None
    return None


def _is_about(body: str, event_id: str) -> bool:
    try:
        return bool(json.loads(body)["detail"]["event_id"] == event_id)
    except (ValueError, KeyError, TypeError):
        return False


def changes_document(changes: Changes) -> dict[str, Any]:
    """The changes as the API takes them: only what is given."""
    return changes.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def _possible(job: Job) -> str:
    moves = load_flow(job.flow).moves_from(job.status)
    return ", ".join(f"{move.name} (→ {move.to})" for move in moves) or "nothing"


def _operator(tenant: str) -> Account:
    """Whoever holds the credentials of AWS sees what a dispatcher sees."""
    return Account(
        tenant=tenant,
        account="haul",
        name="haul",
        roles=("dispatcher",),
        password_hash="-",  # noqa: S106 - no one signs in with it
        password_since=EVER,
    )
