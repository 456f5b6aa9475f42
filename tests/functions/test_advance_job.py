"""Step 2: a move is committed or refused on the record, and only then announced."""

from dataclasses import replace
from typing import Any

import pytest

from events import JobMoveRefused
from functions.jobs.advance import AdvanceJob
from functions.jobs.facts import refused_fact
from functions.protocol.ports import TaskOutput, Unavailable, UnknownJob
from statemachine.flows import load_flow
from statemachine.job.job import SUPERSEDED, Job
from statemachine.job.record_limits import RecordsFull
from statemachine.rules.lifecycle import (
    Committed,
    Duplicate,
    EarlyMoveKept,
    Refused,
    Verdict,
    judge,
)
from tests.functions.creation import left_behind, waited_for
from tests.support.builders import NOON, a_job, a_request, minutes
from tests.support.fakes import Bucket, FakeBus, FakeExecutions, FakeJobs, FakeLog, no_pause
from tests.support.faults import Crashed, Faults, Kind
from tests.support.slot_fakes import slots_on_fakes


class AdvanceJobSetup:
    """One job, and `AdvanceJob` on fakes."""

    def __init__(self, job: Job, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs = FakeJobs(self.bucket)
        self.jobs.create(job)
        self.bucket.faults = self.faults
        self.executions, self.bus = FakeExecutions(self.faults), FakeBus(self.faults)
        self.advance = AdvanceJob(
            self.jobs, self.executions, self.bus, slots_on_fakes(self.jobs), FakeLog(), no_pause
        )

    @property
    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value

    def ask(self, move: str, **values: Any) -> Verdict:
        return self.advance(a_request(a_job(), move, **values), NOON)


def test_a_move_is_committed_and_its_execution_resumed() -> None:
    setup = AdvanceJobSetup(waited_for(a_job()))
    verdict = setup.ask("confirm")
    assert isinstance(verdict, Committed)
    assert setup.job == verdict.job
    assert setup.job.status == "ready_for_pickup"
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]
    assert setup.bus.facts == []


@pytest.mark.parametrize("crash", [None, 2])
def test_the_deadline_of_an_early_move_is_in_the_index_before_the_move_is_kept(
    crash: int | None,
) -> None:
    """Even if the process crashes right after it writes the job."""
    faults = Faults({"PutObject": [None, None, "crash"]}) if crash else None
    setup = AdvanceJobSetup(waited_for(a_job()), faults)
    if crash:
        with pytest.raises(Crashed):
            setup.ask("start")
    else:
        assert isinstance(setup.ask("start"), EarlyMoveKept)
    [early] = setup.job.early
    assert [at for _, at in setup.jobs.open_index("main").due.values()] == [early.until]


def test_the_index_is_written_first_then_the_job_and_the_task_token_is_sent_last() -> None:
    setup = AdvanceJobSetup(waited_for(a_job()))
    setup.ask("confirm")
    assert [operation for operation, _ in setup.faults.log] == [
        "GetObject",
        "PutObject",
        "PutObject",
        "SendTaskSuccess",
    ]
    assert list(setup.bucket.objects)[-1].endswith(f"open/{a_job().job_id}")


def test_a_move_is_committed_even_if_no_execution_waits_for_it_yet() -> None:
    setup = AdvanceJobSetup(a_job())
    assert isinstance(setup.ask("confirm"), Committed)
    assert setup.job.status == "ready_for_pickup"
    assert setup.executions.resumed == []


def test_an_execution_that_is_behind_gets_the_next_entry_not_the_last() -> None:
    setup = AdvanceJobSetup(left_behind(a_job("ready_for_pickup")))
    setup.ask("start")
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_execution_that_missed_the_end_of_a_reopened_job_is_ended() -> None:
    """It would otherwise report a job as overdue that another execution follows."""
    setup = AdvanceJobSetup(left_behind(a_job("completed")))
    setup.ask("reopen", reason="wrong address")
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=2, to=SUPERSEDED))]
    assert list(setup.executions.started) == [f"main-{a_job().job_id}-g1"]


def test_it_is_ended_even_if_the_answer_to_the_write_was_lost() -> None:
    """The second read finds a duplicate, and a job without the wait."""
    setup = AdvanceJobSetup(left_behind(a_job("completed")), Faults({"PutObject": [None, "after"]}))
    assert isinstance(setup.ask("reopen", reason="wrong address"), Duplicate)
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=2, to=SUPERSEDED))]


def test_it_is_not_ended_if_the_job_is_not_reopened_after_all() -> None:
    """Timeline: read: may be reopened · another write forbids it · our PUT gets 412."""
    setup = AdvanceJobSetup(left_behind(a_job("completed")))

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            known = self.read("main", job.job_id).value
            if not known.refused:
                refused = judge(known, a_request(known, "reopen"), load_flow("haul"), NOON).job
                super().replace(refused, etag)
            super().replace(job, etag)

    advance = replace(setup.advance, jobs=Meanwhile(setup.bucket))
    request = a_request(a_job(), "reopen", reason="wrong address")
    assert advance(request, NOON) == Duplicate(setup.job)
    assert [output.to for _, output in setup.executions.resumed] == ["completed"]


def test_a_refused_move_is_on_the_record_and_announced() -> None:
    setup = AdvanceJobSetup(waited_for(a_job("completed")))
    verdict = setup.ask("start")
    assert isinstance(verdict, Refused)
    assert setup.job.refused == (verdict.refusal,)
    assert setup.bus.facts == [refused_fact(setup.job, verdict.refusal)]
    assert setup.job.status == "completed"
    assert setup.executions.resumed == []


def test_an_early_move_is_kept_and_not_announced() -> None:
    setup = AdvanceJobSetup(waited_for(a_job()))
    assert isinstance(setup.ask("start"), EarlyMoveKept)
    assert [early.event_id for early in setup.job.early] == ["start-1"]
    assert setup.bus.facts == []
    assert setup.executions.resumed == []


def test_early_moves_that_a_move_makes_impossible_are_announced_with_it() -> None:
    setup = AdvanceJobSetup(waited_for(a_job()))
    setup.ask("start")
    setup.ask("cancel", reason="Moved away")
    told = [(fact.event_id, fact.why) for fact in setup.bus.announced(JobMoveRefused)]
    assert told == [("start-1", "illegal_move")]
    assert setup.job.status == "cancelled"


def test_early_moves_that_are_now_possible_are_made_with_it() -> None:
    setup = AdvanceJobSetup(waited_for(a_job()))
    setup.ask("start")
    setup.ask("confirm")
    assert [entry.event_id for entry in setup.job.ledger] == ["confirm-1", "start-1"]
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_copy_completes_what_the_first_left_undone(lost: Kind) -> None:
    """The execution may not have been resumed; the message is delivered again and resumes it."""
    setup = AdvanceJobSetup(waited_for(a_job()), Faults({"SendTaskSuccess": [lost]}))
    with pytest.raises(Unavailable):
        setup.ask("confirm")
    committed = setup.job
    assert setup.ask("confirm") == Duplicate(committed)
    assert setup.executions.resumed[-1] == ("task-1", TaskOutput(seq=1, to="ready_for_pickup"))


def test_a_copy_announces_a_refusal_whose_announcement_was_lost() -> None:
    setup = AdvanceJobSetup(a_job("completed"), Faults({"PutEvents": ["before"]}))
    with pytest.raises(Unavailable):
        setup.ask("start")
    assert setup.ask("start") == Duplicate(setup.job)
    assert setup.bus.facts == [refused_fact(setup.job, setup.job.refused[0])]


def test_a_copy_of_a_settled_move_resumes_nothing() -> None:
    setup = AdvanceJobSetup(waited_for(a_job("ready_for_pickup")))
    assert setup.ask("confirm", event_id="way-1") == Duplicate(setup.job)
    assert setup.faults.log == [("GetObject", None)] * 2


def test_a_reopened_job_is_followed_by_the_next_generation() -> None:
    setup = AdvanceJobSetup(waited_for(a_job("completed")))
    setup.ask("reopen", reason="Forgot the sofa")
    assert setup.job.status == "in_progress"
    assert setup.job.execution.generation == 1
    assert list(setup.executions.started) == ["main-261121-7k3m2q-g1"]
    assert list(setup.jobs.open_jobs("main")) == ["261121-7k3m2q"]


def test_a_copy_starts_the_next_generation_if_that_was_lost() -> None:
    setup = AdvanceJobSetup(waited_for(a_job("completed")), Faults({"StartExecution": ["before"]}))
    with pytest.raises(Unavailable):
        setup.ask("reopen", reason="Forgot the sofa")
    assert isinstance(setup.ask("reopen", reason="Forgot the sofa"), Duplicate)
    assert list(setup.executions.started) == ["main-261121-7k3m2q-g1"]


def test_a_move_of_an_unknown_job_creates_nothing() -> None:
    setup = AdvanceJobSetup(a_job())
    with pytest.raises(UnknownJob):
        setup.advance(a_request(a_job(job_id="261121-000000"), "confirm"), NOON)
    assert list(setup.jobs.all_ids("main")) == [a_job().job_id]


def test_a_job_takes_no_more_records_than_it_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("statemachine.job.record_limits.MAX_RECORDS", 2)
    setup = AdvanceJobSetup(a_job("in_progress"))
    for number in range(2):
        setup.ask("explode", event_id=f"wild-{number}")
    for move in ("explode", "complete"):  # two refusals, two moves
        with pytest.raises(RecordsFull):
            setup.ask(move)
    assert isinstance(setup.ask("confirm", event_id="way-1"), Duplicate)


def test_a_move_from_the_future_is_refused_on_the_record() -> None:
    setup = AdvanceJobSetup(a_job())
    setup.ask("confirm", occurred_at=NOON + minutes(6))
    assert [(r.event_id, r.why) for r in setup.job.refused] == [("confirm-1", "from_the_future")]


def test_a_reopened_job_is_in_the_index_before_its_execution_starts() -> None:
    """The watchdog may remove an ended job from the index just before the write that reopens it."""
    setup = AdvanceJobSetup(a_job("completed"))

    class RemovesFromIndex(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            self.mark_ended(job.tenant, job.job_id)
            super().replace(job, etag)

    jobs = RemovesFromIndex(setup.bucket)
    AdvanceJob(jobs, setup.executions, setup.bus, slots_on_fakes(jobs), FakeLog(), no_pause)(
        a_request(a_job(), "reopen", reason="wrong address"), NOON
    )
    assert list(setup.jobs.open_jobs("main")) == [a_job().job_id]
    assert [name[-3:] for name in setup.executions.started] == ["-g1"]
