"""Explaining a job: the sources together, and what is said where one is missing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from functions.ops.explain_job import ExplainJob
from functions.protocol.ports import UnknownJob
from functions.views.write_view import write_view
from statemachine.flows import load_flow
from statemachine.ids import digest_of
from statemachine.job import Job
from statemachine.views import Board, card_of
from tests.statemachine.test_timeline import a_delivery, waits
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
class World:
    """A business whose clock stands at `now`; every write is a version of that time."""

    now: datetime = NOON
    forgotten: FakeInvalidationTimes = field(default_factory=FakeInvalidationTimes)
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
            self.forgotten,
            self.deliveries,
            FakeExecutionRuns(self.executions, NOON),
            FakeStuck(self.bucket),
            lambda tenant, job_id: self.missing,
        )

    def keep(self, job: Job) -> Job:
        """As the functions do it: the job, a second later its view, then the board."""
        if job.version == 1:
            self.jobs.create(job)
            self.executions.start(job.flow, job.tenant, job.job_id, 0)
        else:
            self.jobs.replace(job, self.jobs.read("main", job.job_id).etag)
        self.now += timedelta(seconds=1)
        write_view(self.views, job, HAUL, no_pause)
        stored = self.boards.read("main")
        board = (stored.value if stored else Board()).merged([card_of(job, HAUL)])
        if not stored or board != stored.value:
            self.boards.overwrite("main", board)
        return job

    def forget_versions(self, bucket: Bucket, key: str, left: int = 1) -> None:
        """As S3 does it with old ones: the latest are left."""
        del bucket.versions[key][:-left], bucket.times[key][:-left]


@pytest.fixture
def world() -> World:
    return World()


def a_day(world: World) -> Job:
    job = world.keep(a_job())
    job = world.keep(waits(job, NOON))
    job = world.keep(moved(job, "confirm"))
    job = world.keep(waits(job, NOON))
    world.forgotten.invalidated.append((NOON + timedelta(seconds=4), f"/t/{digest_of(job.token)}.json"))
    world.deliveries.create(a_delivery("sent"))
    return job


def test_a_job_is_told_from_all_that_is_kept_of_it(world: World) -> None:
    job = a_day(world)
    told = world.explain("main", job.job_id, NOON + minutes(5))
    assert (told.status, told.rev, told.wrong, told.incomplete) == ("ready_for_pickup", 3, (), ())
    assert [(line.what, line.rev or line.seq) for line in told.lines] == [
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
def test_a_source_that_does_not_answer_is_named_and_the_rest_is_told(
    world: World, operation: str, source: str
) -> None:
    job = a_day(world)
    lost = Faults({operation: ["before"]})
    world.forgotten.faults = world.executions.faults = lost
    told = world.explain("main", job.job_id, NOON + minutes(5))
    assert told.incomplete == (f"{source}: not read (Unavailable)",)
    assert (told.wrong, len(told.lines) > 10) == ((), True)


def test_a_history_that_has_forgotten_its_beginning_says_so(world: World) -> None:
    job = a_day(world)
    world.explain.history.most = 2  # type: ignore[attr-defined]
    told = world.explain("main", job.job_id, NOON + minutes(5))
    assert told.incomplete == ("versions of the job: only the latest part is known",)


THREE_DAYS = timedelta(days=3)


def test_a_board_whose_versions_are_gone_accuses_no_one_of_having_been_late(world: World) -> None:
    job = a_day(world)
    world.now = NOON + timedelta(days=2)
    board = world.boards.read("main")
    assert board
    world.boards.overwrite("main", board.value)
    world.forget_versions(world.bucket, board_key("main"))
    told = world.explain("main", job.job_id, NOON + THREE_DAYS)
    assert [line.text for line in told.lines if line.what == "board"] == []
    assert told.incomplete == ("versions of the board: only the latest part is known",)
    assert [sentence for sentence in told.wrong if "board" in sentence] == []


def test_a_board_of_today_is_told_though_it_is_the_first_one(world: World) -> None:
    job = world.keep(a_job())
    world.forget_versions(world.bucket, board_key("main"))
    told = world.explain("main", job.job_id, NOON + timedelta(hours=23))
    assert [line.rev for line in told.lines if line.what == "board"] == [1]
    assert told.incomplete == ()


def test_versions_that_do_not_begin_with_the_first_rev_are_only_the_latest_part(
    world: World,
) -> None:
    job = a_day(world)
    world.forget_versions(world.bucket, job_key("main", job.job_id))
    world.forget_versions(world.site, f"t/{digest_of(job.token)}.json")
    told = world.explain("main", job.job_id, NOON + minutes(5))
    assert told.incomplete == (
        "versions of the job: only the latest part is known",
        "versions of the view: only the latest part is known",
    )


def test_a_view_that_lags_behind_is_wrong(world: World) -> None:
    job = a_day(world)
    etag = world.jobs.read("main", job.job_id).etag
    world.jobs.replace(moved(job, "start"), etag)
    told = world.explain("main", job.job_id, NOON + minutes(5))
    assert [sentence.partition(":")[0] for sentence in told.wrong] == [
        "Its execution has settled only entry 1 of 2",
        "Customers see rev 3 of 5",
        "The board shows rev 3 of 5",
    ]
    assert not told.lines[-1].ok


def test_a_job_in_a_status_of_a_release_that_was_taken_back_is_told_with_what_to_do(
    world: World,
) -> None:
    job = world.keep(a_job())
    world.jobs.replace(job.with_change(status="weighed"), world.jobs.read("main", job.job_id).etag)
    told = world.explain("main", job.job_id, world.now)
    assert told.lines[-1].text == "weighed, rev 2"
    (wrong,) = told.wrong
    assert wrong.startswith("This release does not have the status weighed: deploy a release")


def test_a_job_that_does_not_exist_has_no_story(world: World) -> None:
    with pytest.raises(UnknownJob):
        world.explain("main", "261121-000000", NOON)
