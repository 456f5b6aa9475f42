"""The overview for ops: what is counted, from which sources, and how rarely executions are."""

from datetime import timedelta
from typing import Any, Protocol

import pytest

from functions.api.ops_models import (
    ExecutionCount,
    InvalidationUsageDocument,
    ProblemJob,
    QueueState,
    StatusCount,
    TimeInStatus,
    VisibilityDelay,
)
from functions.aws.ops_records import S3OpsRecords
from functions.ops.overview import OpsRecords, UnsuccessfulRun
from functions.protocol.ports import Unavailable
from statemachine.flows import load_flow
from statemachine.job.job import Execution, Job, ShownAt
from tests.api.api_fixture import ApiBackend
from tests.support.builders import NOON, a_job, minutes
from tests.support.fakes import Bucket
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.ops_fakes import FakeOpsRecords


def entered(job_id: str, status: str, *at: float, **values: object) -> Job:
    """A job whose moves were made `at` minutes after NOON."""
    job = a_job(status, job_id=job_id, token=job_id.ljust(22, "x"))
    moments = [NOON + minutes(each) for each in at]
    ledger = tuple(
        entry.with_(recorded_at=moment) for entry, moment in zip(job.ledger, moments, strict=True)
    )
    return job.with_(ledger=ledger, entered_at=moments[-1] if moments else NOON, **values)


@pytest.fixture
def api() -> ApiBackend:
    return ApiBackend()


def test_jobs_are_counted_by_status_with_the_overdue_ones(api: ApiBackend) -> None:
    api.store(a_job(job_id="261121-000001", token="a" * 22))
    api.store(entered("261121-000002", "in_progress", 1, 2))
    api.store(entered("261121-000003", "in_progress", 1, 400))
    limit = load_flow("haul").status("in_progress").limit_minutes
    assert limit
    now = NOON + minutes(limit + 3)
    document = api.ops.overview("main", now)
    counts = {count.status: count for count in document.statuses or ()}
    assert counts["in_progress"] == StatusCount(
        flow="haul", status="in_progress", jobs=2, overdue=1, oldest_at=NOON + minutes(2)
    )
    assert counts["completed"].jobs == 0
    assert document.problem_jobs == (
        ProblemJob(
            job_id="261121-000002",
            flow="haul",
            status="in_progress",
            since=NOON + minutes(limit + 2),
            why="overdue",
        ),
    )


def test_a_stuck_job_is_a_problem_job(api: ApiBackend) -> None:
    api.store(a_job())
    mark = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="keeps_failing")
    key = "tenants/main/stuck/261121-7k3m2q.json"
    api.bucket.put(key, mark.model_dump_json(exclude_none=True).encode())
    (result,) = api.ops.overview("main", NOON).problem_jobs
    assert result == mark.with_(flow="haul", status="pending_pickup")


def test_time_in_status_counts_jobs_that_have_left_the_status(
    api: ApiBackend,
) -> None:
    api.store(entered("261121-000001", "in_progress", 10, 40))
    api.store(entered("261121-000002", "in_progress", 20, 30))
    times = {each.status: each for each in api.ops.overview("main", NOON).time_in_status or ()}
    limit = load_flow("haul").status("pending_pickup").limit_minutes
    assert times["pending_pickup"] == TimeInStatus(
        flow="haul",
        status="pending_pickup",
        jobs=2,
        median_minutes=15,
        longest_minutes=20,
        limit_minutes=limit or 0,
    )
    assert set(times) == {"pending_pickup", "ready_for_pickup"}


def test_visibility_delays_are_listed_oldest_first(api: ApiBackend) -> None:
    at = NOON + minutes(10)
    shown = (
        ShownAt(seq=0, at=NOON + timedelta(milliseconds=250)),
        ShownAt(seq=1, at=at + timedelta(milliseconds=900)),
    )
    api.store(entered("261121-000001", "ready_for_pickup", 10, shown=shown))
    assert api.ops.overview("main", NOON).visibility_delays == (
        VisibilityDelay(at=NOON, ms=250),
        VisibilityDelay(at=at, ms=900),
    )


def test_executions_are_counted_at_most_once_a_minute(
    api: ApiBackend,
) -> None:
    api.execution_counts.known = {
        ("haul", "running"): (3, False),
        ("dumpster", "running"): (1000, True),
    }
    first = api.ops.overview("main", NOON)
    asked = api.execution_counts.asked
    assert first.executions
    assert first.executions[0] == ExecutionCount(state="running", executions=1003, more=True)
    api.ops.overview("main", NOON + timedelta(seconds=59))
    assert api.execution_counts.asked == asked
    api.ops.overview("main", NOON + timedelta(seconds=60))
    assert api.execution_counts.asked == 2 * asked


def test_failed_executions_count_only_if_none_has_replaced_them(
    api: ApiBackend,
) -> None:
    """Others were replaced, ended with their job, belong to another business, or were erased."""
    replaced = a_job(execution=Execution(generation=2, since=NOON))
    left = a_job(job_id="261121-000002", execution=Execution(generation=2, since=NOON))
    over = a_job("completed", job_id="261121-000003")
    over = over.with_(execution=Execution(generation=2, seq=over.seq, since=NOON))
    for job in (replaced, left, over):
        api.store(job.with_(token=job.job_id.ljust(22, "x")))
    runs = [
        UnsuccessfulRun("main", job.job_id, n) for job in (replaced, left, over) for n in (0, 1)
    ]
    runs += [UnsuccessfulRun("main", left.job_id, 2), UnsuccessfulRun("main", over.job_id, 2)]
    runs += [UnsuccessfulRun("main", "261121-zzzzzz", 0), UnsuccessfulRun("other", left.job_id, 2)]
    api.execution_counts.ended = {("haul", "failed"): runs}
    counts = {each.state: each for each in api.ops.overview("main", NOON).executions or ()}
    assert counts["failed"] == ExecutionCount(state="failed", executions=1, jobs=(left.job_id,))
    assert counts["aborted"].executions == 0


def test_a_job_is_read_again_only_when_its_card_has_changed(api: ApiBackend) -> None:
    api.store(a_job())
    api.ops.overview("main", NOON)
    before = api.faults.calls("GetObject")
    api.ops.overview("main", NOON)
    again = api.faults.calls("GetObject") - before
    api.publish(a_job("ready_for_pickup"))
    before = api.faults.calls("GetObject")
    api.ops.overview("main", NOON)
    assert api.faults.calls("GetObject") - before == again + 1


def test_a_job_that_cannot_be_read_does_not_hide_the_others(api: ApiBackend) -> None:
    api.store(entered("261121-000001", "in_progress", 10, 40))
    api.store(entered("261121-000002", "in_progress", 10, 40))
    api.bucket.put("tenants/main/jobs/261121-000002.json", b"{}")
    document = api.ops.overview("main", NOON)
    assert [each.jobs for each in document.time_in_status or ()] == [1, 1]
    assert document.board_jobs == 2


def test_the_overview_has_queues_board_and_invalidations(api: ApiBackend) -> None:
    api.store(a_job())
    api.dead_letter_queues.add("advance_job", "{}")
    api.ops.overview.paths.add("2026-11", 412)
    document = api.ops.overview("main", NOON)
    assert QueueState(queue="advance_job", waiting=0, in_flight=0, dead=1) in document.queues
    assert document.board_written_at == NOON
    assert document.invalidations == InvalidationUsageDocument(
        month="2026-11", paths=412, budget=1000
    )


def test_an_empty_business_has_an_overview_too(api: ApiBackend) -> None:
    document = api.ops.overview("main", NOON)
    assert document.statuses == ()
    assert document.board_written_at is None
    assert document.board_jobs == 0


def test_stuck_jobs_are_listed_without_the_board(api: ApiBackend) -> None:
    mark = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="corrupt")
    api.bucket.put("tenants/main/stuck/261121-7k3m2q.json", mark.model_dump_json().encode())
    api.bucket.put("tenants/main/board/jobs.json", b"{")
    document = api.ops.overview("main", NOON)
    assert document.problem_jobs == (mark,)
    assert document.statuses is None
    assert document.incomplete == ("board: not read (Corrupt)",)


def test_a_failed_count_of_executions_is_tried_again(
    api: ApiBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as during:
        during.setattr(api.execution_counts, "count", unavailable)
        document = api.ops.overview("main", NOON)
        assert document.executions is None
        assert document.board_jobs == 0
        assert document.incomplete == ("executions: not read (Unavailable)",)
    assert api.ops.overview("main", NOON).incomplete == ()


def test_if_no_source_answers_there_is_no_overview(
    api: ApiBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.bucket.faults = Faults({"GetObject": ["before"] * 9, "ListObjectsV2": ["before"]})
    for port, question in (
        (api.execution_counts, "count"), (api.dead_letter_queues, "state"),
        (api.ops.overview.records, "board_written_at"), (api.ops.overview.paths, "paths"),
    ):  # fmt: skip
        monkeypatch.setattr(port, question, unavailable)
    with pytest.raises(Unavailable):
        api.ops.overview("main", NOON)


def unavailable(*about: object) -> None:
    raise Unavailable("lost")


# -- the records, on the fake and on the real adapter


class RecordStore(Protocol):
    records: OpsRecords

    def put(self, key: str, body: bytes) -> None: ...


class FakeRecordStore:
    def __init__(self) -> None:
        bucket = Bucket()
        self.records, self.put = FakeOpsRecords(bucket), bucket.put


class MotoRecordStore:
    def __init__(self, moto: Moto) -> None:
        self.s3, self.bucket = moto.s3, moto.bucket()
        self.records = S3OpsRecords(moto.s3, self.bucket)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)


@pytest.fixture(params=["fake", "moto"])
def store(request: pytest.FixtureRequest) -> Any:
    return (
        FakeRecordStore()
        if request.param == "fake"
        else MotoRecordStore(request.getfixturevalue("moto"))
    )


def test_without_records_nothing_is_returned(store: RecordStore) -> None:
    records = store.records
    assert list(records.stuck("main")) == []
    assert records.board_written_at("main") is None


def test_records_are_returned_and_unreadable_ones_ignored(store: RecordStore) -> None:
    mark = b'{"job_id": "261121-7k3m2q", "why": "corrupt", "since": "2026-11-21T12:00:00Z", "x": 1}'
    store.put("tenants/main/stuck/261121-7k3m2q.json", mark)
    store.put("tenants/main/stuck/unreadable.json", b"{")
    store.put("tenants/other/stuck/261121-000001.json", mark)
    store.put("tenants/main/board/jobs.json", b"{}")
    result = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="corrupt")
    assert list(store.records.stuck("main")) == [result]
    assert store.records.board_written_at("main") is not None
