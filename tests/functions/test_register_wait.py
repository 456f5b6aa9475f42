"""Step 3: a task token is stored in the job; of two registrations the newer one counts."""

from datetime import datetime
from typing import Any

import pytest

from events import JobMoved
from functions.jobs.settle import SettleJob
from functions.jobs.wait import RegisterWait, WaitRequest
from functions.protocol.ports import TaskOutput, Unavailable
from statemachine.job.job import Execution, Job, ShownAt
from statemachine.values.ids import digest_of
from tests.functions.creation import a_wait, settled_before, waited_for
from tests.support.builders import NOON, a_job, minutes
from tests.support.fakes import Bucket, FakeBus, FakeExecutions, FakeJobs, FakeViews, no_pause
from tests.support.faults import Faults, Kind
from tests.support.message_fakes import FakeMetrics


class RegisterWaitSetup:
    """A job, and `RegisterWait` on fakes."""

    def __init__(self, job: Job, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs, self.executions = FakeJobs(self.bucket), FakeExecutions(self.faults)
        self.jobs.create(job)
        self.bucket.faults = self.faults
        self.bus = FakeBus()
        self.settle = SettleJob(
            self.jobs, FakeViews(self.bucket), self.bus, FakeMetrics(), lambda: NOON, no_pause
        )
        self.register = RegisterWait(self.jobs, self.executions, self.settle, no_pause)

    @property
    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value

    def waits(self, seq: int = 0, token: str = "task-1", **values: Any) -> str:
        return self.register(a_registration(seq, token, **values))


def a_registration(
    seq: int | None,
    token: str = "task-1",
    generation: int = 0,
    entered_at: datetime = NOON,
    retry: int = 0,
    shown_at: datetime | None = None,
    settles: bool = False,
) -> WaitRequest:
    return WaitRequest(
        tenant="main",
        job_id=a_job().job_id,
        seq=seq,
        execution=f"main-{a_job().job_id}-g{generation}",
        entered_at=entered_at,
        retry=retry,
        token=token,
        shown_at=shown_at,
        settles=settles,
    )


def test_a_status_is_shown_and_announced_before_the_wait() -> None:
    setup = RegisterWaitSetup(settled_before(a_job("ready_for_pickup")))
    assert setup.register(a_registration(1, settles=True)) == "waits"
    assert [type(fact) for fact in setup.bus.facts] == [JobMoved]
    assert f"t/{digest_of(setup.job.token)}.json" in setup.bucket.objects
    assert setup.job.execution.seq == 1
    assert setup.job.shown == (ShownAt(seq=1, at=NOON),)


def test_after_its_time_limit_the_same_status_is_not_announced_again() -> None:
    setup = RegisterWaitSetup(settled_before(a_job("ready_for_pickup")))
    setup.register(a_registration(1, settles=True))
    again = a_registration(1, "task-2", entered_at=NOON + minutes(60), settles=True)
    assert setup.register(again) == "waits"
    assert len(setup.bus.facts) == 1


def test_the_wait_records_whether_its_execution_can_learn_that_the_job_is_late() -> None:
    setup = RegisterWaitSetup(a_job("ready_for_pickup"))
    setup.register(a_registration(1).with_(handles_late=True))
    assert setup.job.wait == a_wait(1).with_(handles_late=True)


def test_a_status_that_could_not_be_settled_is_not_waited_in() -> None:
    setup = RegisterWaitSetup(a_job(), Faults({"PutObject": ["before"] * 50}))
    with pytest.raises(Unavailable):
        setup.register(a_registration(0, settles=True))
    assert setup.job.wait is None


def test_a_first_execution_begins_at_the_first_status_by_itself() -> None:
    setup = RegisterWaitSetup(a_job())
    assert setup.register(a_registration(None, settles=True)) == "waits"
    assert setup.job.wait == a_wait(0)
    assert setup.executions.resumed == []


def test_a_new_execution_learns_at_once_where_its_job_stands() -> None:
    job = a_job("ready_for_pickup", execution=Execution(seq=1, generation=1, since=NOON))
    setup = RegisterWaitSetup(job)
    assert setup.register(a_registration(None, generation=1, settles=True)) == "resumed"
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]
    assert setup.job == job
    assert setup.bus.facts == []


def test_an_execution_of_an_older_version_has_settled_the_status_itself() -> None:
    setup = RegisterWaitSetup(a_job("ready_for_pickup"))
    assert setup.waits(seq=1) == "waits"
    assert setup.bus.facts == []


def test_when_a_status_was_public_is_recorded_with_its_wait_and_once() -> None:
    """After its time limit the same status waits again, with another token."""
    setup = RegisterWaitSetup(a_job("ready_for_pickup"))
    setup.waits(seq=1, shown_at=NOON)
    setup.waits(seq=1, token="task-2", entered_at=NOON + minutes(60), shown_at=NOON + minutes(1))
    assert setup.job.shown == (ShownAt(seq=1, at=NOON),)


def test_an_execution_of_an_earlier_version_does_not_say_when() -> None:
    setup = RegisterWaitSetup(a_job("ready_for_pickup"))
    setup.waits(seq=1)
    assert setup.job.shown == ()


def test_a_token_is_stored_in_the_job_whose_status_is_now_settled() -> None:
    setup = RegisterWaitSetup(a_job("ready_for_pickup"))
    assert setup.waits(seq=1) == "waits"
    assert setup.job.wait == a_wait(1)
    assert setup.job.execution.seq == 1
    assert setup.executions.resumed == []


def test_waiting_changes_no_visible_rev() -> None:
    setup = RegisterWaitSetup(a_job())
    setup.waits()
    assert setup.job.version == 2
    assert setup.job.rev == 1


def test_an_entry_committed_before_the_registration_is_not_missed() -> None:
    setup = RegisterWaitSetup(a_job("in_progress"))
    assert setup.waits(seq=0) == "goes on"
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_entry_committed_during_the_registration_is_not_missed() -> None:
    """Timeline: we read · a move is committed and finds no wait · our PUT gets 412 · we read."""
    setup = RegisterWaitSetup(a_job())
    moved = a_job("ready_for_pickup")

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            if setup.job.seq == 0:
                FakeJobs(self.bucket).replace(moved, self.read("main", job.job_id).etag)
            super().replace(job, etag)

    register = RegisterWait(Meanwhile(setup.bucket), setup.executions, setup.settle, no_pause)
    assert register(a_registration(0)) == "goes on"
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_a_registration_is_idempotent() -> None:
    setup = RegisterWaitSetup(a_job())
    setup.waits()
    first = setup.job
    assert setup.waits() == "waits"
    assert setup.job == first


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_registration_whose_write_is_lost_is_made_once(fault: Kind) -> None:
    setup = RegisterWaitSetup(a_job(), Faults({"PutObject": [fault]}))
    assert setup.waits() == "waits"
    assert setup.job.wait == a_wait(0)
    assert setup.job.version == 2


@pytest.mark.parametrize(
    "newer", [{"entered_at": NOON + minutes(1)}, {"retry": 1}, {"generation": 1, "retry": 0}]
)
def test_the_newer_registration_counts_and_the_older_is_fenced(newer: dict[str, Any]) -> None:
    setup = RegisterWaitSetup(a_job())
    assert setup.waits(token="old") == "waits"
    assert setup.waits(token="new", **newer) == "waits"
    assert setup.waits(token="old") == "fenced"
    assert setup.job.wait == a_wait(0, "new", **newer)
    assert setup.executions.resumed == []


def test_a_fenced_registration_resumes_nothing_even_if_the_ledger_is_ahead() -> None:
    job = waited_for(a_job(), "new", entered_at=NOON + minutes(1))
    setup = RegisterWaitSetup(job.with_(**{**dict(a_job("ready_for_pickup")), "wait": job.wait}))
    assert setup.waits(token="old") == "fenced"
    assert setup.executions.resumed == []


def test_an_execution_of_an_older_generation_is_ended() -> None:
    setup = RegisterWaitSetup(waited_for(a_job(), generation=1))
    before = setup.job
    assert setup.waits(token="old") == "superseded"
    assert setup.executions.resumed == [("old", TaskOutput(seq=0, to="superseded"))]
    assert setup.job == before


def test_if_the_execution_could_not_be_resumed_the_state_machine_tries_again() -> None:
    setup = RegisterWaitSetup(a_job("ready_for_pickup"), Faults({"SendTaskSuccess": ["before"]}))
    with pytest.raises(Unavailable):
        setup.waits(seq=0)
    assert setup.waits(seq=0, token="task-2", retry=1) == "goes on"
    assert setup.executions.resumed == [("task-2", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_a_registration_that_comes_after_the_end_does_no_harm() -> None:
    """Its token expired long ago, and the job has no wait left to fence it."""
    setup = RegisterWaitSetup(a_job("completed", execution=a_job().execution.with_(seq=3)))
    before = setup.job
    setup.waits(seq=2, token="zombie")
    kept = {"version", "wait"}
    assert setup.job.model_dump(exclude=kept) == before.model_dump(exclude=kept)
