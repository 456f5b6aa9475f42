"""Each fault that the watchdog is for, on the real engine: found in one round, then repaired or
reported."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.aws.s3_stores import S3Boards
from local.laptop import STAGE, Laptop
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.lifecycle import Committed, judge
from statemachine.values.ids import digest_of
from tests.e2e.support.jobs import (
    booking,
    dead_letters,
    executions,
    exist,
    expected_board,
    haul,
    jobs_of,
    move,
    put,
    settled,
    stored_board,
    unreadable_move,
    until,
    wait_until_queues_are_empty,
)
from tests.e2e.test_ops import told
from tests.support.builders import a_request

pytestmark = pytest.mark.engine

LONG = timedelta(minutes=15)
REPAIRED = "the watchdog repaired it"


def a_round(stack: Laptop) -> dict[str, Any]:
    """One round over all open jobs, of which the tests' copy has more than a small business.

    What it has no time for, the next round does, and a scheduled round may be at work beside it: so
    tests wait for what it repairs.
    """
    answer = stack.client("lambda").invoke(
        FunctionName=stack.outputs["WatchJobsFunction"], Payload=b'{"full": true}'
    )
    given: dict[str, Any] = json.loads(answer["Payload"].read())
    assert not answer.get("FunctionError"), given
    return given


def ask_as_scheduled(stack: Laptop) -> None:
    """What the schedule puts into the watchdog's queue every minute."""
    schedule = stack.client("scheduler").get_schedule(Name=f"haulway-{STAGE}-watch")
    assert schedule["State"] == "ENABLED"
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    queue = stack.client("sqs").get_queue_url(QueueName=_name_of(schedule["Target"]["Arn"]))
    stack.client("sqs").send_message(
        QueueUrl=queue["QueueUrl"], MessageBody=schedule["Target"]["Input"]
    )


def _name_of(arn: str) -> str:
    return arn.rpartition(":")[2]


def job_of(stack: Laptop, job_id: str) -> Job:
    return jobs_of(stack).read("main", job_id).value


def a_waiting_job(stack: Laptop, number: int) -> str:
    request = booking(number, prefix="wch")
    put(stack, "JobRequested", [request])
    job_id = str(request["job_id"])
    exist(stack, [job_id])
    until(lambda: job_of(stack, job_id).wait, lambda wait: wait is not None)
    until(lambda: is_shown(stack, job_id), bool)
    return job_id


def is_shown(stack: Laptop, job_id: str) -> bool:
    """Works before a board is written, too."""
    stored = S3Boards(stack.client("s3"), stack.outputs["JobsBucket"]).read("main")
    return stored is not None and job_id in stored.value.jobs


def rewrite(stack: Laptop, job_id: str, ago: timedelta = LONG, **changes: Any) -> Job:
    """The job with `changes`, and with all its times moved back."""
    jobs = jobs_of(stack)
    stored = jobs.read("main", job_id)
    job, then = stored.value, datetime.now(UTC) - ago
    older = job.execution.with_(since=then)
    changed = job.with_bookkeeping(entered_at=then, execution=older, **changes)
    jobs.replace(changed, stored.etag)
    return changed


def repairs_of(stack: Laptop, job_id: str) -> list[str]:
    return [repair for done in job_of(stack, job_id).repaired for repair in done.repairs]


def tells(stack: Laptop, job_id: str, *texts: str) -> None:
    """`haul explain` has a line with each of them."""
    lines = [line["text"] for line in told(stack, "explain", job_id)["events"]]
    assert [text for text in texts if not any(text in line for line in lines)] == [], lines


def goes_on(stack: Laptop, job_id: str) -> None:
    """Move the job to its end."""
    put(stack, "JobMoveRequested", [move(job_id, n) for n in ("confirm", "start", "complete")])
    (job,) = settled(stack, [job_id])
    assert job.status == "completed"


def test_an_execution_stopped_by_hand(stack: Laptop) -> None:
    job_id = a_waiting_job(stack, 1)
    prefix = stack.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    stack.client("stepfunctions").stop_execution(executionArn=f"{prefix}haul:main-{job_id}-g0")
    assert until(lambda: repairs_of(stack, job_id), bool) == ["replaced"]
    goes_on(stack, job_id)
    assert executions(stack, job_of(stack, job_id))[0] == "ABORTED"
    tells(stack, job_id, "execution 0 aborted", f"{REPAIRED}: replaced", "execution 1 succeeded")


def test_a_token_that_was_lost(stack: Laptop) -> None:
    job_id = a_waiting_job(stack, 2)
    rewrite(stack, job_id, wait=None)
    a_round(stack)
    assert until(lambda: repairs_of(stack, job_id), bool) == ["replaced"]
    goes_on(stack, job_id)
    assert executions(stack, job_of(stack, job_id))[0] == "ABORTED"
    tells(stack, job_id, f"{REPAIRED}: replaced", "execution 1 waits in Pending pickup")


def test_a_view_that_was_deleted(stack: Laptop) -> None:
    job_id = a_waiting_job(stack, 3)
    where = {
        "Bucket": stack.outputs["SiteBucket"],
        "Key": f"t/{digest_of(job_of(stack, job_id).token)}.json",
    }
    s3 = stack.client("s3")
    s3.delete_object(**where)
    a_round(stack)
    assert until(lambda: repairs_of(stack, job_id), bool) == ["view written"]
    assert json.loads(s3.get_object(**where)["Body"].read())["status"] == "pending_pickup"
    tells(stack, job_id, f"{REPAIRED}: view written")


def test_a_board_that_was_corrupted(stack: Laptop) -> None:
    """Repaired by a scheduled round, whose message is sent early."""
    job_id = a_waiting_job(stack, 4)
    wait_until_queues_are_empty(stack)
    where = {"Bucket": stack.outputs["JobsBucket"], "Key": "tenants/main/board/jobs.json"}
    s3 = stack.client("s3")
    s3.put_object(**where, Body=b"{")
    ask_as_scheduled(stack)
    until(lambda: s3.get_object(**where)["Body"].read(), lambda body: body != b"{")
    assert stored_board(stack).to_bytes() == expected_board(stack).to_bytes()
    tells(stack, job_id, "the board shows rev 1")
    assert told(stack, "explain", job_id)["diagnosis"] == []


def test_a_signal_that_was_dropped(stack: Laptop) -> None:
    """`advance_job` dies after it has committed the move and before it resumes the execution."""
    job_id = a_waiting_job(stack, 5)
    jobs = jobs_of(stack)
    stored = jobs.read("main", job_id)
    then = datetime.now(UTC) - timedelta(minutes=1)
    request = a_request(stored.value, "confirm", occurred_at=then)
    verdict = judge(stored.value, request, load_flow("haul"), then)
    assert isinstance(verdict, Committed)
    jobs.replace(verdict.job, stored.etag)
    rewrite(stack, job_id, timedelta(minutes=1))
    a_round(stack)
    job = until(lambda: job_of(stack, job_id), lambda job: job.execution.seq == 1)
    assert repairs_of(stack, job_id)[0] == "resumed"
    assert job.execution.generation == 0
    tells(stack, job_id, f"{REPAIRED}: resumed", "execution 0 waits in Ready for pickup")


def test_an_event_that_can_never_succeed(stack: Laptop) -> None:
    before = dead_letters(stack).get("Advance", 0)
    put(stack, "JobMoveRequested", [unreadable_move("poison-1")])
    until(lambda: dead_letters(stack).get("Advance", 0), lambda count: count == before + 1)
    assert a_round(stack)["dead_letters"]["advance-job"] == before + 1
    assert "no job 261121-zzzzzz" in haul(stack, "explain", "261121-zzzzzz").stderr


def test_an_event_about_a_job_that_no_one_can_read(stack: Laptop) -> None:
    """It is not on the job's timeline, because nothing was done; the dead letter names the job."""
    job_id = a_waiting_job(stack, 9)
    put(stack, "JobMoveRequested", [unreadable_move("poison-2", job_id)])

    def letters() -> list[dict[str, Any]]:
        found = told(stack, "ops", "dlq", "show", "advance_job")
        return [each for each in found if each.get("job_id") == job_id]

    [letter] = until(letters, bool)
    assert letter["reason"] == "Permanent"
    assert letter["event_id"] == "poison-2"
    tells(stack, job_id, "Pending pickup, rev 1")
    goes_on(stack, job_id)


@contextmanager
def out_of_work(stack: Laptop, function: str) -> Iterator[None]:
    """Its queue has no consumer meanwhile."""
    client = stack.client("lambda")
    [mapping] = [
        each
        for each in client.list_event_source_mappings()["EventSourceMappings"]
        if f"-{function}:" in each["FunctionArn"] or each["FunctionArn"].endswith(f"-{function}")
    ]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_a_consumer_that_fails(stack: Laptop) -> None:
    """Cards are not written until the watchdog writes them."""
    request = booking(6, prefix="wch")
    with out_of_work(stack, "publish-board"):
        put(stack, "JobRequested", [request])
        job_id = str(request["job_id"])
        exist(stack, [job_id])
        until(lambda: job_of(stack, job_id).wait, lambda wait: wait is not None)
        assert job_id not in stored_board(stack).jobs
        a_round(stack)
        until(lambda: is_shown(stack, job_id), bool)
        assert until(lambda: repairs_of(stack, job_id), bool) == ["card written"]
    wait_until_queues_are_empty(stack)
    tells(stack, job_id, f"{REPAIRED}: card written", "the board shows rev 1")


def test_a_job_object_that_no_one_can_read(stack: Laptop) -> None:
    job_id = a_waiting_job(stack, 7)
    s3, bucket = stack.client("s3"), stack.outputs["JobsBucket"]
    where = {"Bucket": bucket, "Key": f"tenants/main/jobs/{job_id}.json"}
    good = s3.get_object(**where)["Body"].read()
    s3.put_object(**where, Body=b"{")
    a_round(stack)
    stuck = {"Bucket": bucket, "Prefix": f"tenants/main/stuck/{job_id}"}
    [marker] = until(lambda: s3.list_objects_v2(**stuck).get("Contents"), bool)
    mark = json.loads(s3.get_object(Bucket=bucket, Key=marker["Key"])["Body"].read())
    assert mark["why"] == "corrupt"
    assert (
        f"`haul ops restore {job_id}` restores that version"
        in haul(stack, "explain", job_id).stdout
    )
    s3.put_object(**where, Body=good)
    a_round(stack)
    until(lambda: "Contents" in s3.list_objects_v2(**stuck), lambda found: not found)
    goes_on(stack, job_id)
    tells(stack, job_id, "Completed is settled")


def test_each_status_was_seen_within_seconds(stack: Laptop) -> None:
    job_id = a_waiting_job(stack, 8)
    goes_on(stack, job_id)
    job = job_of(stack, job_id)
    assert [shown.seq for shown in job.shown] == [0, 1, 2, 3]
    took = [shown.at - job.entered_at_of(shown.seq) for shown in job.shown]
    assert all(timedelta(0) <= each < timedelta(seconds=30) for each in took)
