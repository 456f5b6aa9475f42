"""Step 2: a move is committed or refused on the record; only then is anybody told."""

from dataclasses import replace
from typing import Any

import pytest

from events import JobMoveRefused
from functions.advance_job import AdvanceJob, refused_fact
from functions.protocol.ports import TaskOutput, Unavailable, UnknownJob
from statemachine.flows import load_flow
from statemachine.job import SUPERSEDED, Job
from statemachine.lifecycle import Committed, Duplicate, EarlyMoveKept, Refused, Verdict, judge
from statemachine.record_limits import RecordsFull
from tests.functions.creation import left_behind, waited_for
from tests.support.builders import NOON, a_job, a_request, minutes
from tests.support.fakes import Bucket, FakeBus, FakeExecutions, FakeJobs, no_pause
from tests.support.faults import Crashed, Faults, Kind


class Desk:
    """A dispatcher's desk with one job on it."""

    def __init__(self, job: Job, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.bucket = Bucket()
        self.jobs = FakeJobs(self.bucket)
        self.jobs.create(job)
        self.bucket.faults = self.faults
        self.executions, self.bus = FakeExecutions(self.faults), FakeBus(self.faults)
        self.advance = AdvanceJob(self.jobs, self.executions, self.bus, no_pause)

    @property
    def job(self) -> Job:
        return self.jobs.read("main", a_job().job_id).value

    def ask(self, move: str, **values: Any) -> Verdict:
        return self.advance(a_request(a_job(), move, **values), NOON)


def test_a_move_is_committed_and_its_execution_woken() -> None:
    desk = Desk(waited_for(a_job()))
    verdict = desk.ask("confirm")
    assert isinstance(verdict, Committed)
    assert (desk.job, desk.job.status) == (verdict.job, "ready_for_pickup")
    assert desk.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]
    assert desk.bus.facts == []


@pytest.mark.parametrize("crash", [None, 2])
def test_the_deadline_of_a_kept_move_is_in_the_index_before_the_move_is_kept(
    crash: int | None,
) -> None:
    """Also where the process dies right after the write of the job."""
    faults = Faults({"PutObject": [None, None, "crash"]}) if crash else None
    desk = Desk(waited_for(a_job()), faults)
    if crash:
        with pytest.raises(Crashed):
            desk.ask("start")
    else:
        assert isinstance(desk.ask("start"), EarlyMoveKept)
    [early] = desk.job.early
    assert [at for _, at in desk.jobs.open_index("main").due.values()] == [early.until]


def test_the_watchdog_is_told_first_then_comes_the_write_and_the_task_token_last() -> None:
    desk = Desk(waited_for(a_job()))
    desk.ask("confirm")
    assert [operation for operation, _ in desk.faults.log] == [
        "GetObject",
        "PutObject",
        "PutObject",
        "SendTaskSuccess",
    ]
    assert list(desk.bucket.objects)[-1].endswith(f"open/{a_job().job_id}")


def test_a_move_that_no_one_waits_for_yet_is_committed_all_the_same() -> None:
    desk = Desk(a_job())
    assert isinstance(desk.ask("confirm"), Committed)
    assert (desk.job.status, desk.executions.resumed) == ("ready_for_pickup", [])


def test_an_execution_that_lags_is_told_the_next_entry_not_the_last() -> None:
    desk = Desk(left_behind(a_job("ready_for_pickup")))
    desk.ask("start")
    assert desk.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_execution_that_slept_through_the_end_of_its_job_is_sent_to_its_own() -> None:
    """Else it would call the job overdue that another execution follows."""
    desk = Desk(left_behind(a_job("completed")))
    desk.ask("reopen", reason="wrong address")
    assert desk.executions.resumed == [("task-1", TaskOutput(seq=2, to=SUPERSEDED))]
    assert list(desk.executions.started) == [f"main-{a_job().job_id}-g1"]


def test_it_is_sent_there_also_where_the_answer_to_the_write_was_lost() -> None:
    """The second look finds a duplicate, and the job without the wait."""
    desk = Desk(left_behind(a_job("completed")), Faults({"PutObject": [None, "after"]}))
    assert isinstance(desk.ask("reopen", reason="wrong address"), Duplicate)
    assert desk.executions.resumed == [("task-1", TaskOutput(seq=2, to=SUPERSEDED))]


def test_it_is_left_alone_where_the_job_does_not_come_back_after_all() -> None:
    """Timeline: read: may come back · another writes, so that it may not · our PUT meets 412."""
    desk = Desk(left_behind(a_job("completed")))

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            known = self.read("main", job.job_id).value
            if not known.refused:
                refused = judge(known, a_request(known, "reopen"), load_flow("haul"), NOON).job
                super().replace(refused, etag)
            super().replace(job, etag)

    advance = replace(desk.advance, jobs=Meanwhile(desk.bucket))
    request = a_request(a_job(), "reopen", reason="wrong address")
    assert advance(request, NOON) == Duplicate(desk.job)
    assert [answer.to for _, answer in desk.executions.resumed] == ["completed"]


def test_a_refused_move_is_on_the_record_and_announced() -> None:
    desk = Desk(waited_for(a_job("completed")))
    verdict = desk.ask("start")
    assert isinstance(verdict, Refused)
    assert desk.job.refused == (verdict.refusal,)
    assert desk.bus.facts == [refused_fact(desk.job, verdict.refusal)]
    assert (desk.job.status, desk.executions.resumed) == ("completed", [])


def test_a_move_before_its_turn_is_kept_in_silence() -> None:
    desk = Desk(waited_for(a_job()))
    assert isinstance(desk.ask("start"), EarlyMoveKept)
    assert [early.event_id for early in desk.job.early] == ["start-1"]
    assert (desk.bus.facts, desk.executions.resumed) == ([], [])


def test_kept_moves_that_a_move_makes_impossible_are_announced_with_it() -> None:
    desk = Desk(waited_for(a_job()))
    desk.ask("start")
    desk.ask("cancel", reason="Moved away")
    told = [(fact.event_id, fact.why) for fact in desk.bus.announced(JobMoveRefused)]
    assert (told, desk.job.status) == ([("start-1", "illegal_move")], "cancelled")


def test_kept_moves_that_are_now_possible_are_made_with_it() -> None:
    desk = Desk(waited_for(a_job()))
    desk.ask("start")
    desk.ask("confirm")
    assert [entry.event_id for entry in desk.job.ledger] == ["confirm-1", "start-1"]
    assert desk.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_copy_drives_on_what_the_first_left_undone(lost: Kind) -> None:
    """The task token was not resumed, or no one knows whether: the message comes again and rings it."""
    desk = Desk(waited_for(a_job()), Faults({"SendTaskSuccess": [lost]}))
    with pytest.raises(Unavailable):
        desk.ask("confirm")
    committed = desk.job
    assert desk.ask("confirm") == Duplicate(committed)
    assert desk.executions.resumed[-1] == ("task-1", TaskOutput(seq=1, to="ready_for_pickup"))


def test_a_copy_announces_a_refusal_whose_announcement_was_lost() -> None:
    desk = Desk(a_job("completed"), Faults({"PutEvents": ["before"]}))
    with pytest.raises(Unavailable):
        desk.ask("start")
    assert desk.ask("start") == Duplicate(desk.job)
    assert desk.bus.facts == [refused_fact(desk.job, desk.job.refused[0])]


def test_a_copy_of_a_move_long_settled_rings_no_one() -> None:
    desk = Desk(waited_for(a_job("ready_for_pickup")))
    assert desk.ask("confirm", event_id="way-1") == Duplicate(desk.job)
    assert desk.faults.log == [("GetObject", None)] * 2


def test_a_job_that_is_brought_back_is_followed_by_the_next_generation() -> None:
    desk = Desk(waited_for(a_job("completed")))
    desk.ask("reopen", reason="Forgot the sofa")
    assert (desk.job.status, desk.job.execution.generation) == ("in_progress", 1)
    assert list(desk.executions.started) == ["main-261121-7k3m2q-g1"]
    assert list(desk.jobs.open_jobs("main")) == ["261121-7k3m2q"]


def test_a_copy_starts_the_next_generation_where_that_was_lost() -> None:
    desk = Desk(waited_for(a_job("completed")), Faults({"StartExecution": ["before"]}))
    with pytest.raises(Unavailable):
        desk.ask("reopen", reason="Forgot the sofa")
    assert isinstance(desk.ask("reopen", reason="Forgot the sofa"), Duplicate)
    assert list(desk.executions.started) == ["main-261121-7k3m2q-g1"]


def test_a_job_no_one_knows_is_not_made_up() -> None:
    desk = Desk(a_job())
    with pytest.raises(UnknownJob):
        desk.advance(a_request(a_job(job_id="261121-000000"), "confirm"), NOON)
    assert list(desk.jobs.all_ids("main")) == [a_job().job_id]


def test_a_job_takes_no_more_records_than_it_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("statemachine.lifecycle.MAX_RECORDS", 2)
    desk = Desk(a_job("in_progress"))
    for number in range(2):
        desk.ask("explode", event_id=f"wild-{number}")
    for move in ("explode", "complete"):  # two refusals, two moves
        with pytest.raises(RecordsFull):
            desk.ask(move)
    assert isinstance(desk.ask("confirm", event_id="way-1"), Duplicate)


def test_a_move_from_the_future_is_refused_on_the_record() -> None:
    desk = Desk(a_job())
    desk.ask("confirm", occurred_at=NOON + minutes(6))
    assert [(r.event_id, r.why) for r in desk.job.refused] == [("confirm-1", "from_the_future")]


def test_before_a_job_that_was_brought_back_gets_its_execution_it_is_in_the_index() -> None:
    """The watchdog may let an ended job go between the mark and the write that reopens it."""
    desk = Desk(a_job("completed"))

    class LetsGo(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            self.mark_ended(job.tenant, job.job_id)
            super().replace(job, etag)

    AdvanceJob(LetsGo(desk.bucket), desk.executions, desk.bus, no_pause)(
        a_request(a_job(), "reopen", reason="wrong address"), NOON
    )
    assert list(desk.jobs.open_jobs("main")) == [a_job().job_id]
    assert [name[-3:] for name in desk.executions.started] == ["-g1"]
