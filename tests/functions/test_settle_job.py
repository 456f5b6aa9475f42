"""Step 4: every status is shown, then announced, in the order of the ledger."""

from datetime import timedelta

import pytest

from events import JobCreated, JobMoved
from functions.jobs.settle import SettledStatus, SettleJob, SettleRequest
from functions.protocol.ports import Unavailable, UnknownJob
from statemachine.flows import load_flow
from statemachine.job.job import Job, ShownAt
from statemachine.values.ids import digest_of
from statemachine.views.views import View, view_of
from tests.functions.creation import settled_before, waited_for
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job, moved
from tests.support.fakes import Bucket, FakeBus, FakeJobs, FakeViews, no_pause, parsed
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.message_fakes import FakeMetrics

SOON = NOON + timedelta(seconds=1.5)
HAUL = load_flow("haul")


class SettleJobSetup:
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


def test_the_first_status_is_announced_as_job_created() -> None:
    setup = SettleJobSetup(a_job())
    assert setup.settles(0) == shown(0, "pending_pickup")
    assert setup.bus.facts == [
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


def test_every_other_status_is_announced_as_job_moved() -> None:
    setup = SettleJobSetup(settled_before(a_job("completed")))
    assert setup.settles(3) == shown(3, "completed")
    assert setup.bus.facts == [
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


def test_the_view_is_written_before_the_fact_is_announced() -> None:
    setup = SettleJobSetup(a_job())
    setup.settles(0)
    assert [operation for operation, _ in setup.faults.log][-2:] == ["PutObject", "PutEvents"]
    assert setup.view == view_of(a_job(), HAUL)


def test_an_execution_that_is_behind_announces_its_status_and_shows_the_last() -> None:
    setup = SettleJobSetup(a_job("in_progress"))
    assert setup.settles(1) == shown(1, "ready_for_pickup")
    assert [(fact.seq, fact.to) for fact in setup.bus.announced(JobMoved)] == [
        (1, "ready_for_pickup")
    ]
    assert setup.view == view_of(a_job("in_progress"), HAUL)


def test_a_settled_status_is_not_announced_again() -> None:
    setup = SettleJobSetup(waited_for(a_job("ready_for_pickup")))
    assert setup.settles(1) == SettledStatus(seq=1, status="ready_for_pickup")
    assert setup.bus.facts == []
    assert setup.view is None


def test_a_new_execution_learns_the_last_settled_status() -> None:
    job = waited_for(a_job("ready_for_pickup"))
    setup = SettleJobSetup(moved(job, "start"))
    assert setup.settles(None) == SettledStatus(seq=1, status="ready_for_pickup")
    assert SettleJobSetup(a_job("in_progress")).settles(None) == SettledStatus(
        seq=0, status="pending_pickup"
    )
    assert setup.bus.facts == []


def test_an_ended_job_is_recorded_as_settled_and_waits_for_no_one() -> None:
    setup = SettleJobSetup(moved(waited_for(a_job("in_progress")), "complete"))
    assert setup.settles(3) == shown(3, "completed")
    assert setup.job.execution.seq == 3
    assert setup.job.wait is None
    assert setup.job.rev == setup.job.version - 1


def test_the_time_from_the_event_to_the_public_view_is_measured() -> None:
    setup = SettleJobSetup(a_job("completed"))
    setup.settles(3)
    assert setup.metrics.measured == {"EventToVisibleMs": [1500]}


def test_an_ended_job_records_when_its_end_was_public() -> None:
    setup = SettleJobSetup(a_job("completed"))
    setup.settles(3)
    assert setup.job.shown == (ShownAt(seq=3, at=SOON),)


def test_a_status_that_was_settled_before_was_not_shown_again() -> None:
    setup = SettleJobSetup(waited_for(a_job("ready_for_pickup")))
    assert setup.settles(1).shown_at is None
    assert setup.metrics.measured == {}


def test_an_ended_status_of_a_reopened_job_is_settled_too() -> None:
    setup = SettleJobSetup(moved(a_job("completed"), "reopen"))
    assert setup.settles(3) == SettledStatus(seq=3, status="completed", shown_at=SOON)
    assert setup.job.execution.seq == 3


@pytest.mark.parametrize("settled", [2, 3])
def test_the_execution_of_a_reopened_job_begins_behind_the_ended_status(settled: int) -> None:
    """Whether the former execution has settled that status, or is still to do so."""
    setup = SettleJobSetup(moved(a_job("completed"), "reopen"))
    setup.settles(3 if settled == 3 else 0)
    assert setup.settles(None) == SettledStatus(seq=4, status="in_progress")


def test_all_statuses_that_were_not_announced_are_announced_in_order() -> None:
    setup = SettleJobSetup(moved(a_job("completed"), "reopen"))
    setup.settles(4)
    facts = [fact for fact in setup.bus.facts if isinstance(fact, JobMoved)]
    assert [fact.seq for fact in facts] == [1, 2, 3, 4]


def test_an_ended_job_stays_in_the_index() -> None:
    """Its last card may still get lost; the watchdog removes it when nothing is left to repair."""
    setup = SettleJobSetup(a_job("completed"))
    setup.jobs.mark_open("main", a_job().job_id)
    setup.settles(3)
    assert list(setup.jobs.open_jobs("main")) == [a_job().job_id]


@pytest.mark.parametrize("fault", ["before", "after", "dup", "crash"])
def test_the_next_attempt_settles_the_status_whatever_was_lost(fault: Kind) -> None:
    for number in range(8):
        setup = SettleJobSetup(settled_before(a_job("completed")), FaultAtCall(number, fault))
        try:
            setup.settles(3)
        except (Unavailable, Crashed):
            assert setup.settles(3).status == "completed"
        setup.faults.over = True
        assert setup.view == view_of(a_job("completed"), HAUL), setup.faults.log
        assert len(setup.bus.announced(JobMoved)) == 1
        assert setup.job.execution.seq == 3


def test_an_unknown_job_is_not_settled() -> None:
    with pytest.raises(UnknownJob):
        SettleJobSetup(a_job(tenant="other")).settles(0)
