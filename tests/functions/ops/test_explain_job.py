"""Explaining a job: all sources together, and what is shown if one is missing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from functions.ops.explain_job import ExplainJob
from functions.protocol.ports import UnknownJob
from functions.views.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.views.views import Board, card_of
from tests.statemachine.views.test_timeline import a_delivery, waits
from tests.support.builders import NOON, a_job, minutes, moved
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeExecutions,
    FakeJobs,
    FakeStuck,
    FakeViews,
    board_key,
    job_key,
    no_pause,
)
from tests.support.faults import Faults
from tests.support.message_fakes import FakeDeliveries
from tests.support.ops_fakes import FakeExecutionRuns, FakeHistory, FakeInvalidationTimes

HAUL = load_flow("haul")


@dataclass
class VersionedBusiness:
    """A business whose clock stands at `now`; every write makes a version with that time."""

    now: datetime = NOON
    invalidations: FakeInvalidationTimes = field(default_factory=FakeInvalidationTimes)
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.bucket = Bucket(clock=lambda: self.now)
        self.site = Bucket(clock=lambda: self.now)
        self.jobs, self.boards = FakeJobs(self.bucket), FakeBoards(self.bucket)
        self.views, self.deliveries = FakeViews(self.site), FakeDeliveries(self.bucket)
        self.executions = FakeExecutions()
        self.explain = ExplainJob(
            self.jobs,
            FakeHistory(self.bucket, self.site),
            self.invalidations,
            self.deliveries,
            FakeExecutionRuns(self.executions, NOON),
            FakeStuck(self.bucket),
            lambda tenant, job_id: self.missing,
        )

    def store(self, job: Job) -> Job:
        """Stores the job, a second later its view, then the board, as the functions do."""
        if job.version == 1:
            self.jobs.create(job)
            self.executions.start(job.flow, job.tenant, job.job_id, 0)
        else:
            self.jobs.replace(job, self.jobs.read("main", job.job_id).etag)
        self.now += timedelta(seconds=1)
        write_view(self.views, job, HAUL, self.now, no_pause)
        stored = self.boards.read("main")
        board = (stored.value if stored else Board()).merged([card_of(job, HAUL)])
        if not stored or board != stored.value:
            self.boards.overwrite("main", board)
        return job

    def erase_old_versions(self, bucket: Bucket, key: str, left: int = 1) -> None:
        """Erases old versions as S3 does; the latest are left."""
        del bucket.versions[key][:-left], bucket.times[key][:-left]


@pytest.fixture
def business() -> VersionedBusiness:
    return VersionedBusiness()


def a_day(business: VersionedBusiness) -> Job:
    job = business.store(a_job())
    job = business.store(waits(job, NOON))
    job = business.store(moved(job, "confirm"))
    job = business.store(waits(job, NOON))
    business.invalidations.invalidated.append(
        (NOON + timedelta(seconds=4), f"/t/{digest_of(job.token)}.json")
    )
    business.deliveries.create(a_delivery("sent"))
    return job


def test_a_job_is_explained_from_all_sources(business: VersionedBusiness) -> None:
    job = a_day(business)
    result = business.explain("main", job.job_id, NOON + minutes(5))
    assert result.status == "ready_for_pickup"
    assert result.rev == 3
    assert result.diagnosis == ()
    assert result.incomplete == ()
    assert [(line.what, line.rev or line.seq) for line in result.events] == [
        ("booked", 1),
        ("moved", 3),
        ("execution", None),
        ("view", 1),
        ("settled", 0),
        ("waiting", 0),
        ("board", 1),
        ("view", 3),
        ("settled", 1),
        ("waiting", 1),
        ("board", 3),
        ("invalidation", None),
        ("message", None),
        ("now", None),
    ]


@pytest.mark.parametrize(
    ("operation", "source"),
    [("ListInvalidations", "invalidations"), ("DescribeExecution", "executions")],
)
def test_a_source_that_does_not_answer_is_named_and_the_rest_is_shown(
    business: VersionedBusiness, operation: str, source: str
) -> None:
    job = a_day(business)
    lost = Faults({operation: ["before"]})
    business.invalidations.faults = business.executions.faults = lost
    result = business.explain("main", job.job_id, NOON + minutes(5))
    assert result.incomplete == (f"{source}: not read (Unavailable)",)
    assert result.diagnosis == ()
    assert len(result.events) > 10


def test_a_history_without_its_beginning_is_marked_incomplete(business: VersionedBusiness) -> None:
    job = a_day(business)
    business.explain.history.most = 2  # type: ignore[attr-defined]
    result = business.explain("main", job.job_id, NOON + minutes(5))
    assert result.incomplete == ("versions of the job: only the latest part is known",)


THREE_DAYS = timedelta(days=3)


def test_missing_board_versions_are_not_taken_for_delays(business: VersionedBusiness) -> None:
    job = a_day(business)
    business.now = NOON + timedelta(days=2)
    board = business.boards.read("main")
    assert board
    business.boards.overwrite("main", board.value)
    business.erase_old_versions(business.bucket, board_key("main"))
    result = business.explain("main", job.job_id, NOON + THREE_DAYS)
    assert [line.text for line in result.events if line.what == "board"] == []
    assert result.incomplete == ("versions of the board: only the latest part is known",)
    assert [sentence for sentence in result.diagnosis if "board" in sentence] == []


def test_the_first_version_of_the_board_is_used_if_it_is_from_today(
    business: VersionedBusiness,
) -> None:
    job = business.store(a_job())
    business.erase_old_versions(business.bucket, board_key("main"))
    result = business.explain("main", job.job_id, NOON + timedelta(hours=23))
    assert [line.rev for line in result.events if line.what == "board"] == [1]
    assert result.incomplete == ()


def test_versions_that_do_not_begin_with_the_first_rev_are_only_the_latest_part(
    business: VersionedBusiness,
) -> None:
    job = a_day(business)
    business.erase_old_versions(business.bucket, job_key("main", job.job_id))
    business.erase_old_versions(business.site, f"t/{digest_of(job.token)}.json")
    result = business.explain("main", job.job_id, NOON + minutes(5))
    assert result.incomplete == (
        "versions of the job: only the latest part is known",
        "versions of the view: only the latest part is known",
    )


def test_a_view_that_lags_behind_is_diagnosed(business: VersionedBusiness) -> None:
    job = a_day(business)
    etag = business.jobs.read("main", job.job_id).etag
    business.jobs.replace(moved(job, "start"), etag)
    result = business.explain("main", job.job_id, NOON + minutes(5))
    assert [sentence.partition(":")[0] for sentence in result.diagnosis] == [
        "Its execution has settled only entry 1 of 2",
        "Customers see rev 3 of 5",
        "The board shows rev 3 of 5",
    ]
    assert not result.events[-1].ok


def test_a_job_in_a_status_of_a_rolled_back_release_is_diagnosed(
    business: VersionedBusiness,
) -> None:
    job = business.store(a_job())
    business.jobs.replace(
        job.with_change(status="weighed"), business.jobs.read("main", job.job_id).etag
    )
    result = business.explain("main", job.job_id, business.now)
    assert result.events[-1].text == "weighed, rev 2"
    (wrong,) = result.diagnosis
    assert wrong.startswith("This release does not have the status weighed: deploy a release")


def test_an_unknown_job_cannot_be_explained(business: VersionedBusiness) -> None:
    with pytest.raises(UnknownJob):
        business.explain("main", "261121-000000", NOON)
