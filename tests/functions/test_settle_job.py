"""Step 4: every status is shown, then told, in the order of the ledger."""

from datetime import timedelta

import pytest

from events import JobCreated, JobMoved
from functions.protocol.ports import TaskOutput, Unavailable, UnknownJob
from functions.settle_job import SettledStatus, SettleJob, SettleRequest
from statemachine.flows import load_flow
from statemachine.ids import digest_of
from statemachine.job import Job, ShownAt
from statemachine.views import View, view_of
from tests.functions.creation import waited_for
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job, moved
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeViews, no_pause, parsed
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.message_fakes import FakeMetrics

SOON = NOON + timedelta(seconds=1.5)
HAUL = load_flow("haul")


class Machine:
    def __init__(self, job: Job, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs, self.bus = FakeJobs(self.bucket), FakeBus(self.faults)
        self.jobs.create(job)
        self.bucket.faults = self.faults
        self.metrics = FakeMetrics()
        self.settle = SettleJob(
            self.jobs, FakeViews(self.bucket), self.bus, self.metrics, lambda: SOON, no_pause
        )

    @property
    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value

    @property
    def view(self) -> View | None:
        body = self.bucket.objects.get(f"t/{digest_of(TOKEN)}.json")
        return None if body is None else parsed(View, body)

    def settles(self, seq: int | None) -> SettledStatus:
        return self.settle(SettleRequest(tenant="main", job_id=a_job().job_id, seq=seq))


def shown(seq: int, status: str) -> SettledStatus:
    return SettledStatus(seq=seq, status=status, shown_at=SOON)


def test_the_first_status_is_told_as_a_job_created() -> None:
    machine = Machine(a_job())
    assert machine.settles(0) == shown(0, "pending_pickup")
    assert machine.bus.facts == [
        JobCreated(
            tenant="main",
            job_id=a_job().job_id,
            flow="haul",
            recorded_at=NOON,
            event_id="booking-1",
            actor=DISPATCHER,
            status="pending_pickup",
            rev=1,
        )
    ]


def test_every_other_status_is_told_as_a_job_moved() -> None:
    machine = Machine(a_job("completed"))
    assert machine.settles(3) == shown(3, "completed")
    assert machine.bus.facts == [
        JobMoved(
            tenant="main",
            job_id=a_job().job_id,
            flow="haul",
            recorded_at=NOON,
            event_id="way-3",
            actor=DISPATCHER,
            seq=3,
            rev=4,
            move="complete",
            origin="in_progress",
            to="completed",
            terminal=True,
            occurred_at=NOON,
        )
    ]


def test_the_view_is_there_before_the_fact_is_told() -> None:
    machine = Machine(a_job())
    machine.settles(0)
    assert [operation for operation, _ in machine.faults.log][-2:] == ["PutObject", "PutEvents"]
    assert machine.view == view_of(a_job(), HAUL)


def test_an_execution_that_lags_tells_its_own_status_and_shows_the_last() -> None:
    machine = Machine(a_job("in_progress"))
    assert machine.settles(1) == shown(1, "ready_for_pickup")
    assert [(fact.seq, fact.to) for fact in machine.bus.announced(JobMoved)] == [
        (1, "ready_for_pickup")
    ]
    assert machine.view == view_of(a_job("in_progress"), HAUL)


def test_what_was_settled_before_is_not_told_again() -> None:
    machine = Machine(waited_for(a_job("ready_for_pickup")))
    assert machine.settles(1) == SettledStatus(seq=1, status="ready_for_pickup")
    assert (machine.bus.facts, machine.view) == ([], None)


def test_a_successor_is_told_the_last_status_that_was_settled() -> None:
    job = waited_for(a_job("ready_for_pickup"))
    machine = Machine(moved(job, "start"))
    assert machine.settles(None) == SettledStatus(seq=1, status="ready_for_pickup")
    assert Machine(a_job("in_progress")).settles(None) == SettledStatus(
        seq=0, status="pending_pickup"
    )
    assert machine.bus.facts == []


def test_an_ended_job_is_recorded_as_settled_and_waits_for_no_one() -> None:
    machine = Machine(moved(waited_for(a_job("in_progress")), "complete"))
    assert machine.settles(3) == shown(3, "completed")
    assert (machine.job.execution.seq, machine.job.wait) == (3, None)
    assert machine.job.rev == machine.job.version - 1


def test_how_long_it_took_until_everybody_could_see_it_is_measured() -> None:
    machine = Machine(a_job("completed"))
    machine.settles(3)
    assert machine.metrics.measured == {"EventToVisibleMs": [1500]}


def test_an_ended_job_records_when_its_end_was_public() -> None:
    machine = Machine(a_job("completed"))
    machine.settles(3)
    assert machine.job.shown == (ShownAt(seq=3, at=SOON),)


def test_a_status_that_was_settled_before_was_not_shown_again() -> None:
    machine = Machine(waited_for(a_job("ready_for_pickup")))
    assert machine.settles(1).shown_at is None
    assert machine.metrics.measured == {}


def test_an_ended_job_that_was_brought_back_goes_on() -> None:
    machine = Machine(moved(a_job("completed"), "reopen"))
    following = TaskOutput(seq=4, to="in_progress")
    assert machine.settles(3) == SettledStatus(
        seq=3, status="completed", following=following, shown_at=SOON
    )
    assert machine.job.execution.seq == 3


def test_an_ended_job_stays_in_the_watchdogs_sight() -> None:
    """Its last card may yet get lost; the watchdog lets go of it when nothing is to be repaired."""
    machine = Machine(a_job("completed"))
    machine.jobs.mark_open("main", a_job().job_id)
    machine.settles(3)
    assert list(machine.jobs.open_jobs("main")) == [a_job().job_id]


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_whatever_is_lost_on_the_way_the_next_attempt_settles_it(fault: Kind) -> None:
    for number in range(8):
        machine = Machine(a_job("completed"), FaultAtCall(number, fault))
        try:
            machine.settles(3)
        except (Unavailable, Crashed):
            assert machine.settles(3).status == "completed"
        machine.faults.over = True
        assert machine.view == view_of(a_job("completed"), HAUL), machine.faults.log
        assert len(machine.bus.announced(JobMoved)) == 1
        assert machine.job.execution.seq == 3


def test_a_job_no_one_knows_is_not_settled() -> None:
    with pytest.raises(UnknownJob):
        Machine(a_job(tenant="other")).settles(0)
