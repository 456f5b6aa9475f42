"""The overview for ops: what is counted, from what, and how seldom Step Functions is asked."""

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
from functions.ops.overview import EndedBadly, OpsRecords
from functions.protocol.ports import Unavailable
from statemachine.flows import load_flow
from statemachine.job import Execution, Job, ShownAt
from tests.api.api_fixture import Office
from tests.support.builders import NOON, a_job, minutes
from tests.support.fakes import Bucket
from tests.support.faults import Faults
from tests.support.moto_server import Moto
from tests.support.ops_fakes import FakeOpsRecords


def entered(job_id: str, status: str, *at: float, **values: object) -> Job:
    """A job whose moves were made so many minutes after NOON."""
    job = a_job(status, job_id=job_id, token=job_id.ljust(22, "x"))
    moments = [NOON + minutes(each) for each in at]
    ledger = tuple(
        entry.with_(recorded_at=moment) for entry, moment in zip(job.ledger, moments, strict=True)
    )
    return job.with_(ledger=ledger, entered_at=moments[-1] if moments else NOON, **values)


@pytest.fixture
def office() -> Office:
    return Office()


def test_jobs_are_counted_by_status_with_the_overdue_ones(office: Office) -> None:
    office.keep(a_job(job_id="261121-000001", token="a" * 22))
    office.keep(entered("261121-000002", "in_progress", 1, 2))
    office.keep(entered("261121-000003", "in_progress", 1, 400))
    limit = load_flow("haul").status("in_progress").limit_minutes
    assert limit
    now = NOON + minutes(limit + 3)
    document = office.ops.overview("main", now)
    counts = {count.status: count for count in document.statuses or ()}
    assert counts["in_progress"] == StatusCount(
        flow="haul", status="in_progress", jobs=2, overdue=1, oldest_at=NOON + minutes(2)
    )
    assert counts["completed"].jobs == 0
    assert document.troubled == (
        ProblemJob(
            job_id="261121-000002",
            flow="haul",
            status="in_progress",
            since=NOON + minutes(limit + 2),
            why="overdue",
        ),
    )


def test_a_job_that_the_watchdog_cannot_help_is_in_trouble(office: Office) -> None:
    office.keep(a_job())
    mark = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="keeps_failing")
    key = "tenants/main/stuck/261121-7k3m2q.json"
    office.bucket.put(key, mark.model_dump_json(exclude_none=True).encode())
    (told,) = office.ops.overview("main", NOON).troubled
    assert told == mark.with_(flow="haul", status="pending_pickup")


def test_how_long_jobs_stay_in_a_status_is_told_of_those_that_have_left_it(office: Office) -> None:
    office.keep(entered("261121-000001", "in_progress", 10, 40))
    office.keep(entered("261121-000002", "in_progress", 20, 30))
    times = {each.status: each for each in office.ops.overview("main", NOON).time_in_status or ()}
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


def test_how_soon_moves_were_public_is_told_oldest_first(office: Office) -> None:
    at = NOON + minutes(10)
    shown = (
        ShownAt(seq=0, at=NOON + timedelta(milliseconds=250)),
        ShownAt(seq=1, at=at + timedelta(milliseconds=900)),
    )
    office.keep(entered("261121-000001", "ready_for_pickup", 10, shown=shown))
    assert office.ops.overview("main", NOON).visible == (
        VisibilityDelay(at=NOON, ms=250),
        VisibilityDelay(at=at, ms=900),
    )


def test_step_functions_is_asked_once_a_minute_however_often_people_look(office: Office) -> None:
    office.execution_numbers.known = {
        ("haul", "running"): (3, False),
        ("dumpster", "running"): (1000, True),
    }
    first = office.ops.overview("main", NOON)
    asked = office.execution_numbers.asked
    assert first.executions
    assert first.executions[0] == ExecutionCount(state="running", executions=1003, more=True)
    office.ops.overview("main", NOON + timedelta(seconds=59))
    assert office.execution_numbers.asked == asked
    office.ops.overview("main", NOON + timedelta(seconds=60))
    assert office.execution_numbers.asked == 2 * asked


def test_of_executions_that_failed_only_those_with_which_a_job_was_left_are_counted(
    office: Office,
) -> None:
    """Others were replaced, have ended with their job, are another business's, or were erased."""
    replaced = a_job(execution=Execution(generation=2, since=NOON))
    left = a_job(job_id="261121-000002", execution=Execution(generation=2, since=NOON))
    over = a_job("completed", job_id="261121-000003")
    over = over.with_(execution=Execution(generation=2, seq=over.seq, since=NOON))
    for job in (replaced, left, over):
        office.keep(job.with_(token=job.job_id.ljust(22, "x")))
    runs = [EndedBadly("main", job.job_id, n) for job in (replaced, left, over) for n in (0, 1)]
    runs += [EndedBadly("main", left.job_id, 2), EndedBadly("main", over.job_id, 2)]
    runs += [EndedBadly("main", "261121-zzzzzz", 0), EndedBadly("other", left.job_id, 2)]
    office.execution_numbers.ended = {("haul", "failed"): runs}
    counts = {each.state: each for each in office.ops.overview("main", NOON).executions or ()}
    assert counts["failed"] == ExecutionCount(state="failed", executions=1, jobs=(left.job_id,))
    assert counts["aborted"].executions == 0


def test_a_job_is_read_again_only_when_its_card_has_changed(office: Office) -> None:
    office.keep(a_job())
    office.ops.overview("main", NOON)
    before = office.faults.calls("GetObject")
    office.ops.overview("main", NOON)
    again = office.faults.calls("GetObject") - before
    office.show(a_job("ready_for_pickup"))
    before = office.faults.calls("GetObject")
    office.ops.overview("main", NOON)
    assert office.faults.calls("GetObject") - before == again + 1


def test_a_job_that_cannot_be_read_does_not_hide_the_others(office: Office) -> None:
    office.keep(entered("261121-000001", "in_progress", 10, 40))
    office.keep(entered("261121-000002", "in_progress", 10, 40))
    office.bucket.put("tenants/main/jobs/261121-000002.json", b"{}")
    document = office.ops.overview("main", NOON)
    assert [each.jobs for each in document.time_in_status or ()] == [1, 1]
    assert document.snapshot_jobs == 2


def test_queues_snapshot_and_invalidations_are_told(office: Office) -> None:
    office.keep(a_job())
    office.dead_letter_queues.add("advance_job", "{}")
    office.bucket.put("ops/invalidations/2026-11.json", b'{"paths": 412}')
    document = office.ops.overview("main", NOON)
    assert QueueState(queue="advance_job", waiting=0, in_flight=0, dead=1) in document.queues
    assert document.snapshot_at == NOON
    assert document.invalidations == InvalidationUsageDocument(
        month="2026-11", paths=412, budget=1000
    )


def test_an_empty_business_has_an_overview_too(office: Office) -> None:
    document = office.ops.overview("main", NOON)
    assert (document.statuses, document.snapshot_at, document.snapshot_jobs) == ((), None, 0)


def test_jobs_that_the_watchdog_cannot_help_are_told_without_the_board(office: Office) -> None:
    mark = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="corrupt")
    office.bucket.put("tenants/main/stuck/261121-7k3m2q.json", mark.model_dump_json().encode())
    office.bucket.put("tenants/main/board/jobs.json", b"{")
    document = office.ops.overview("main", NOON)
    assert (document.troubled, document.statuses) == ((mark,), None)
    assert document.incomplete == ("board: not read (Corrupt)",)


def test_executions_that_cannot_be_counted_just_now_are_asked_for_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as during:
        during.setattr(office.execution_numbers, "count", unavailable)
        document = office.ops.overview("main", NOON)
        assert (document.executions, document.snapshot_jobs) == (None, 0)
        assert document.incomplete == ("executions: not read (Unavailable)",)
    assert office.ops.overview("main", NOON).incomplete == ()


def test_where_nothing_answers_there_is_no_overview(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.bucket.faults = Faults({"GetObject": ["before"] * 9, "ListObjectsV2": ["before"]})
    for port, question in (
        (office.execution_numbers, "count"), (office.dead_letter_queues, "state"),
        (office.ops.overview.records, "board_written_at"),
    ):  # fmt: skip
        monkeypatch.setattr(port, question, unavailable)
    with pytest.raises(Unavailable):
        office.ops.overview("main", NOON)


def unavailable(*about: object) -> None:
    raise Unavailable("lost")


# -- the records, on the fake and on the real adapter


class Shelf(Protocol):
    records: OpsRecords

    def put(self, key: str, body: bytes) -> None: ...


class FakeShelf:
    def __init__(self) -> None:
        bucket = Bucket()
        self.records, self.put = FakeOpsRecords(bucket), bucket.put


class MotoShelf:
    def __init__(self, moto: Moto) -> None:
        self.s3, self.bucket = moto.s3, moto.bucket()
        self.records = S3OpsRecords(moto.s3, self.bucket)

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)


@pytest.fixture(params=["fake", "moto"])
def shelf(request: pytest.FixtureRequest) -> Any:
    return FakeShelf() if request.param == "fake" else MotoShelf(request.getfixturevalue("moto"))


def test_where_nothing_was_noted_there_is_nothing(shelf: Shelf) -> None:
    records = shelf.records
    assert (list(records.stuck("main")), records.board_written_at("main")) == ([], None)
    assert records.paths_invalidated("2026-11") == 0


def test_what_was_noted_is_told_and_what_cannot_be_read_passed_over(shelf: Shelf) -> None:
    mark = b'{"job_id": "261121-7k3m2q", "why": "corrupt", "since": "2026-11-21T12:00:00Z", "x": 1}'
    shelf.put("tenants/main/stuck/261121-7k3m2q.json", mark)
    shelf.put("tenants/main/stuck/unreadable.json", b"{")
    shelf.put("tenants/other/stuck/261121-000001.json", mark)
    shelf.put("ops/invalidations/2026-11.json", b'{"paths": 7, "more": 1}')
    shelf.put("tenants/main/board/jobs.json", b"{}")
    told = ProblemJob(job_id="261121-7k3m2q", since=NOON, why="corrupt")
    assert list(shelf.records.stuck("main")) == [told]
    assert shelf.records.board_written_at("main") is not None
    assert shelf.records.paths_invalidated("2026-11") == 7
    assert shelf.records.paths_invalidated("2026-10") == 0
