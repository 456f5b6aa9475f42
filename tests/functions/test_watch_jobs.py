"""Step 9: the watchdog finds what got lost, and repairs it no more often than needed."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from events import JobMoveRefused, JobOverdue, JobRepaired, JobStuck
from functions.messages.expected_messages import text_name
from functions.messages.webhook_schedule import WebhookAttempt
from functions.protocol.ports import TaskOutput, Unavailable, UnknownJob
from functions.publish_board import PublishBoard
from functions.repair.job_selection import GRACE, MESSAGES, SUSPECT
from functions.repair.repair_business import MANY, measure_ages
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.repair_execution import DEAF, TRIES
from functions.repair.requests import ExecutionEnded, RepairReport, RoundReport
from functions.watch_jobs import WatchJobs
from statemachine.business import BusinessSettings
from statemachine.deliveries import Attempt, Delivery
from statemachine.flows import UnknownStatus, load_flow
from statemachine.ids import digest_of
from statemachine.job import LATE, LATEST, Execution, Job, Repair, RepairRecord, Schedule
from statemachine.lifecycle import KeptEarly, judge
from statemachine.views import Board, View, card_of, view_of
from tests.functions.creation import a_wait, left_behind, waited_for
from tests.support.builders import NOON, a_job, a_request, minutes, moved
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeBus,
    FakeExecutions,
    FakeJobs,
    FakeLog,
    FakeStuck,
    FakeTenants,
    FakeViews,
    board_key,
    job_key,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, EveryCall, Faults, Kind
from tests.support.message_fakes import FakeDeliveries, FakeEndpoints, FakeLater, FakeMetrics

HAUL = load_flow("haul")
SOON, LATER, MUCH_LATER = NOON + GRACE / 2, NOON + GRACE, NOON + SUSPECT + GRACE
JOB_ID = a_job().job_id
NAME = f"main-{JOB_ID}-g0"


def a_text(job: Job, **values: Any) -> Delivery:
    """The text about its present status, held."""
    return Delivery.model_validate(
        {
            "name": text_name(job, str(job.seq)),
            "state": "held",
            "to": "•••0123",
            "created_at": NOON,
            "updated_at": NOON,
            **values,
        }
    )


class Yard:
    """Open jobs, each with its view and its card as they should be, and the watchdog."""

    def __init__(self, *jobs: Job, running: bool = True, texted: bool = True) -> None:
        self.bucket, self.faults = Bucket(), Faults()
        self.jobs, self.views = FakeJobs(self.bucket), FakeViews(self.bucket)
        self.boards, self.bus = FakeBoards(self.bucket), FakeBus()
        self.executions, self.metrics = FakeExecutions(), FakeMetrics()
        self.dead_letters: dict[str, int] = {}
        shown = Board().merged(card_of(job, load_flow(job.flow)) for job in jobs)
        self.boards.write("main", shown, None)
        for job in jobs:
            self.jobs.create(job)
            self.jobs.mark_open("main", job.job_id)
            self.views.write(digest_of(job.token), view_of(job, load_flow(job.flow)), None)
            self.executions.start(job.flow, "main", job.job_id, job.execution.generation)
        if not running:
            self.executions.running.clear()
        self.deliveries, self.endpoints = FakeDeliveries(self.bucket), FakeEndpoints(self.bucket)
        for job in jobs if texted else ():
            self.deliveries.create(a_text(job).end("sent", NOON))
        self.beset_by(Faults())
        self.stuck, self.slow, self.texts = FakeStuck(self.bucket), FakeLater(), FakeLater()
        self.watch = WatchJobs(
            self.jobs,
            self.views,
            self.executions,
            self.bus,
            FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway")),
            PublishBoard(self.jobs, self.boards, no_pause),
            self.stuck,
            self._messages(),
            self.metrics,
            lambda: self.dead_letters,
            no_pause,
        )

    def _messages(self) -> RepairDeliveries:
        return RepairDeliveries(
            self.deliveries, self.endpoints, self.texts, self.slow, self.bus, self.metrics,
            FakeLog(), no_pause,
        )  # fmt: skip

    def beset_by(self, faults: Faults) -> None:
        self.faults = self.bucket.faults = self.executions.faults = self.bus.faults = faults

    def add(self, job: Job) -> None:
        """An open job of which nothing is shown yet."""
        self.jobs.create(job)
        self.jobs.mark_open("main", job.job_id)

    def job(self, job_id: str = JOB_ID) -> Job:
        return self.jobs.read("main", job_id).value

    def round(
        self, now: datetime, full: bool = False, ask_executions: bool = False
    ) -> dict[str, list[Repair]]:
        return self.watch.round(now, ask_executions, full).repaired

    def open(self) -> list[str]:
        return list(self.jobs.open_jobs("main"))


def ended(generation: int = 0, status: str = "ABORTED") -> ExecutionEnded:
    who = f'{{"tenant": "main", "job_id": "{JOB_ID}"}}'
    name = f"main-{JOB_ID}-g{generation}"
    return ExecutionEnded.model_validate({"name": name, "status": status, "input": who})


# -- executions


def test_a_job_that_waits_rightly_is_left_alone_and_no_one_is_asked_about_it() -> None:
    yard = Yard(waited_for(a_job()))
    assert yard.round(MUCH_LATER) == {}
    assert (yard.faults.calls("DescribeExecution"), yard.faults.calls("PutObject")) == (0, 0)


def test_a_task_token_that_was_lost_is_resumed_after_a_while() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    assert yard.round(SOON) == {}
    assert yard.round(LATER) == {JOB_ID: ["resumed"]}
    assert yard.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_execution_that_was_never_started_is_started_after_a_while() -> None:
    yard = Yard(a_job(), running=False)
    yard.executions.started.clear()
    assert yard.round(SOON) == {}
    assert yard.round(LATER) == {JOB_ID: ["started"]}
    assert list(yard.executions.started) == [NAME]


def test_an_execution_that_takes_its_time_is_not_taken_for_one_that_was_never_started() -> None:
    assert Yard(a_job()).round(LATER) == {}


def test_a_job_that_stands_still_gets_a_successor_if_its_execution_is_dead() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    assert yard.round(MUCH_LATER) == {JOB_ID: ["replaced"]}
    assert yard.job().execution == Execution(generation=1, seq=0, since=MUCH_LATER)
    assert (yard.job().wait, yard.executions.running) == (None, {f"main-{JOB_ID}-g1"})


def test_a_job_that_stands_still_keeps_its_execution_while_that_runs() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    assert yard.round(MUCH_LATER) == {JOB_ID: ["resumed"]}
    assert yard.job().execution.generation == 0


def test_a_round_that_asks_finds_the_dead_among_those_that_seem_well() -> None:
    """After a restart of the laptop engine no execution is left."""
    yard = Yard(waited_for(a_job()), running=False)
    assert yard.round(MUCH_LATER) == {}
    assert yard.round(LATER, ask_executions=True) == {JOB_ID: ["replaced"]}


def test_two_watchdogs_raise_one_generation_and_start_one_successor() -> None:
    """Timeline: both find it dead · one raises the generation · the other meets 412 and reads."""
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            if yard.job().execution.generation == 0:
                yard.round(MUCH_LATER)
            super().replace(job, etag)

    second = replace(yard.watch, jobs=Meanwhile(yard.bucket))
    assert second.round(MUCH_LATER).repaired == {JOB_ID: ["replaced"]}
    assert yard.job().execution.generation == 1
    assert list(yard.executions.started) == [NAME, f"main-{JOB_ID}-g1"]


def test_a_watchdog_that_comes_too_late_leaves_the_wait_of_the_successor_alone() -> None:
    """Timeline: both find it dead · one replaces it · the successor waits · the other writes."""
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    successor = a_wait(1, "task-2", generation=1, entered_at=MUCH_LATER)

    class Meanwhile(FakeExecutions):
        def is_running(self, *who: Any) -> bool:
            if yard.job().execution.generation == 0:
                yard.round(MUCH_LATER)
                etag = yard.jobs.read("main", JOB_ID).etag
                yard.jobs.replace(yard.job().bookkept(wait=successor), etag)
            return False

    replace(yard.watch, executions=Meanwhile()).round(MUCH_LATER)
    assert (yard.job().wait, yard.job().execution.generation) == (successor, 1)


def test_a_successor_whose_start_was_lost_is_started_by_the_next_round() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    yard.beset_by(Faults({"StartExecution": ["before"]}))
    with pytest.raises(Unavailable):
        yard.round(MUCH_LATER)
    assert yard.round(MUCH_LATER + GRACE) == {JOB_ID: ["started"]}
    assert yard.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_whose_token_was_lost_is_stopped_and_gets_a_successor() -> None:
    yard = Yard(waited_for(a_job()))
    stored = yard.jobs.read("main", JOB_ID)
    yard.jobs.replace(stored.value.bookkept(wait=None), stored.etag)
    assert yard.round(NOON + DEAF) == {}
    assert yard.round(NOON + DEAF + minutes(1)) == {JOB_ID: ["replaced"]}
    assert yard.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_that_does_not_hear_its_task_token_is_stopped_and_gets_a_successor() -> None:
    """The token in the object is not the one it waits with; Step Functions does not say so."""
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    assert yard.round(LATER) == {JOB_ID: ["resumed"]}
    assert yard.round(NOON + DEAF + minutes(1)) == {JOB_ID: ["replaced"]}
    assert yard.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_is_resumed_before_it_is_taken_for_deaf() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    assert yard.round(NOON + DEAF + minutes(1)) == {JOB_ID: ["resumed"]}


# -- the news that an execution has ended badly


def test_an_execution_stopped_by_hand_gets_a_successor_at_once() -> None:
    yard = Yard(waited_for(a_job()), running=False)
    assert yard.watch.ended(ended(), SOON)
    assert yard.executions.running == {f"main-{JOB_ID}-g1"}


def test_the_same_news_twice_is_one_successor() -> None:
    yard = Yard(waited_for(a_job()), running=False)
    assert [yard.watch.ended(ended(), SOON) for _ in range(2)] == [True, False]
    assert yard.job().execution.generation == 1


@pytest.mark.parametrize(
    "job",
    [
        waited_for(a_job(), generation=1),
        moved(a_job("in_progress"), "complete").with_(execution=Execution(seq=3, since=NOON)),
    ],
    ids=["superseded", "settled"],
)
def test_the_end_of_an_execution_that_is_not_needed_is_no_news(job: Job) -> None:
    assert not Yard(job).watch.ended(ended(), SOON)


def test_an_execution_that_dies_before_it_waits_is_left_to_the_rounds() -> None:
    """Else a fault that kills every successor would start them as fast as they die."""
    yard = Yard(a_job(execution=Execution(generation=1, since=NOON)), running=False)
    assert not yard.watch.ended(ended(generation=1), SOON)
    assert yard.round(MUCH_LATER) == {JOB_ID: ["replaced"]}


def test_news_of_a_job_no_one_knows_says_so() -> None:
    with pytest.raises(UnknownJob):
        Yard().watch.ended(ended(), SOON)


# -- what is derived


def test_a_view_that_is_behind_is_written() -> None:
    job = waited_for(moved(a_job(), "confirm"))
    yard = Yard(job)
    key = f"t/{digest_of(job.token)}.json"
    for lost in (b"<html>", None):
        yard.bucket.objects.pop(key)
        if lost:
            yard.bucket.objects[key] = lost
        assert yard.round(LATER) == {JOB_ID: ["view written"]}
        assert parsed(View, yard.bucket.objects[key]) == view_of(job, HAUL)


def test_a_card_that_is_behind_is_written() -> None:
    yard = Yard(waited_for(a_job()))
    good = yard.bucket.objects[board_key("main")]
    yard.bucket.objects[board_key("main")] = Board().to_bytes()
    assert yard.round(LATER) == {JOB_ID: ["card written"]}
    assert yard.bucket.objects[board_key("main")] == good


def test_a_board_no_one_can_read_is_rebuilt_and_that_is_told() -> None:
    yard = Yard(waited_for(a_job()))
    good = yard.bucket.objects[board_key("main")]
    yard.bucket.objects[board_key("main")] = b"not json"
    assert yard.watch.round(LATER) == RoundReport(looked_at=1, boards=["main"])
    assert yard.bucket.objects[board_key("main")] == good
    assert yard.metrics.counted["BoardsRebuilt"] == 1


def test_a_board_that_has_lost_many_cards_gets_them_back_at_once() -> None:
    """And no job's record tells of it: it is the board's trouble."""
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(MANY + 1)]
    yard = Yard(*jobs)
    good = yard.bucket.objects[board_key("main")]
    yard.boards.overwrite("main", Board())
    found = yard.watch.round(LATER)
    assert (found.boards, found.repaired) == (["main"], {})
    assert yard.bucket.objects[board_key("main")] == good


# -- moves that came before their turn


def keeping(job: Job) -> Job:
    kept = judge(job, a_request(job, "start"), HAUL, NOON)
    assert isinstance(kept, KeptEarly)
    return waited_for(kept.job)


@pytest.mark.parametrize("lost", [None, "PutObject"])
def test_a_kept_move_is_refused_and_announced_when_its_time_is_up(lost: str | None) -> None:
    yard = Yard(keeping(a_job()))
    assert yard.round(NOON + minutes(14)) == {}
    yard.beset_by(Faults({lost: ["after"]} if lost else {}))
    assert yard.round(NOON + minutes(15)) == {JOB_ID: ["refused late"]}
    told = [f.event_id for f in yard.bus.told(JobMoveRefused)]
    assert (told, yard.job().early) == (["start-1"], ())
    assert [refusal.why for refusal in yard.job().refused] == ["kept_too_long"]


# -- jobs that have ended


def completed(job: Job | None = None) -> Job:
    job = moved(job or a_job("in_progress"), "complete")
    return job.with_(execution=Execution(seq=job.seq, since=NOON))


def test_an_ended_job_is_let_go_when_nothing_is_left_to_repair() -> None:
    yard = Yard(completed())
    yard.bucket.objects[board_key("main")] = Board().to_bytes()
    assert (yard.round(LATER), yard.open()) == ({JOB_ID: ["card written"]}, [JOB_ID])
    assert (yard.round(NOON + MESSAGES / 2), yard.open()) == ({}, [JOB_ID])
    assert (yard.round(NOON + MESSAGES), yard.open()) == ({}, [])


def test_an_ended_job_that_is_shown_no_more_is_let_go() -> None:
    yard = Yard(completed())
    assert (yard.round(NOON + minutes(60 * 49)), yard.open()) == ({}, [])


def test_an_ended_job_that_no_one_settled_is_kept_in_sight() -> None:
    yard = Yard(left_behind(a_job("completed")))
    assert yard.round(LATER) == {JOB_ID: ["resumed"]}
    assert yard.open() == [JOB_ID]


def test_a_job_that_is_brought_back_at_that_very_moment_stays_in_sight() -> None:
    """Timeline: watchdog reads: ended · a dispatcher brings it back · watchdog lets it go."""
    yard = Yard(completed())

    class Meanwhile(FakeJobs):
        def mark_ended(self, tenant: str, job_id: str) -> None:
            stored = self.read(tenant, job_id)
            self.replace(moved(stored.value, "reopen"), stored.etag)
            self.mark_open(tenant, job_id)
            super().mark_ended(tenant, job_id)

    replace(yard.watch, jobs=Meanwhile(yard.bucket)).round(NOON + MESSAGES)
    assert (yard.open(), yard.job().status) == ([JOB_ID], "in_progress")


# -- one job's trouble


def test_the_trouble_with_one_job_is_told_and_does_not_stop_the_round() -> None:
    first, second = (
        left_behind(a_job("ready_for_pickup", job_id=f"261121-00000{n}", token=str(n) * 22))
        for n in (1, 2)
    )
    yard = Yard(first, second)
    yard.beset_by(Faults({"SendTaskSuccess": ["before"]}))
    with pytest.raises(Unavailable, match="261121-000001"):
        yard.round(LATER)
    assert len(yard.executions.resumed) == 1
    assert yard.metrics.counted["WatchRounds"] == 0
    yard.round(LATER)
    assert yard.metrics.counted["WatchRounds"] == 1


def test_an_index_entry_whose_job_was_never_stored_goes_after_a_day() -> None:
    yard = Yard()
    yard.jobs.mark_open("main", "261121-000009")
    assert (yard.round(NOON + minutes(24 * 60)), yard.open()) == ({}, ["261121-000009"])
    assert (yard.round(NOON + minutes(24 * 60 + 1)), yard.open()) == ({}, [])


# -- what is recorded and told


def test_a_repair_is_recorded_and_announced_once() -> None:
    yard = Yard(waited_for(a_job()))
    yard.bucket.delete(f"t/{digest_of(a_job().token)}.json")
    yard.round(LATER)
    yard.round(MUCH_LATER)
    assert yard.job().repaired == (RepairRecord(repairs=("view written",), at=LATER),)
    assert yard.bus.facts == [
        JobRepaired(
            tenant="main",
            job_id=JOB_ID,
            flow="haul",
            recorded_at=LATER,
            repairs=("view written",),
            rev=1,
        )
    ]
    assert yard.metrics.counted == {"WatchRounds": 2, "Repairs": 1}


def test_what_has_to_be_done_again_in_one_status_is_told_once() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    for number in range(5):
        assert yard.round(LATER + minutes(number)) == {JOB_ID: ["resumed"]}
    assert [done.repairs for done in yard.job().repaired] == [("resumed",)]
    assert len(yard.bus.facts) == 1


def test_a_successor_is_recorded_in_the_write_that_makes_way_for_it() -> None:
    yard = Yard(waited_for(a_job()), running=False)
    assert yard.watch.ended(ended(), LATER)
    versions = yard.bucket.versions[job_key("main", JOB_ID)]
    assert len(versions) == 2
    assert yard.job().repaired == (RepairRecord(repairs=("replaced",), at=LATER),)
    assert [fact.repairs for fact in yard.bus.told(JobRepaired)] == [("replaced",)]


@pytest.mark.parametrize("fault", ["after", "dup"])
def test_a_record_whose_answer_is_lost_is_there_once(fault: Kind) -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")))
    yard.beset_by(Faults({"PutObject": [fault]}))
    yard.round(LATER)
    assert [done.repairs for done in yard.job().repaired] == [("resumed",)]


def test_a_job_keeps_its_latest_repairs_only() -> None:
    job = a_job()
    for number in range(LATEST + 3):
        job = job.with_(repaired=job.with_repairs(("resumed",), NOON + minutes(number)))
    assert [done.at for done in job.repaired] == [NOON + minutes(n + 3) for n in range(LATEST)]


# -- a wait that is over and was not renewed

LIMIT = minutes(HAUL.initial.limit_minutes or 0)


def test_an_execution_that_vanished_is_found_when_it_ought_to_have_said_overdue() -> None:
    yard = Yard(waited_for(a_job()), running=False)
    assert yard.round(NOON + LIMIT) == {}
    over = NOON + LIMIT + SUSPECT + minutes(1)
    assert yard.round(over) == {JOB_ID: ["replaced"]}
    assert [(fact.status, fact.seq) for fact in yard.bus.told(JobOverdue)] == [
        ("pending_pickup", 0)
    ]


# -- a job that is late by its arrival window, of which its execution knows nothing

WINDOW_END = NOON + minutes(600)
MISSED = WINDOW_END + minutes(HAUL.status("ready_for_pickup").late_minutes or 0)


def expected(hears_late: bool = True) -> Job:
    """A confirmed job with its window, waited for."""
    ready = a_job("ready_for_pickup", schedule=Schedule(window_end=WINDOW_END))
    job = waited_for(ready)
    assert job.wait
    return job.with_(wait=job.wait.with_(hears_late=hears_late))


def test_an_execution_is_resumed_when_its_job_has_missed_the_window() -> None:
    yard = Yard(expected())
    yard.round(MISSED - minutes(1))
    assert yard.executions.resumed == []
    assert yard.round(MISSED) == {}
    assert yard.executions.resumed == [("task-1", TaskOutput(seq=1, to=LATE))]
    assert (yard.bus.facts, yard.job()) == ([], expected())


def test_an_execution_that_is_gone_by_then_has_a_successor_which_is_resumed() -> None:
    yard = Yard(expected(), running=False)
    assert yard.round(MISSED) == {JOB_ID: ["replaced"]}
    job = yard.job()
    wait = a_wait(1, "task-2", generation=1, entered_at=MISSED).with_(hears_late=True)
    yard.jobs.replace(job.bookkept(wait=wait), yard.jobs.read("main", JOB_ID).etag)
    yard.round(MISSED + minutes(1))
    assert yard.executions.resumed == [("task-2", TaskOutput(seq=1, to=LATE))]


def test_an_execution_that_has_said_so_is_resumed_again_only_after_its_limit() -> None:
    told = a_wait(1, entered_at=MISSED).with_(hears_late=True, told_late=True)
    yard = Yard(expected().with_(wait=told))
    yard.round(MISSED + minutes(5))
    assert yard.executions.resumed == []
    again = a_wait(1, "task-2", entered_at=MISSED + minutes(1440)).with_(hears_late=True)
    yard.jobs.replace(yard.job().bookkept(wait=again), yard.jobs.read("main", JOB_ID).etag)
    yard.round(MISSED + minutes(1441))
    assert yard.executions.resumed == [("task-2", TaskOutput(seq=1, to=LATE))]


def test_an_execution_of_an_older_version_is_not_told_what_it_would_not_understand() -> None:
    yard = Yard(expected(hears_late=False))
    assert yard.round(MISSED) == {}
    assert yard.executions.resumed == []


def test_a_lost_execution_of_a_job_whose_window_is_to_come_says_nothing_of_late() -> None:
    job = expected().with_(schedule=Schedule(window_end=NOON + minutes(7 * 24 * 60)))
    yard = Yard(job, running=False)
    limit = minutes(HAUL.status("ready_for_pickup").limit_minutes or 0)
    assert yard.round(NOON + limit + SUSPECT + minutes(1)) == {JOB_ID: ["replaced"]}
    assert yard.bus.told(JobOverdue) == []


def test_a_job_whose_execution_runs_on_over_its_time_is_left_to_it() -> None:
    yard = Yard(waited_for(a_job()))
    assert yard.round(NOON + LIMIT + SUSPECT + minutes(1)) == {}
    assert yard.bus.facts == []


# -- where a person is needed


def test_an_object_no_one_can_read_is_left_as_it_is_and_a_person_is_called_once() -> None:
    yard = Yard(waited_for(a_job()))
    yard.bucket.objects[job_key("main", JOB_ID)] = b"{"
    for number in range(3):
        assert yard.round(LATER + minutes(number)) == {}
    assert (yard.bucket.objects[job_key("main", JOB_ID)], yard.open()) == (b"{", [JOB_ID])
    told = JobStuck(tenant="main", job_id=JOB_ID, why="corrupt", recorded_at=LATER)
    assert (yard.bus.facts, yard.metrics.counted["JobsStuck"]) == ([told], 1)
    assert [(stuck.job_id, stuck.since) for stuck in yard.stuck.all("main")] == [(JOB_ID, LATER)]


def test_a_call_that_was_cut_short_is_made_again_rather_than_never() -> None:
    yard = Yard(waited_for(a_job()))
    yard.bucket.objects[job_key("main", JOB_ID)] = b"{"
    yard.beset_by(Faults({"PutObject": ["before"]}))
    yard.round(LATER)
    assert (len(yard.bus.facts), yard.stuck.all("main")) == (1, [])
    yard.round(LATER + minutes(1))
    assert (len(yard.bus.facts), len(yard.stuck.all("main"))) == (2, 1)


def test_once_the_object_is_repaired_the_job_is_stuck_no_more() -> None:
    yard = Yard(waited_for(a_job()))
    good = yard.bucket.objects[job_key("main", JOB_ID)]
    yard.bucket.objects[job_key("main", JOB_ID)] = b"{"
    yard.round(LATER)
    yard.bucket.objects[job_key("main", JOB_ID)] = good
    assert (yard.round(MUCH_LATER), yard.stuck.all("main")) == ({}, [])


FROM_LATER = {"unknown status": {"status": "loading"}, "unknown flow": {"flow": "piano"}}


@pytest.mark.parametrize("later", FROM_LATER.values(), ids=FROM_LATER)
def test_a_job_from_a_version_that_was_rolled_back_calls_a_person_once_and_stops_no_one(
    later: dict[str, str],
) -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup", job_id="261121-zzzzzz", token="z" * 22)))
    yard.add(waited_for(a_job().with_(**later)))
    for number in range(2):
        assert yard.round(LATER + minutes(number)) == {"261121-zzzzzz": ["resumed"]}
    told = JobStuck(tenant="main", job_id=JOB_ID, why="unknown_status", recorded_at=LATER)
    assert yard.bus.told(JobStuck) == [told]
    assert (yard.metrics.counted["JobsStuck"], len(yard.stuck.all("main"))) == (1, 1)


def test_a_board_is_made_again_without_the_job_whose_status_this_version_does_not_have() -> None:
    yard = Yard(waited_for(a_job(job_id="261121-zzzzzz")))
    good = yard.bucket.objects[board_key("main")]
    yard.add(a_job().with_(status="loading"))
    yard.bucket.objects[board_key("main")] = b"{"
    assert yard.watch.round(LATER).boards == ["main"]
    assert yard.bucket.objects[board_key("main")] == good


def test_a_job_whose_status_is_known_again_goes_on() -> None:
    yard = Yard()
    yard.add(waited_for(a_job().with_(status="loading")))
    yard.round(LATER)
    stored = yard.jobs.read("main", JOB_ID)
    yard.jobs.replace(stored.value.bookkept(status="pending_pickup"), stored.etag)
    yard.round(MUCH_LATER)
    assert yard.stuck.all("main") == []


def test_the_end_of_an_execution_whose_status_is_unknown_is_left_to_the_rounds() -> None:
    yard = Yard()
    yard.add(waited_for(a_job().with_(status="loading")))
    assert not yard.watch.ended(ended(), SOON)
    with pytest.raises(UnknownStatus):
        yard.watch.repair("main", JOB_ID, LATER)


def test_of_a_job_that_is_erased_nothing_stays_stuck() -> None:
    yard = Yard(waited_for(a_job()))
    yard.bucket.objects[job_key("main", JOB_ID)] = b"{"
    yard.round(LATER)
    yard.bucket.delete(job_key("main", JOB_ID))
    assert (yard.round(MUCH_LATER), yard.stuck.all("main")) == ({}, [])


def generations_of_a_doomed_job(yard: Yard, rounds: int) -> list[int]:
    """The generation after each minute; every execution dies before it waits."""
    seen = []
    for number in range(rounds):
        yard.round(MUCH_LATER + minutes(number))
        yard.executions.running.clear()
        seen.append(yard.job().execution.generation)
    return seen


def test_a_job_that_keeps_failing_calls_a_person_and_is_then_tried_once_an_hour() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    seen = generations_of_a_doomed_job(yard, 240)
    assert seen[59] == TRIES
    assert seen[-1] in (TRIES + 2, TRIES + 3)
    assert [fact.why for fact in yard.bus.told(JobStuck)] == ["keeps_failing"]


def test_a_job_that_goes_again_is_stuck_no_more() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(yard, 60)
    stored = yard.jobs.read("main", JOB_ID)
    yard.jobs.replace(waited_for(stored.value, generation=TRIES), stored.etag)
    yard.executions.running.add(f"main-{JOB_ID}-g{TRIES}")
    assert (yard.round(NOON + minutes(70)), yard.stuck.all("main")) == ({}, [])


def test_the_mark_stays_while_only_an_older_generation_waits() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(yard, 60)
    stored = yard.jobs.read("main", JOB_ID)
    older = a_wait(1, "task-9", generation=TRIES - 1, entered_at=NOON + minutes(60))
    yard.jobs.replace(stored.value.bookkept(wait=older), stored.etag)
    yard.round(NOON + minutes(61))
    assert [stuck.why for stuck in yard.stuck.all("main")] == ["keeps_failing"]


def test_an_execution_that_is_stopped_again_and_again_calls_a_person_too() -> None:
    yard = Yard(waited_for(a_job()), running=False)
    news = []
    for generation in range(TRIES + 1):
        stored = yard.jobs.read("main", JOB_ID)
        yard.jobs.replace(waited_for(stored.value, generation=generation), stored.etag)
        yard.executions.running.clear()
        news.append(yard.watch.ended(ended(generation), LATER + minutes(generation)))
    assert news == [True] * TRIES + [False]
    assert [stuck.why for stuck in yard.stuck.all("main")] == ["keeps_failing"]
    assert yard.round(NOON + minutes(30)) == {}
    assert yard.round(NOON + minutes(70)) == {JOB_ID: ["replaced"]}


def test_whoever_asks_for_a_job_gets_a_try_at_once() -> None:
    yard = Yard(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(yard, 60)
    assert yard.watch.repair("main", JOB_ID, NOON + minutes(65)) == ["replaced"]


def test_of_many_jobs_those_that_no_one_can_help_do_not_stop_the_others() -> None:
    """And one that was erased meanwhile needs nothing."""
    ids = [f"261121-00000{n}" for n in range(3)]
    jobs = [left_behind(a_job("ready_for_pickup", job_id=i, token=i[-1] * 22)) for i in ids]
    yard = Yard(*jobs, running=False)
    yard.bucket.objects[job_key("main", ids[0])] = b"{"
    yard.executions.running.add(f"main-{ids[2]}-g0")
    done = yard.watch.repair_some("main", [*ids, "261121-zzzzzz"], MUCH_LATER)
    why = f"Corrupt: {job_key('main', ids[0])} is not a Job"
    repaired: dict[str, list[Repair]] = {ids[1]: ["replaced"], ids[2]: ["resumed"]}
    assert done == RepairReport(repaired=repaired, failed={ids[0]: why})


# -- messages that were claimed and never marked


def a_claim(channel: str, **values: Any) -> Delivery:
    name = {"tenant": "main", "about": JOB_ID, "mark": "1", "recipient": "customer"}
    fact = {"type": "job.moved", "timestamp": "2026-11-21T12:00:00.000Z", "data": {"seq": 1}}
    known = {"state": "waiting", "to": "x", "created_at": NOON, "updated_at": NOON, "fact": fact}
    draft = Delivery.model_validate({"name": {**name, "channel": channel}, **known, **values})
    return draft.claimed("lost", NOON)


def keep(yard: Yard, *deliveries: Delivery) -> None:
    for delivery in deliveries:
        FakeDeliveries(yard.bucket).create(delivery)


def test_a_text_that_was_claimed_and_never_marked_is_given_up_with_an_alarm() -> None:
    """No one knows whether the customer got it; he does not get it twice."""
    yard = Yard(waited_for(a_job()), texted=False)
    keep(yard, a_text(a_job()).claimed("lost", NOON))
    assert yard.round(NOON + MESSAGES / 2) == {}
    assert yard.round(NOON + MESSAGES) == {JOB_ID: ["text given up"]}
    assert yard.round(NOON + MESSAGES + minutes(1)) == {}
    [delivery] = FakeDeliveries(yard.bucket).about("main", JOB_ID)
    assert (delivery.state, delivery.why) == ("unknown", "claim_expired")
    assert yard.metrics.counted["SmsOutcomeUnknown"] == 1


def test_a_webhook_of_an_ended_job_is_given_time_before_it_is_sent_once_more() -> None:
    """No one delivers, and the job is not let go meanwhile."""
    yard = Yard(completed())
    keep(yard, a_claim("webhook", attempts=(Attempt(at=NOON, outcome="500"),)))
    begun = NOON + MESSAGES + minutes(2)
    sent = [n for n in range(30) if yard.round(begun + minutes(n))]
    assert sent == [0, 12, 24]
    assert yard.open() == [JOB_ID]


def test_a_webhook_that_was_claimed_and_never_marked_is_sent_again_under_its_id() -> None:
    yard = Yard(waited_for(a_job()))
    tried = (Attempt(at=NOON, outcome="500"),)
    claim = a_claim("webhook", attempts=tried)
    keep(yard, claim)
    assert yard.round(NOON + MESSAGES) == {JOB_ID: ["webhook sent again"]}
    [(body, delay_s)] = yard.slow.taken()
    due = WebhookAttempt.model_validate(json.loads(body)["detail"])
    assert (due.name, due.attempt, delay_s) == (claim.name, 1, 0)


def test_messages_that_came_to_their_end_are_left_alone_also_those_of_an_ended_job() -> None:
    yard = Yard(completed())
    keep(yard, a_claim("sms").end("sent", NOON))
    assert (yard.round(NOON + MESSAGES), yard.open()) == ({}, [])


def test_an_ended_job_stays_in_sight_until_its_messages_are_sent() -> None:
    yard = Yard(completed())
    keep(yard, a_claim("sms"))
    assert yard.round(NOON + MESSAGES) == {JOB_ID: ["text given up"]}


def test_an_ended_job_is_not_let_go_before_someone_asked_about_its_messages() -> None:
    """Timeline: round at minute 11 · none at 12 and 13, for a deployment · round at 14."""
    yard = Yard(completed())
    keep(yard, a_claim("sms"))
    assert (yard.round(NOON + minutes(11)), yard.open()) == ({}, [JOB_ID])
    assert yard.round(NOON + minutes(14)) == {JOB_ID: ["text given up"]}
    assert (yard.round(NOON + minutes(15)), yard.open()) == ({}, [])


# -- dead letters


def test_messages_that_were_given_up_are_told_in_every_round() -> None:
    yard = Yard()
    yard.dead_letters = {"advance-job": 2, "edit-job": 0, "publish-board": 1}
    for _ in range(2):
        found = yard.watch.round(LATER)
        assert found.dead_letters == {"advance-job": 2, "publish-board": 1}
    assert yard.metrics.measured["DeadLetters"] == [3, 3]


def test_without_dead_letters_nothing_is_told() -> None:
    yard = Yard()
    yard.dead_letters = {"advance-job": 0}
    assert (yard.watch.round(LATER), yard.metrics.measured) == (RoundReport(), {})


# -- what a round costs


def test_a_round_over_many_healthy_jobs_reads_few_of_them_and_writes_nothing() -> None:
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(3_000)]
    yard = Yard(*jobs)
    now = NOON + minutes(30)
    found = yard.watch.round(now)
    assert (found.repaired, found.looked_at < 100) == ({}, True)
    calls = Counter(operation for operation, _ in yard.faults.log)
    assert calls == {"ListObjectsV2": 4, "GetObject": 1 + 2 * found.looked_at}


def test_jobs_that_have_ended_cost_a_round_nothing() -> None:
    yard = Yard(waited_for(a_job()))
    for number in range(200):
        yard.jobs.create(completed(a_job("in_progress", job_id=f"261120-{number:06d}")))
    yard.beset_by(Faults())
    yard.round(MUCH_LATER)
    calls = Counter(operation for operation, _ in yard.faults.log)
    assert calls == {"ListObjectsV2": 4, "GetObject": 3}


def test_a_successor_is_looked_at_soon_however_many_jobs_there_are() -> None:
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(3_000)]
    yard = Yard(*jobs, a_job(execution=Execution(generation=1, since=NOON)), running=False)
    yard.bucket.clock = lambda: NOON + minutes(20)
    assert not yard.watch.ended(ended(generation=1), NOON + minutes(20))
    assert yard.round(NOON + minutes(21)) == {JOB_ID: ["replaced"]}


LOSSES: dict[str, Callable[[Yard], None]] = {
    "nothing": lambda yard: None,
    "view": lambda yard: yard.bucket.delete(f"t/{digest_of(a_job().token)}.json"),
    "card": lambda yard: yard.boards.overwrite("main", Board()),
    "execution": lambda yard: yard.executions.running.clear(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_round_that_is_cut_short_is_completed_by_the_next(loss: str) -> None:
    """Every call in turn is the last that a round gets to make."""
    for number in range(12):
        yard = Yard(left_behind(a_job("ready_for_pickup")))
        LOSSES[loss](yard)
        yard.beset_by(EveryCall(number, "crash"))
        try:
            yard.round(MUCH_LATER)
        except Crashed:
            yard.round(MUCH_LATER + GRACE)
        yard.faults.over = True
        assert f"t/{digest_of(a_job().token)}.json" in yard.bucket.objects
        assert JOB_ID in parsed(Board, yard.bucket.objects[board_key("main")]).jobs
        assert yard.executions.running
        assert yard.job().execution.generation == 1 or yard.executions.resumed


def test_a_round_tells_how_old_jobs_are_and_the_longest_overdue() -> None:
    young, old = a_job(job_id="261121-000001"), a_job(job_id="261121-000002")
    old = old.with_(entered_at=NOON - minutes(60))
    limit = HAUL.status("pending_pickup").limit_minutes
    assert limit
    board = Board().merged([card_of(young, HAUL), card_of(old, HAUL)])
    metrics = FakeMetrics()
    measure_ages(metrics, "main", board, NOON + minutes(limit + 30))
    assert metrics.measured == {
        "OldestJobMinutes": [limit + 90],
        "LongestOverdueMinutes": [90],
    }


def test_an_overdue_whose_announcing_failed_is_told_again_as_the_same_fact() -> None:
    """Partners know it by its time: with another one they would be sent a second webhook."""
    yard, over = Yard(waited_for(a_job()), running=False), NOON + LIMIT + SUSPECT
    yard.beset_by(Faults({"PutEvents": ["after"]}))
    with pytest.raises(Unavailable):
        yard.round(over + minutes(1))
    yard.round(over + minutes(2))
    assert [type(fact) for fact in yard.bus.facts][:2] == [JobOverdue] * 2
    assert [fact.recorded_at for fact in yard.bus.told(JobOverdue)] == [NOON + LIMIT]
