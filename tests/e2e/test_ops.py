"""`haul ops` on the running copy: timelines, repairs, dead-letter queues, and the doctor."""

import json
import uuid
from typing import Any

import pytest

from cli.client.api_client import SavedSessions
from local.laptop import Laptop
from statemachine.job.job import Job
from tests.e2e.support.jobs import (
    booking,
    dead_letters,
    exist,
    haul,
    jobs_of,
    move,
    put,
    settled,
    unreadable_move,
    until,
    wait_until_queues_are_empty,
)

pytestmark = pytest.mark.engine


def job_of(stack: Laptop, job_id: str) -> Job:
    return jobs_of(stack).read("main", job_id).value


def booked(stack: Laptop, **values: Any) -> str:
    request = booking(uuid.uuid4().int % 32768, prefix="ops") | values
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    job_id: str = request["job_id"]
    until(lambda: job_of(stack, job_id).wait, bool)
    return job_id


def moved(stack: Laptop, job_id: str, name: str, **more: Any) -> None:
    put(stack, "JobMoveRequested", [move(job_id, name, **more)])
    until(lambda: job_of(stack, job_id), lambda job: job.knows(f"{job_id}-{name}"))


def told(stack: Laptop, *words: str, code: int = 0) -> Any:
    answer = haul(stack, *words, "--json")
    assert answer.returncode == code, answer.stderr
    return json.loads(answer.stdout)


def replaced(stack: Laptop, job_id: str) -> None:
    """Its execution is stopped by hand; the watchdog or a repair starts a successor."""
    job = job_of(stack, job_id)
    arn = stack.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    stack.client("stepfunctions").stop_execution(executionArn=f"{arn}{job.flow}:main-{job_id}-g0")
    haul(stack, "ops", "repair", job_id)
    until(
        lambda: job_of(stack, job_id), lambda job: job.execution.generation == 1 and bool(job.wait)
    )


def test_the_timeline_of_a_job_is_in_order(stack: Laptop) -> None:
    customer = {"name": "Jose Wong", "phone": "+15555550177"}
    job_id = booked(stack, customer=customer)
    replaced(stack, job_id)
    moved(stack, job_id, "confirm")
    again = f"{job_id}-again"
    put(stack, "JobMoveRequested", [move(job_id, "confirm", again)])
    until(lambda: job_of(stack, job_id), lambda job: job.knows(again))
    for name in ("start", "complete"):
        moved(stack, job_id, name)
    settled(stack, [job_id], 60)
    wait_until_queues_are_empty(stack)
    wanted_kinds = {"view", "board", "invalidation", "message", "execution", "settled", "waiting"}
    story = until(  # a text waits a moment for an undo
        lambda: told(stack, "explain", job_id),
        lambda story: {line["what"] for line in story["events"]} >= wanted_kinds,
        60,
    )
    assert story["diagnosis"] == []
    assert story["incomplete"] == []
    lines = story["events"]
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    steps = ["booked", "moved", "refused", "moved", "moved", "now"]
    assert [line["what"] for line in lines if line["what"] in steps] == steps
    said = [line["text"] for line in lines]
    wanted = [
        "execution 0 started",
        "execution 0 waits in Pending pickup for the next move",
        "execution 0 aborted",
        "execution 1 started",
        "execution 1 waits in In progress for the next move",
        "Completed is settled",
        "execution 1 succeeded",
    ]
    places = [next(n for n, text in enumerate(said) if text.startswith(each)) for each in wanted]
    assert places == sorted(places)
    shown = [line["rev"] for line in lines if line["what"] == "view"]
    moves = [line["rev"] for line in lines if line["what"] == "moved"]
    assert shown == [1, *moves]
    everything = json.dumps(story)
    assert [each for each in ("Jose", "0177", "Soderblom") if each in everything] == []
    assert job_of(stack, job_id).token not in everything
    spoken = haul(stack, "explain", job_id)
    assert "Nothing is wrong with this job." in spoken.stdout


def test_an_unknown_job_has_no_timeline(stack: Laptop) -> None:
    answer = haul(stack, "explain", "261121-zzzzzz")
    assert answer.returncode == 4
    assert "haul job list" in answer.stderr


def test_a_poison_event_is_shown_redriven_and_discarded(stack: Laptop) -> None:
    poison = unreadable_move(f"poison-{uuid.uuid4().hex[:8]}")
    before = dead_letters(stack).get("Advance", 0)
    put(stack, "JobMoveRequested", [poison])
    until(lambda: dead_letters(stack).get("Advance", 0), (before + 1).__eq__)
    counts = {queue["queue"]: queue["dead"] for queue in told(stack, "ops", "dlq", "list")}
    assert counts["advance_job"] == before + 1
    letter = _mine(stack, poison["event_id"])
    assert letter["event"] == "JobMoveRequested"
    assert letter["job_id"] == "261121-zzzzzz"
    assert letter["reason"] == "Permanent"
    done = told(stack, "ops", "dlq", "redrive", "advance_job", letter["message_id"])
    assert done == {"done": 1, "remaining": 0}
    again = until(
        lambda: _mine(stack, poison["event_id"]),
        lambda found: bool(found) and found["message_id"] != letter["message_id"],
    )
    done = told(stack, "ops", "dlq", "discard", "advance_job", again["message_id"], "--yes")
    assert done == {"done": 1, "remaining": 0}
    assert _mine(stack, poison["event_id"]) is None
    assert _mine(stack, poison["event_id"], queue="create_job") is None


def _mine(stack: Laptop, event_id: str, queue: str = "advance_job") -> Any:
    letters = told(stack, "ops", "dlq", "show", queue)
    return next((letter for letter in letters if letter.get("event_id") == event_id), None)


def test_an_unknown_queue_is_refused(stack: Laptop) -> None:
    answer = haul(stack, "ops", "dlq", "show", "no_such_queue")
    assert answer.returncode == 4
    assert "advance_job" in answer.stderr


def test_the_overview_is_printed_as_table_and_json(stack: Laptop) -> None:
    job_id = booked(stack)
    until(lambda: told(stack, "ops", "watch")["board_jobs"], lambda jobs: jobs > 0)
    document = told(stack, "ops", "watch")
    assert document["executions"][0]["executions"] > 0
    assert len(document["queues"]) == 11
    printed = haul(stack, "ops", "watch", "--once")
    assert "Pending pickup" in printed.stdout
    assert haul(stack, "ops", "stuck").returncode == 0
    assert told(stack, "ops", "repair", job_id) == {"repaired": {}}
    done = told(stack, "ops", "repair", "--all")
    assert done["checked"] > 0
    assert done["failed"] == {}


def test_ops_do_the_same_through_the_api(
    stack: Laptop, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    first, site = stack.first_sign_in(), ("--api", stack.edge_url)
    signed = haul(stack, *site, "sign-in", first.account, "--password", first.password)
    assert signed.returncode == 0, signed.stderr
    assert SavedSessions(tmp_path / "haulway" / "sessions.json").read(stack.edge_url)
    job_id = booked(stack)
    moved(stack, job_id, "confirm")
    wait_until_queues_are_empty(stack)
    direct, over_api = (told(stack, *way, "explain", job_id) for way in ((), site))
    assert over_api["events"][:-1] == direct["events"][:-1]
    assert over_api["diagnosis"] == []
    assert over_api["incomplete"] == []
    assert told(stack, *site, "ops", "watch")["board_jobs"] > 0
    assert told(stack, *site, "ops", "repair", job_id) == {"repaired": {}}
    assert told(stack, *site, "ops", "repair", "--all")["failed"] == {}
    poison = unreadable_move(f"poison-{uuid.uuid4().hex[:8]}")
    put(stack, "JobMoveRequested", [poison])
    letter = until(lambda: _mine(stack, poison["event_id"]), bool)
    for what in ("redrive", "discard"):
        words = ("ops", "dlq", what, "advance_job", letter["message_id"])
        more = ("--yes",) if what == "discard" else ()
        assert told(stack, *site, *words, *more)["done"] == 1
        if what == "redrive":
            letter = until(lambda: _mine(stack, poison["event_id"]), bool)


def bad(stack: Laptop) -> list[str]:
    """The doctor's bad findings, without dead letters that other tests have left behind."""
    answer = haul(stack, "ops", "doctor", "--json")
    findings = json.loads(answer.stdout)
    assert len(findings) > 80
    amiss = [found for found in findings if not found["ok"]]
    assert (answer.returncode == 0) == (not amiss)
    assert all(found["do"] for found in amiss)
    return [f["what"] for f in amiss if not f["what"].endswith(" dead letters")]


def test_a_correct_deployment_passes(stack: Laptop) -> None:
    assert bad(stack) == []


def test_what_only_aws_shows_is_tried_on_the_engine_as_far_as_it_goes(stack: Laptop) -> None:
    answer = haul(stack, "smoke", "--json")
    rows = {row["behavior"]: row for row in json.loads(answer.stdout)}
    assert [row for row in rows.values() if row["ok"] is False] == []
    assert answer.returncode == 0
    only_aws = [behavior.partition(":")[0] for behavior, row in rows.items() if row["ok"] is None]
    assert {"SMS", "IAM"} <= set(only_aws)
    assert len(rows) - len(only_aws) >= 6


def test_disabled_resources_are_found(stack: Laptop) -> None:
    aws, events = stack.client("lambda"), stack.client("events")
    queue = _arn_of(stack, "EditQueue")
    (mapping,) = aws.list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    rules = events.list_rules(EventBusName=stack.outputs["BusName"])["Rules"]
    rule = next(each["Name"] for each in rules if "EditRequested" in each["Name"])
    where = {"Name": rule, "EventBusName": stack.outputs["BusName"]}
    aws.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events.disable_rule(**where)
    try:
        assert bad(stack) == [
            "queue haulway-local-edit-job is read: Disabled",
            "rule JobEditRequestedRule is DISABLED",
        ]
    finally:
        aws.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        events.enable_rule(**where)


def _arn_of(stack: Laptop, queue: str) -> str:
    answer = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.outputs[f"{queue}Url"], AttributeNames=["QueueArn"]
    )
    return str(answer["Attributes"]["QueueArn"])
