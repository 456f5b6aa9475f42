"""Step 9: the watchdog finds what got lost and repairs it, no more often than needed."""

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
from functions.repair.job_selection import GRACE, MESSAGES, SUSPECT
from functions.repair.repair_business import MANY, measure_ages
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.repair_execution import TRIES, UNRESPONSIVE
from functions.repair.requests import ExecutionEnded, RepairReport, RoundReport
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from statemachine.business.business import BusinessSettings
from statemachine.flows import UnknownStatus, load_flow
from statemachine.job.deliveries import Attempt, Delivery
from statemachine.job.job import LATE, MAX_HISTORY, Execution, Job, Schedule
from statemachine.job.records import Repair, RepairRecord
from statemachine.rules.edits import edited
from statemachine.rules.lifecycle import EarlyMoveKept, judge
from statemachine.values.ids import digest_of
from statemachine.views.views import Board, View, card_of, view_of
from tests.functions.creation import a_wait, left_behind, waited_for
from tests.support.builders import NOON, a_job, a_request, an_edit, minutes, moved
from tests.support.business_fakes import FakeLogos
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeBus,
    FakeExecutions,
    FakeJobs,
    FakeLinkEnds,
    FakeLog,
    FakeStuck,
    FakeTenants,
    FakeViews,
    board_key,
    job_key,
    no_pause,
    parsed,
)
from tests.support.faults import Crashed, FaultAtCall, Faults, Kind
from tests.support.index_fakes import an_index
from tests.support.message_fakes import (
    FakeDelayedMessages,
    FakeDeliveries,
    FakeEndpoints,
    FakeMetrics,
)
from tests.support.slot_fakes import slots_on_fakes

HAUL = load_flow("haul")
SOON, LATER, MUCH_LATER = NOON + GRACE / 2, NOON + GRACE, NOON + SUSPECT + GRACE
JOB_ID = a_job().job_id
NAME = f"main-{JOB_ID}-g0"


def a_text(job: Job, **values: Any) -> Delivery:
    """The text about its current status, held."""
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


class WatchdogSetup:
    """The watchdog, and open jobs with up-to-date views and cards."""

    def __init__(self, *jobs: Job, running: bool = True, texted: bool = True) -> None:
        self.bucket, self.faults = Bucket(), Faults()
        self.jobs, self.views = FakeJobs(self.bucket), FakeViews(self.bucket)
        self.boards, self.bus = FakeBoards(self.bucket), FakeBus()
        self.executions, self.metrics = FakeExecutions(), FakeMetrics()
        self.dead_letters: dict[str, int] = {}
        self.index_job = an_index()
        shown = Board().merged(card_of(job, load_flow(job.flow)) for job in jobs)
        self.boards.write("main", shown, None)
        for job in jobs:
            self.jobs.create(job)
            self.index_job(job)
            self.jobs.mark_open("main", job.job_id)
            self.views.write(digest_of(job.token), view_of(job, load_flow(job.flow)), None)
            self.executions.start(job.flow, "main", job.job_id, job.execution.generation)
        if not running:
            self.executions.running.clear()
        self.deliveries, self.endpoints = FakeDeliveries(self.bucket), FakeEndpoints(self.bucket)
        for job in jobs if texted else ():
            self.deliveries.create(a_text(job).end("sent", NOON))
        self.set_faults(Faults())
        self.stuck, self.slow, self.texts = (
            FakeStuck(self.bucket),
            FakeDelayedMessages(),
            FakeDelayedMessages(),
        )
        tenants = FakeTenants(self.bucket, BusinessSettings(tenant="main", name="Haulway"))
        self.watch = WatchJobs(
            self.jobs,
            self.views,
            self.executions,
            self.bus,
            tenants,
            PublishBoard(self.jobs, self.boards, self.index_job, no_pause),
            self.stuck,
            self._messages(),
            slots_on_fakes(self.jobs, tenants),
            FakeLinkEnds(self.bucket),
            self.metrics,
            lambda: self.dead_letters,
            no_pause,
            logos=FakeLogos(self.bucket),
        )

    def _messages(self) -> RepairDeliveries:
        return RepairDeliveries(
            self.deliveries, self.endpoints, self.texts, self.slow, self.bus, self.metrics,
            FakeLog(), no_pause,
        )  # fmt: skip

    def set_faults(self, faults: Faults) -> None:
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


def test_a_job_that_waits_properly_is_left_alone_without_asking_step_functions() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    assert setup.round(MUCH_LATER) == {}
    assert setup.faults.calls("DescribeExecution") == 0
    assert setup.faults.calls("PutObject") == 0


def test_an_execution_that_was_not_resumed_is_resumed_after_a_while() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    assert setup.round(SOON) == {}
    assert setup.round(LATER) == {JOB_ID: ["resumed"]}
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to="ready_for_pickup"))]


def test_an_execution_that_was_never_started_is_started_after_a_while() -> None:
    setup = WatchdogSetup(a_job(), running=False)
    setup.executions.started.clear()
    assert setup.round(SOON) == {}
    assert setup.round(LATER) == {JOB_ID: ["started"]}
    assert list(setup.executions.started) == [NAME]


def test_a_slow_execution_is_not_started_again() -> None:
    assert WatchdogSetup(a_job()).round(LATER) == {}


def test_an_execution_that_does_not_move_is_replaced_if_it_has_ended() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    assert setup.round(MUCH_LATER) == {JOB_ID: ["replaced"]}
    assert setup.job().execution == Execution(generation=1, seq=0, since=MUCH_LATER)
    assert setup.job().wait is None
    assert setup.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_that_does_not_move_is_kept_while_it_runs() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    assert setup.round(MUCH_LATER) == {JOB_ID: ["resumed"]}
    assert setup.job().execution.generation == 0


def test_a_round_that_asks_step_functions_finds_ended_executions_of_jobs_that_seem_well() -> None:
    """After a restart of the laptop engine no execution is left."""
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    assert setup.round(MUCH_LATER) == {}
    assert setup.round(LATER, ask_executions=True) == {JOB_ID: ["replaced"]}


def test_two_watchdogs_raise_one_generation_and_start_one_execution() -> None:
    """Timeline: both find it ended · one raises the generation · the other gets 412 and reads."""
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)

    class Meanwhile(FakeJobs):
        def replace(self, job: Job, etag: str) -> None:
            if setup.job().execution.generation == 0:
                setup.round(MUCH_LATER)
            super().replace(job, etag)

    second = replace(setup.watch, jobs=Meanwhile(setup.bucket))
    assert second.round(MUCH_LATER).repaired == {JOB_ID: ["replaced"]}
    assert setup.job().execution.generation == 1
    assert list(setup.executions.started) == [NAME, f"main-{JOB_ID}-g1"]


def test_a_late_watchdog_leaves_the_wait_of_the_new_execution_alone() -> None:
    """Timeline: both find it ended · one replaces it · the new one waits · the other writes."""
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    successor = a_wait(1, "task-2", generation=1, entered_at=MUCH_LATER)

    class Meanwhile(FakeExecutions):
        def is_running(self, *who: Any) -> bool:
            if setup.job().execution.generation == 0:
                setup.round(MUCH_LATER)
                etag = setup.jobs.read("main", JOB_ID).etag
                setup.jobs.replace(setup.job().with_bookkeeping(wait=successor), etag)
            return False

    replace(setup.watch, executions=Meanwhile()).round(MUCH_LATER)
    assert setup.job().wait == successor
    assert setup.job().execution.generation == 1


def test_a_new_execution_whose_start_was_lost_is_started_by_the_next_round() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    setup.set_faults(Faults({"StartExecution": ["before"]}))
    with pytest.raises(Unavailable):
        setup.round(MUCH_LATER)
    assert setup.round(MUCH_LATER + GRACE) == {JOB_ID: ["started"]}
    assert setup.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_whose_token_was_lost_is_stopped_and_replaced() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    stored = setup.jobs.read("main", JOB_ID)
    setup.jobs.replace(stored.value.with_bookkeeping(wait=None), stored.etag)
    assert setup.round(NOON + UNRESPONSIVE) == {}
    assert setup.round(NOON + UNRESPONSIVE + minutes(1)) == {JOB_ID: ["replaced"]}
    assert setup.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_that_does_not_resume_is_stopped_and_replaced() -> None:
    """The token in the object is not the one it waits with; Step Functions does not say so."""
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    assert setup.round(LATER) == {JOB_ID: ["resumed"]}
    assert setup.round(NOON + UNRESPONSIVE + minutes(1)) == {JOB_ID: ["replaced"]}
    assert setup.executions.running == {f"main-{JOB_ID}-g1"}


def test_an_execution_is_resumed_before_it_is_stopped() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    assert setup.round(NOON + UNRESPONSIVE + minutes(1)) == {JOB_ID: ["resumed"]}


# -- the news that an execution has ended badly


def test_an_execution_stopped_by_hand_is_replaced_at_once() -> None:
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    assert setup.watch.ended(ended(), SOON)
    assert setup.executions.running == {f"main-{JOB_ID}-g1"}


def test_the_same_event_twice_starts_one_execution() -> None:
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    assert [setup.watch.ended(ended(), SOON) for _ in range(2)] == [True, False]
    assert setup.job().execution.generation == 1


@pytest.mark.parametrize(
    "job",
    [
        waited_for(a_job(), generation=1),
        moved(a_job("in_progress"), "complete").with_(execution=Execution(seq=3, since=NOON)),
    ],
    ids=["superseded", "settled"],
)
def test_the_end_of_an_execution_that_is_not_needed_changes_nothing(job: Job) -> None:
    assert not WatchdogSetup(job).watch.ended(ended(), SOON)


def test_an_execution_that_fails_before_its_wait_is_left_to_the_rounds() -> None:
    """An error that ends every execution would otherwise start them as fast as they fail."""
    setup = WatchdogSetup(a_job(execution=Execution(generation=1, since=NOON)), running=False)
    assert not setup.watch.ended(ended(generation=1), SOON)
    assert setup.round(MUCH_LATER) == {JOB_ID: ["replaced"]}


def test_an_event_about_an_unknown_job_is_an_error() -> None:
    with pytest.raises(UnknownJob):
        WatchdogSetup().watch.ended(ended(), SOON)


# -- what is derived


def test_a_view_that_is_behind_is_written() -> None:
    job = waited_for(moved(a_job(), "confirm"))
    setup = WatchdogSetup(job)
    key = f"t/{digest_of(job.token)}.json"
    for lost in (b"<html>", None):
        setup.bucket.objects.pop(key)
        if lost:
            setup.bucket.objects[key] = lost
        assert setup.round(LATER) == {JOB_ID: ["view written"]}
        assert parsed(View, setup.bucket.objects[key]) == view_of(job, HAUL)


def test_a_card_that_is_behind_is_written() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    good = setup.bucket.objects[board_key("main")]
    setup.bucket.objects[board_key("main")] = Board().to_bytes()
    assert setup.round(LATER) == {JOB_ID: ["card written"]}
    assert setup.bucket.objects[board_key("main")] == good


def test_an_unreadable_board_is_rebuilt_and_that_is_reported() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    good = setup.bucket.objects[board_key("main")]
    setup.bucket.objects[board_key("main")] = b"not json"
    assert setup.watch.round(LATER) == RoundReport(looked_at=1, boards=["main"])
    assert setup.bucket.objects[board_key("main")] == good
    assert setup.metrics.counted["BoardsRebuilt"] == 1


def test_a_board_that_has_lost_many_cards_gets_them_back_at_once() -> None:
    """No job's record mentions it, because only the board was broken."""
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(MANY + 1)]
    setup = WatchdogSetup(*jobs)
    good = setup.bucket.objects[board_key("main")]
    setup.boards.overwrite("main", Board())
    found = setup.watch.round(LATER)
    assert found.boards == ["main"]
    assert found.repaired == {}
    assert setup.bucket.objects[board_key("main")] == good


# -- moves that came before their turn


def keeping(job: Job) -> Job:
    kept = judge(job, a_request(job, "start"), HAUL, NOON)
    assert isinstance(kept, EarlyMoveKept)
    return waited_for(kept.job)


@pytest.mark.parametrize("lost", [None, "PutObject"])
def test_an_early_move_is_refused_and_announced_after_its_deadline(lost: str | None) -> None:
    setup = WatchdogSetup(keeping(a_job()))
    assert setup.round(NOON + minutes(14)) == {}
    setup.set_faults(Faults({lost: ["after"]} if lost else {}))
    assert setup.round(NOON + minutes(15)) == {JOB_ID: ["refused late"]}
    told = [f.event_id for f in setup.bus.announced(JobMoveRefused)]
    assert told == ["start-1"]
    assert setup.job().early == ()
    assert [refusal.why for refusal in setup.job().refused] == ["kept_too_long"]


# -- jobs that have ended


def completed(job: Job | None = None) -> Job:
    job = moved(job or a_job("in_progress"), "complete")
    return job.with_(execution=Execution(seq=job.seq, since=NOON))


def test_an_ended_job_leaves_the_index_when_nothing_is_left_to_repair() -> None:
    setup = WatchdogSetup(completed())
    setup.bucket.objects[board_key("main")] = Board().to_bytes()
    assert setup.round(LATER) == {JOB_ID: ["card written"]}
    assert setup.open() == [JOB_ID]
    assert setup.round(NOON + MESSAGES / 2) == {}
    assert setup.open() == [JOB_ID]
    assert setup.round(NOON + MESSAGES) == {}
    assert setup.open() == []


def test_an_ended_job_that_is_no_longer_shown_leaves_the_index() -> None:
    setup = WatchdogSetup(completed())
    assert setup.round(NOON + minutes(60 * 49)) == {}
    assert setup.open() == []


def test_an_ended_job_that_is_not_settled_stays_in_the_index() -> None:
    setup = WatchdogSetup(left_behind(a_job("completed")))
    assert setup.round(LATER) == {JOB_ID: ["resumed"]}
    assert setup.open() == [JOB_ID]


def test_a_job_that_is_reopened_at_that_moment_stays_in_the_index() -> None:
    """Timeline: watchdog reads: ended · a dispatcher reopens it · watchdog removes it."""
    setup = WatchdogSetup(completed())

    class Meanwhile(FakeJobs):
        def mark_ended(self, tenant: str, job_id: str) -> None:
            stored = self.read(tenant, job_id)
            self.replace(moved(stored.value, "reopen"), stored.etag)
            self.mark_open(tenant, job_id)
            super().mark_ended(tenant, job_id)

    replace(setup.watch, jobs=Meanwhile(setup.bucket)).round(NOON + MESSAGES)
    assert setup.open() == [JOB_ID]
    assert setup.job().status == "in_progress"


# -- errors in one job


def test_an_error_in_one_job_is_reported_and_does_not_stop_the_round() -> None:
    first, second = (
        left_behind(a_job("ready_for_pickup", job_id=f"261121-00000{n}", token=str(n) * 22))
        for n in (1, 2)
    )
    setup = WatchdogSetup(first, second)
    setup.set_faults(Faults({"SendTaskSuccess": ["before"]}))
    with pytest.raises(Unavailable, match="261121-000001"):
        setup.round(LATER)
    assert len(setup.executions.resumed) == 1
    assert setup.metrics.counted["WatchRounds"] == 0
    setup.round(LATER)
    assert setup.metrics.counted["WatchRounds"] == 1


def test_an_index_entry_whose_job_was_never_stored_is_removed_after_a_day() -> None:
    setup = WatchdogSetup()
    setup.jobs.mark_open("main", "261121-000009")
    assert setup.round(NOON + minutes(24 * 60)) == {}
    assert setup.open() == ["261121-000009"]
    assert setup.round(NOON + minutes(24 * 60 + 1)) == {}
    assert setup.open() == []


# -- what is recorded and announced


def test_a_repair_is_recorded_and_announced_once() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    setup.bucket.delete(f"t/{digest_of(a_job().token)}.json")
    setup.round(LATER)
    setup.round(MUCH_LATER)
    assert setup.job().repaired == (RepairRecord(repairs=("view written",), at=LATER),)
    assert setup.bus.facts == [
        JobRepaired(
            tenant="main",
            job_id=JOB_ID,
            flow="haul",
            recorded_at=LATER,
            repairs=("view written",),
            rev=1,
        )
    ]
    assert setup.metrics.counted == {"WatchRounds": 2, "Repairs": 1}


def test_a_repair_that_is_repeated_in_one_status_is_announced_once() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    for number in range(5):
        assert setup.round(LATER + minutes(number)) == {JOB_ID: ["resumed"]}
    assert [done.repairs for done in setup.job().repaired] == [("resumed",)]
    assert len(setup.bus.facts) == 1


def test_a_replacement_is_recorded_in_the_write_that_raises_the_generation() -> None:
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    assert setup.watch.ended(ended(), LATER)
    versions = setup.bucket.versions[job_key("main", JOB_ID)]
    assert len(versions) == 2
    assert setup.job().repaired == (RepairRecord(repairs=("replaced",), at=LATER),)
    assert [fact.repairs for fact in setup.bus.announced(JobRepaired)] == [("replaced",)]


@pytest.mark.parametrize("fault", ["after", "dup"])
def test_a_record_whose_answer_is_lost_is_there_once(fault: Kind) -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
    setup.set_faults(Faults({"PutObject": [fault]}))
    setup.round(LATER)
    assert [done.repairs for done in setup.job().repaired] == [("resumed",)]


def test_a_job_keeps_only_its_latest_repairs() -> None:
    job = a_job()
    for number in range(MAX_HISTORY + 3):
        job = job.with_(repaired=job.with_repairs(("resumed",), NOON + minutes(number)))
    assert [done.at for done in job.repaired] == [NOON + minutes(n + 3) for n in range(MAX_HISTORY)]


# -- a wait that is over and was not renewed

LIMIT = minutes(HAUL.initial.limit_minutes or 0)


def test_a_lost_execution_is_found_when_it_should_have_announced_overdue() -> None:
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    assert setup.round(NOON + LIMIT) == {}
    over = NOON + LIMIT + SUSPECT + minutes(1)
    assert setup.round(over) == {JOB_ID: ["replaced"]}
    assert [(fact.status, fact.seq) for fact in setup.bus.announced(JobOverdue)] == [
        ("pending_pickup", 0)
    ]


# -- a job that is late, of which its execution knows nothing

WINDOW_END = NOON + minutes(600)
MISSED = WINDOW_END + minutes(HAUL.status("ready_for_pickup").late_minutes or 0)


def expected(handles_late: bool = True) -> Job:
    """A confirmed job with a window, whose execution waits."""
    ready = a_job("ready_for_pickup", schedule=Schedule(window_end=WINDOW_END))
    job = waited_for(ready)
    assert job.wait
    return job.with_(wait=job.wait.with_(handles_late=handles_late))


def test_an_execution_is_resumed_when_its_job_has_missed_the_window() -> None:
    setup = WatchdogSetup(expected())
    setup.round(MISSED - minutes(1))
    assert setup.executions.resumed == []
    assert setup.round(MISSED) == {}
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=1, to=LATE))]
    assert setup.bus.facts == []
    assert setup.job() == expected()


def test_a_job_that_was_rescheduled_is_late_by_its_new_time_alone() -> None:
    setup = WatchdogSetup(waited_for(a_job()).with_(wait=a_wait(0).with_(handles_late=True)))
    stored = setup.jobs.read("main", JOB_ID)
    given = {"window_start": MISSED, "window_end": MISSED + minutes(60)}
    edit = an_edit(stored.value, schedule=given)
    setup.jobs.replace(edited(stored.value, edit, NOON + minutes(60)), stored.etag)
    setup.round(NOON + LIMIT + minutes(1))
    assert setup.executions.resumed == []
    setup.round(NOON + LIMIT + minutes(60))
    assert setup.executions.resumed == [("task-1", TaskOutput(seq=0, to=LATE))]


def test_an_execution_that_has_ended_by_then_is_replaced_and_the_new_one_resumed() -> None:
    setup = WatchdogSetup(expected(), running=False)
    assert setup.round(MISSED) == {JOB_ID: ["replaced"]}
    job = setup.job()
    wait = a_wait(1, "task-2", generation=1, entered_at=MISSED).with_(handles_late=True)
    setup.jobs.replace(job.with_bookkeeping(wait=wait), setup.jobs.read("main", JOB_ID).etag)
    setup.round(MISSED + minutes(1))
    assert setup.executions.resumed == [("task-2", TaskOutput(seq=1, to=LATE))]


def test_an_execution_that_has_announced_it_is_resumed_again_only_after_its_limit() -> None:
    told = a_wait(1, entered_at=MISSED).with_(handles_late=True, reported_late=True)
    setup = WatchdogSetup(expected().with_(wait=told))
    setup.round(MISSED + minutes(5))
    assert setup.executions.resumed == []
    again = a_wait(1, "task-2", entered_at=MISSED + minutes(1440)).with_(handles_late=True)
    setup.jobs.replace(
        setup.job().with_bookkeeping(wait=again), setup.jobs.read("main", JOB_ID).etag
    )
    setup.round(MISSED + minutes(1441))
    assert setup.executions.resumed == [("task-2", TaskOutput(seq=1, to=LATE))]


def test_an_execution_of_an_older_version_gets_no_output_that_it_does_not_know() -> None:
    setup = WatchdogSetup(expected(handles_late=False))
    assert setup.round(MISSED) == {}
    assert setup.executions.resumed == []


def test_a_lost_execution_of_a_job_with_a_future_window_announces_no_delay() -> None:
    job = expected().with_(schedule=Schedule(window_end=NOON + minutes(7 * 24 * 60)))
    setup = WatchdogSetup(job, running=False)
    limit = minutes(HAUL.status("ready_for_pickup").limit_minutes or 0)
    assert setup.round(NOON + limit + SUSPECT + minutes(1)) == {JOB_ID: ["replaced"]}
    assert setup.bus.announced(JobOverdue) == []


def test_a_job_whose_execution_still_runs_after_its_limit_is_left_to_it() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    assert setup.round(NOON + LIMIT + SUSPECT + minutes(1)) == {}
    assert setup.bus.facts == []


# -- where a person is needed


def test_an_unreadable_object_is_left_as_it_is_and_reported_once() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    setup.bucket.objects[job_key("main", JOB_ID)] = b"{"
    for number in range(3):
        assert setup.round(LATER + minutes(number)) == {}
    assert setup.bucket.objects[job_key("main", JOB_ID)] == b"{"
    assert setup.open() == [JOB_ID]
    told = JobStuck(tenant="main", job_id=JOB_ID, why="corrupt", recorded_at=LATER)
    assert setup.bus.facts == [told]
    assert setup.metrics.counted["JobsStuck"] == 1
    assert [(stuck.job_id, stuck.since) for stuck in setup.stuck.all("main")] == [(JOB_ID, LATER)]


def test_a_report_that_was_interrupted_is_sent_again() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    setup.bucket.objects[job_key("main", JOB_ID)] = b"{"
    setup.set_faults(Faults({"PutObject": ["before"]}))
    setup.round(LATER)
    assert len(setup.bus.facts) == 1
    assert setup.stuck.all("main") == []
    setup.round(LATER + minutes(1))
    assert len(setup.bus.facts) == 2
    assert len(setup.stuck.all("main")) == 1


def test_once_the_object_is_repaired_the_job_is_no_longer_stuck() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    good = setup.bucket.objects[job_key("main", JOB_ID)]
    setup.bucket.objects[job_key("main", JOB_ID)] = b"{"
    setup.round(LATER)
    setup.bucket.objects[job_key("main", JOB_ID)] = good
    assert setup.round(MUCH_LATER) == {}
    assert setup.stuck.all("main") == []


FROM_LATER = {"unknown status": {"status": "loading"}, "unknown flow": {"flow": "piano"}}


@pytest.mark.parametrize("later", FROM_LATER.values(), ids=FROM_LATER)
def test_a_job_from_a_rolled_back_version_is_reported_once_and_stops_no_other(
    later: dict[str, str],
) -> None:
    setup = WatchdogSetup(
        left_behind(a_job("ready_for_pickup", job_id="261121-zzzzzz", token="z" * 22))
    )
    setup.add(waited_for(a_job().with_(**later)))
    for number in range(2):
        assert setup.round(LATER + minutes(number)) == {"261121-zzzzzz": ["resumed"]}
    told = JobStuck(tenant="main", job_id=JOB_ID, why="unknown_status", recorded_at=LATER)
    assert setup.bus.announced(JobStuck) == [told]
    assert setup.metrics.counted["JobsStuck"] == 1
    assert len(setup.stuck.all("main")) == 1


def test_a_board_is_rebuilt_without_the_job_whose_status_this_version_does_not_have() -> None:
    setup = WatchdogSetup(waited_for(a_job(job_id="261121-zzzzzz")))
    good = setup.bucket.objects[board_key("main")]
    setup.add(a_job().with_(status="loading"))
    setup.bucket.objects[board_key("main")] = b"{"
    assert setup.watch.round(LATER).boards == ["main"]
    assert setup.bucket.objects[board_key("main")] == good


def test_a_job_whose_status_is_known_again_continues() -> None:
    setup = WatchdogSetup()
    setup.add(waited_for(a_job().with_(status="loading")))
    setup.round(LATER)
    stored = setup.jobs.read("main", JOB_ID)
    setup.jobs.replace(stored.value.with_bookkeeping(status="pending_pickup"), stored.etag)
    setup.round(MUCH_LATER)
    assert setup.stuck.all("main") == []


def test_the_end_of_an_execution_whose_status_is_unknown_is_left_to_the_rounds() -> None:
    setup = WatchdogSetup()
    setup.add(waited_for(a_job().with_(status="loading")))
    assert not setup.watch.ended(ended(), SOON)
    with pytest.raises(UnknownStatus):
        setup.watch.repair("main", JOB_ID, LATER)


def test_an_erased_job_is_no_longer_stuck() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    setup.bucket.objects[job_key("main", JOB_ID)] = b"{"
    setup.round(LATER)
    setup.bucket.delete(job_key("main", JOB_ID))
    assert setup.round(MUCH_LATER) == {}
    assert setup.stuck.all("main") == []


def generations_of_a_doomed_job(setup: WatchdogSetup, rounds: int) -> list[int]:
    """The generation after each minute; every execution fails before its wait."""
    seen = []
    for number in range(rounds):
        setup.round(MUCH_LATER + minutes(number))
        setup.executions.running.clear()
        seen.append(setup.job().execution.generation)
    return seen


def test_a_job_that_keeps_failing_is_reported_and_then_tried_once_an_hour() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    seen = generations_of_a_doomed_job(setup, 240)
    assert seen[59] == TRIES
    assert seen[-1] in (TRIES + 2, TRIES + 3)
    assert [fact.why for fact in setup.bus.announced(JobStuck)] == ["keeps_failing"]


def test_a_job_that_works_again_is_no_longer_stuck() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(setup, 60)
    stored = setup.jobs.read("main", JOB_ID)
    setup.jobs.replace(waited_for(stored.value, generation=TRIES), stored.etag)
    setup.executions.running.add(f"main-{JOB_ID}-g{TRIES}")
    assert setup.round(NOON + minutes(70)) == {}
    assert setup.stuck.all("main") == []


def test_a_job_stays_stuck_while_only_an_older_generation_waits() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(setup, 60)
    stored = setup.jobs.read("main", JOB_ID)
    older = a_wait(1, "task-9", generation=TRIES - 1, entered_at=NOON + minutes(60))
    setup.jobs.replace(stored.value.with_bookkeeping(wait=older), stored.etag)
    setup.round(NOON + minutes(61))
    assert [stuck.why for stuck in setup.stuck.all("main")] == ["keeps_failing"]


def test_an_execution_that_is_stopped_again_and_again_is_reported_too() -> None:
    setup = WatchdogSetup(waited_for(a_job()), running=False)
    news = []
    for generation in range(TRIES + 1):
        stored = setup.jobs.read("main", JOB_ID)
        setup.jobs.replace(waited_for(stored.value, generation=generation), stored.etag)
        setup.executions.running.clear()
        news.append(setup.watch.ended(ended(generation), LATER + minutes(generation)))
    assert news == [True] * TRIES + [False]
    assert [stuck.why for stuck in setup.stuck.all("main")] == ["keeps_failing"]
    assert setup.round(NOON + minutes(30)) == {}
    assert setup.round(NOON + minutes(70)) == {JOB_ID: ["replaced"]}


def test_a_requested_repair_is_attempted_at_once() -> None:
    setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")), running=False)
    generations_of_a_doomed_job(setup, 60)
    assert setup.watch.repair("main", JOB_ID, NOON + minutes(65)) == ["replaced"]


def test_of_many_jobs_those_that_cannot_be_repaired_do_not_stop_the_others() -> None:
    """And one that was erased meanwhile needs nothing."""
    ids = [f"261121-00000{n}" for n in range(3)]
    jobs = [left_behind(a_job("ready_for_pickup", job_id=i, token=i[-1] * 22)) for i in ids]
    setup = WatchdogSetup(*jobs, running=False)
    setup.bucket.objects[job_key("main", ids[0])] = b"{"
    setup.executions.running.add(f"main-{ids[2]}-g0")
    done = setup.watch.repair_some("main", [*ids, "261121-zzzzzz"], MUCH_LATER)
    why = f"Corrupt: {job_key('main', ids[0])} is no Job"
    repaired: dict[str, list[Repair]] = {ids[1]: ["replaced"], ids[2]: ["resumed"]}
    assert done == RepairReport(repaired=repaired, failed={ids[0]: why})


# -- messages that were claimed and never marked


def a_claim(channel: str, **values: Any) -> Delivery:
    name = {"tenant": "main", "about": JOB_ID, "mark": "1", "recipient": "customer"}
    fact = {"type": "job.moved", "timestamp": "2026-11-21T12:00:00.000Z", "data": {"seq": 1}}
    known = {"state": "waiting", "to": "x", "created_at": NOON, "updated_at": NOON, "fact": fact}
    draft = Delivery.model_validate({"name": {**name, "channel": channel}, **known, **values})
    return draft.claimed("lost", NOON)


def keep(setup: WatchdogSetup, *deliveries: Delivery) -> None:
    for delivery in deliveries:
        FakeDeliveries(setup.bucket).create(delivery)


def test_a_text_without_an_outcome_is_given_up_with_an_alarm() -> None:
    """No one knows whether the customer got it; it is not sent twice."""
    setup = WatchdogSetup(waited_for(a_job()), texted=False)
    keep(setup, a_text(a_job()).claimed("lost", NOON))
    assert setup.round(NOON + MESSAGES / 2) == {}
    assert setup.round(NOON + MESSAGES) == {JOB_ID: ["text given up"]}
    assert setup.round(NOON + MESSAGES + minutes(1)) == {}
    [delivery] = FakeDeliveries(setup.bucket).about("main", JOB_ID)
    assert delivery.state == "unknown"
    assert delivery.why == "claim_expired"
    assert setup.metrics.counted["SmsOutcomeUnknown"] == 1


def test_a_webhook_of_an_ended_job_has_time_before_it_is_sent_again() -> None:
    """It is not delivered, and the job stays in the index meanwhile."""
    setup = WatchdogSetup(completed())
    keep(setup, a_claim("webhook", attempts=(Attempt(at=NOON, outcome="500"),)))
    begun = NOON + MESSAGES + minutes(2)
    sent = [n for n in range(30) if setup.round(begun + minutes(n))]
    assert sent == [0, 12, 24]
    assert setup.open() == [JOB_ID]


def test_a_webhook_without_an_outcome_is_sent_again_with_the_same_id() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    tried = (Attempt(at=NOON, outcome="500"),)
    claim = a_claim("webhook", attempts=tried)
    keep(setup, claim)
    assert setup.round(NOON + MESSAGES) == {JOB_ID: ["webhook sent again"]}
    [(body, delay_s)] = setup.slow.taken()
    due = WebhookAttempt.model_validate(json.loads(body)["detail"])
    assert due.name == claim.name
    assert due.attempt == 1
    assert delay_s == 0


def test_completed_deliveries_are_left_alone_also_those_of_an_ended_job() -> None:
    setup = WatchdogSetup(completed())
    keep(setup, a_claim("sms").end("sent", NOON))
    assert setup.round(NOON + MESSAGES) == {}
    assert setup.open() == []


def test_an_ended_job_stays_in_the_index_until_its_messages_are_sent() -> None:
    setup = WatchdogSetup(completed())
    keep(setup, a_claim("sms"))
    assert setup.round(NOON + MESSAGES) == {JOB_ID: ["text given up"]}


def test_an_ended_job_stays_in_the_index_until_its_messages_are_checked() -> None:
    """Timeline: round at minute 11 · none at 12 and 13, during a deployment · round at 14."""
    setup = WatchdogSetup(completed())
    keep(setup, a_claim("sms"))
    assert setup.round(NOON + minutes(11)) == {}
    assert setup.open() == [JOB_ID]
    assert setup.round(NOON + minutes(14)) == {JOB_ID: ["text given up"]}
    assert setup.round(NOON + minutes(15)) == {}
    assert setup.open() == []


# -- dead letters


def test_dead_letters_are_reported_regularly() -> None:
    setup = WatchdogSetup()
    setup.dead_letters = {"advance-job": 2, "edit-job": 0, "publish-board": 1}
    for _ in range(2):
        found = setup.watch.round(LATER)
        assert found.dead_letters == {"advance-job": 2, "publish-board": 1}
    assert setup.metrics.measured["DeadLetters"] == [3, 3]


def test_without_dead_letters_nothing_is_reported() -> None:
    setup = WatchdogSetup()
    setup.dead_letters = {"advance-job": 0}
    assert setup.watch.round(LATER) == RoundReport()
    assert setup.metrics.measured == {}


# -- what a round costs


def test_a_round_over_many_healthy_jobs_reads_few_of_them_and_writes_nothing() -> None:
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(3_000)]
    setup = WatchdogSetup(*jobs)
    now = NOON + minutes(31)
    found = setup.watch.round(now)
    assert found.repaired == {}
    assert found.looked_at < 100
    calls = Counter(operation for operation, _ in setup.faults.log)
    assert calls == {"ListObjectsV2": 4, "GetObject": 1 + 2 * found.looked_at}


def test_jobs_that_have_ended_cost_a_round_nothing() -> None:
    setup = WatchdogSetup(waited_for(a_job()))
    for number in range(200):
        setup.jobs.create(completed(a_job("in_progress", job_id=f"261120-{number:06d}")))
    setup.set_faults(Faults())
    setup.round(MUCH_LATER)
    calls = Counter(operation for operation, _ in setup.faults.log)
    assert calls == {"ListObjectsV2": 4, "GetObject": 3}


def test_a_new_execution_is_checked_soon_however_many_jobs_there_are() -> None:
    jobs = [waited_for(a_job(job_id=f"261121-{n:06d}", token=f"{n:022d}")) for n in range(3_000)]
    setup = WatchdogSetup(
        *jobs, a_job(execution=Execution(generation=1, since=NOON)), running=False
    )
    setup.bucket.clock = lambda: NOON + minutes(20)
    assert not setup.watch.ended(ended(generation=1), NOON + minutes(20))
    assert setup.round(NOON + minutes(21)) == {JOB_ID: ["replaced"]}


LOSSES: dict[str, Callable[[WatchdogSetup], None]] = {
    "nothing": lambda setup: None,
    "view": lambda setup: setup.bucket.delete(f"t/{digest_of(a_job().token)}.json"),
    "card": lambda setup: setup.boards.overwrite("main", Board()),
    "execution": lambda setup: setup.executions.running.clear(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_round_that_is_cut_short_is_completed_by_the_next(loss: str) -> None:
    """The round is cut short after each of its calls, in turn."""
    for number in range(12):
        setup = WatchdogSetup(left_behind(a_job("ready_for_pickup")))
        LOSSES[loss](setup)
        setup.set_faults(FaultAtCall(number, "crash"))
        try:
            setup.round(MUCH_LATER)
        except Crashed:
            setup.round(MUCH_LATER + GRACE)
        setup.faults.over = True
        assert f"t/{digest_of(a_job().token)}.json" in setup.bucket.objects
        assert JOB_ID in parsed(Board, setup.bucket.objects[board_key("main")]).jobs
        assert setup.executions.running
        assert setup.job().execution.generation == 1 or setup.executions.resumed


def test_a_round_measures_how_old_jobs_are_and_the_longest_overdue() -> None:
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


def test_an_overdue_that_could_not_be_announced_is_announced_again_as_the_same_fact() -> None:
    """Partners recognize it by its time; another time would be a second webhook."""
    setup, over = WatchdogSetup(waited_for(a_job()), running=False), NOON + LIMIT + SUSPECT
    setup.set_faults(Faults({"PutEvents": ["after"]}))
    with pytest.raises(Unavailable):
        setup.round(over + minutes(1))
    setup.round(over + minutes(2))
    assert [type(fact) for fact in setup.bus.facts][:2] == [JobOverdue] * 2
    assert [fact.recorded_at for fact in setup.bus.announced(JobOverdue)] == [NOON + LIMIT]


def test_a_lost_change_of_a_job_that_the_board_no_longer_shows_reaches_the_index() -> None:
    setup = WatchdogSetup(completed())
    stored = setup.jobs.read("main", JOB_ID)
    setup.jobs.replace(stored.value.with_change(price_cents=100), stored.etag)
    later = NOON + minutes(60 * 49)
    assert setup.round(later) == {JOB_ID: ["view written", "card written"]}
    entry = setup.index_job.index.read("main", JOB_ID)
    assert entry
    assert entry.price_cents == 100
