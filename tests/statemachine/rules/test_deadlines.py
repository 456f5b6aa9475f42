"""When a job is overdue: by the status's limit, or by the arrival window."""

from datetime import datetime
from typing import Any

import pytest

from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.deadlines import due_at, is_late_unreported
from statemachine.rules.edits import edited
from tests.functions.creation import a_wait
from tests.support.builders import NOON, a_job, an_edit, minutes

NEXT_WEEK = NOON + minutes(7 * 24 * 60)
LIMIT, LATE = minutes(1440), minutes(60)


def ready(window_end: datetime | None = None, **values: Any) -> Job:
    return a_job("ready_for_pickup", schedule=Schedule(window_end=window_end), **values)


def waiting(entered_at: datetime = NOON, seq: int = 1, **wait: bool) -> Job:
    values = {"handles_late": True, **wait}
    return ready(NEXT_WEEK, wait=a_wait(seq, entered_at=entered_at).with_(**values))


def test_without_a_window_a_job_is_due_by_its_limit() -> None:
    assert due_at(ready()) == NOON + LIMIT


def test_a_job_confirmed_a_week_ahead_is_due_after_its_window() -> None:
    assert due_at(ready(NEXT_WEEK)) == NEXT_WEEK + LATE


def test_a_job_whose_window_is_today_is_due_after_it_and_not_tomorrow() -> None:
    assert due_at(ready(NOON + minutes(120))) == NOON + minutes(120) + LATE


def test_a_job_confirmed_after_its_window_is_due_that_long_after_its_confirmation() -> None:
    assert due_at(ready(NOON - minutes(300))) == NOON + LATE


def test_an_unconfirmed_job_is_due_by_its_limit_whatever_its_window() -> None:
    pending = a_job(schedule=Schedule(window_end=NEXT_WEEK))
    assert due_at(pending) == NOON + minutes(2880)


A_DAY_LATER = NOON + minutes(1440)


def moved(job: Job, **schedule: datetime) -> Job:
    """The job after a dispatcher has changed its schedule, a day after it entered its status."""
    return edited(job, an_edit(job, schedule=schedule), A_DAY_LATER)


@pytest.mark.parametrize("flow", flow_names())
def test_another_window_restarts_the_clock_unless_a_crew_is_at_work(flow: str) -> None:
    soon = {"window_start": A_DAY_LATER + minutes(5), "window_end": A_DAY_LATER + minutes(10)}
    for status in load_flow(flow).statuses:
        if status.limit_minutes is None:
            continue
        before = a_job(status.name, flow)
        begun = NOON if status.under_way or status.name == "dumped" else A_DAY_LATER
        due = begun + minutes(status.limit_minutes)
        if status.late_minutes:
            due = soon["window_end"] + minutes(status.late_minutes)
        assert due_at(moved(before, **soon)) == due, status.name


def test_a_job_whose_window_was_taken_off_has_the_whole_limit_again() -> None:
    planned = ready(NEXT_WEEK).with_(
        schedule=Schedule(window_start=NEXT_WEEK - minutes(60), window_end=NEXT_WEEK)
    )
    off = edited(
        planned, an_edit(planned, schedule={"window_start": None, "window_end": None}), A_DAY_LATER
    )
    assert due_at(off) == A_DAY_LATER + LIMIT


def test_an_eta_restarts_no_clock() -> None:
    assert due_at(moved(a_job(), eta=NEXT_WEEK)) == NOON + minutes(2880)


def test_a_window_of_before_the_status_restarts_no_clock() -> None:
    planned = moved(a_job(), window_start=NEXT_WEEK, window_end=NEXT_WEEK + minutes(60))
    later = planned.with_(entered_at=A_DAY_LATER + minutes(60))
    assert due_at(later) == A_DAY_LATER + minutes(60 + 2880)


def test_a_failed_attempt_with_a_new_window_is_due_after_it() -> None:
    failed = moved(a_job("attempt_failed"), window_start=NEXT_WEEK - LATE, window_end=NEXT_WEEK)
    assert due_at(failed) == NEXT_WEEK + LATE


def test_a_job_that_has_ended_is_never_due() -> None:
    assert due_at(a_job("completed")) is None


@pytest.mark.parametrize("name", flow_names())
def test_every_flow_has_a_status_that_goes_by_the_arrival_window(
    name: str,
) -> None:
    by_window = {s.name for s in load_flow(name).statuses if s.late_minutes is not None}
    assert by_window >= {"ready_for_pickup", "on_hold", "attempt_failed"}
    assert not by_window & {s.name for s in load_flow(name).statuses if s.under_way}


def test_an_execution_is_resumed_when_the_job_is_due_and_not_before() -> None:
    due = NEXT_WEEK + LATE
    told = [is_late_unreported(waiting(), now) for now in (due - minutes(1), due)]
    assert told == [False, True]


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (waiting(NEXT_WEEK + LATE, reported_late=True), "it has just announced it"),
        (waiting(handles_late=False), "its definition has only its own limit"),
        (waiting(seq=0), "it must be resumed for a move first"),
        (ready(NEXT_WEEK), "no execution waits"),
    ],
)
def test_an_execution_is_not_resumed_to_announce_an_overdue_job(job: Job, why: str) -> None:
    assert not is_late_unreported(job, NEXT_WEEK + LATE + minutes(5)), why


def test_a_window_that_was_moved_after_it_was_missed_counts_again() -> None:
    told = waiting(NEXT_WEEK + LATE, reported_late=True)
    moved = told.with_(schedule=Schedule(window_end=NEXT_WEEK + minutes(1440)))
    assert is_late_unreported(moved, NEXT_WEEK + minutes(1440) + LATE)


def test_an_execution_that_renewed_its_wait_meanwhile_is_still_resumed() -> None:
    """Without a window, its time limit and the job's due time are the same moment."""
    renewed = ready(wait=a_wait(1, entered_at=NOON + LIMIT).with_(handles_late=True))
    assert is_late_unreported(renewed, NOON + LIMIT + minutes(1))


def test_a_job_in_an_unknown_status_is_not_due() -> None:
    assert due_at(ready().with_(status="weighed")) is None
