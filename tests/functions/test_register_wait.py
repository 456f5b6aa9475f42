"""Step 3: a task token is left in the job; of two registrations the newer one counts."""

from datetime import datetime
from typing import Any

import pytest

from events import JobMoved
from functions.protocol.ports import TaskOutput, Unavailable
from functions.register_wait import RegisterWait, WaitRequest
from functions.settle_job import SettleJob
from statemachine.ids import digest_of
from statemachine.job import Execution, Job, ShownAt
from tests.functions.creation import a_wait, waited_for
from tests.support.builders import NOON, a_job, minutes
from tests.support.fakes import Bucket, FakeBus, FakeExecutions, FakeJobs, FakeViews, no_pause
from tests.support.faults import Faults, Kind
from tests.support.message_fakes import FakeMetrics


class Machine:
    """A job and the execution that comes to wait for it."""

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


def test_a_status_is_shown_and_told_before_it_is_waited_in() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    assert machine.register(a_registration(1, settles=True)) == "waits"
    assert [type(fact) for fact in machine.bus.facts] == [JobMoved]
    assert f"t/{digest_of(machine.job.token)}.json" in machine.bucket.objects
    assert (machine.job.execution.seq, machine.job.shown) == (1, (ShownAt(seq=1, at=NOON),))


def test_after_its_time_limit_the_same_status_is_not_told_again() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    machine.register(a_registration(1, settles=True))
    again = a_registration(1, "task-2", entered_at=NOON + minutes(60), settles=True)
    assert (machine.register(again), len(machine.bus.facts)) == ("waits", 1)


def test_whether_an_execution_hears_that_its_job_is_late_is_kept_with_its_wait() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    machine.register(a_registration(1).with_(handles_late=True))
    assert machine.job.wait == a_wait(1).with_(handles_late=True)


def test_a_status_that_could_not_be_settled_is_not_waited_in() -> None:
    machine = Machine(a_job(), Faults({"PutObject": ["before"] * 50}))
    with pytest.raises(Unavailable):
        machine.register(a_registration(0, settles=True))
    assert machine.job.wait is None


def test_a_first_execution_begins_at_the_first_status_without_being_told() -> None:
    machine = Machine(a_job())
    assert machine.register(a_registration(None, settles=True)) == "waits"
    assert (machine.job.wait, machine.executions.resumed) == (a_wait(0), [])


def test_a_successor_is_told_at_once_where_its_job_stands() -> None:
    job = a_job("ready_for_pickup", execution=Execution(seq=1, generation=1, since=NOON))
    machine = Machine(job)
    assert machine.register(a_registration(None, generation=1, settles=True)) == "resumed"
    assert machine.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]
    assert (machine.job, machine.bus.facts) == (job, [])


def test_an_execution_of_an_older_version_has_settled_the_status_itself() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    assert (machine.waits(seq=1), machine.bus.facts) == ("waits", [])


def test_when_a_status_was_public_is_recorded_with_its_wait_and_once() -> None:
    """After its time limit the same status waits again, with another token."""
    machine = Machine(a_job("ready_for_pickup"))
    machine.waits(seq=1, shown_at=NOON)
    machine.waits(seq=1, token="task-2", entered_at=NOON + minutes(60), shown_at=NOON + minutes(1))
    assert machine.job.shown == (ShownAt(seq=1, at=NOON),)


def test_an_execution_of_an_earlier_version_does_not_say_when() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    machine.waits(seq=1)
    assert machine.job.shown == ()


def test_a_token_is_left_in_the_job_whose_status_is_now_settled() -> None:
    machine = Machine(a_job("ready_for_pickup"))
    assert machine.waits(seq=1) == "waits"
    assert (machine.job.wait, machine.job.execution.seq) == (a_wait(1), 1)
    assert machine.executions.resumed == []


def test_waiting_is_bookkeeping_that_no_one_sees() -> None:
    machine = Machine(a_job())
    machine.waits()
    assert (machine.job.version, machine.job.rev) == (2, 1)


def test_an_entry_committed_before_the_registration_is_not_missed() -> None:
    machine = Machine(a_job("in_progress"))
    assert machine.waits(seq=0) == "goes on"
    assert machine.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_entry_committed_in_the_middle_of_the_registration_is_not_missed() -> None:
    """Timeline: we read · a move is committed and finds no wait · our PUT meets 412 · we read."""
    machine = Machine(a_job())
    moved = a_job("ready_for_pickup")

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            if machine.job.seq == 0:
                FakeJobs(self.bucket).replace(moved, self.read("main", job.job_id).etag)
            super().replace(job, etag)

    register = RegisterWait(Meanwhile(machine.bucket), machine.executions, machine.settle, no_pause)
    assert register(a_registration(0)) == "goes on"
    assert machine.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_a_registration_made_twice_is_one() -> None:
    machine = Machine(a_job())
    machine.waits()
    first = machine.job
    assert (machine.waits(), machine.job) == ("waits", first)


@pytest.mark.parametrize("fault", ["before", "after", "dup"])
def test_a_registration_whose_write_is_lost_is_made_once(fault: Kind) -> None:
    machine = Machine(a_job(), Faults({"PutObject": [fault]}))
    assert (machine.waits(), machine.job.wait, machine.job.version) == ("waits", a_wait(0), 2)


@pytest.mark.parametrize(
    "newer", [{"entered_at": NOON + minutes(1)}, {"retry": 1}, {"generation": 1, "retry": 0}]
)
def test_the_newer_registration_counts_and_the_older_is_fenced(newer: dict[str, Any]) -> None:
    machine = Machine(a_job())
    assert machine.waits(token="old") == "waits"
    assert machine.waits(token="new", **newer) == "waits"
    assert machine.waits(token="old") == "fenced"
    assert machine.job.wait == a_wait(0, "new", **newer)
    assert machine.executions.resumed == []


def test_a_fenced_registration_rings_no_one_even_if_the_ledger_is_ahead() -> None:
    job = waited_for(a_job(), "new", entered_at=NOON + minutes(1))
    machine = Machine(job.with_(**{**dict(a_job("ready_for_pickup")), "wait": job.wait}))
    assert (machine.waits(token="old"), machine.executions.resumed) == ("fenced", [])


def test_an_execution_of_an_older_generation_is_sent_to_its_end() -> None:
    machine = Machine(waited_for(a_job(), generation=1))
    before = machine.job
    assert machine.waits(token="old") == "superseded"
    assert machine.executions.resumed == [("old", TaskOutput(seq=0, to="superseded"))]
    assert machine.job == before


def test_a_task_token_that_could_not_be_resumed_makes_the_state_machine_try_again() -> None:
    machine = Machine(a_job("ready_for_pickup"), Faults({"SendTaskSuccess": ["before"]}))
    with pytest.raises(Unavailable):
        machine.waits(seq=0)
    assert machine.waits(seq=0, token="task-2", retry=1) == "goes on"
    assert machine.executions.resumed == [("task-2", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_a_registration_that_comes_after_the_end_does_no_harm() -> None:
    """A zombie: its token died long ago, and the job has no wait left to fence it."""
    machine = Machine(a_job("completed", execution=a_job().execution.with_(seq=3)))
    before = machine.job
    machine.waits(seq=2, token="zombie")
    kept = {"version", "wait"}
    assert machine.job.model_dump(exclude=kept) == before.model_dump(exclude=kept)
