"""What a report says of given jobs."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from statemachine.flows import load_flow
from statemachine.history.job_figures import JobFigures, facts_of
from statemachine.history.report import ReasonCount, StatusTime, report_of
from statemachine.history.report_csv import COLUMNS, report_csv
from statemachine.history.report_figures import DayFigures, Figures, figures_of
from statemachine.rules.lifecycle import Committed, judge
from tests.support.builders import CREW, NOON, a_job, a_request, minutes
from tests.support.builders import moved as moved_at_noon

NEW_YORK = ZoneInfo("America/New_York")
HAUL = load_flow("haul")


def figures(number: int = 1, **values: Any) -> JobFigures:
    known = {
        "job_id": f"261121-{number:06d}",
        "at": NOON,
        "flow": "haul",
        "status": "completed",
        "end": "done",
        "price_cents": 30_000,
    }
    return JobFigures.model_validate(known | values)


def test_revenue_is_of_what_is_done_and_unpaid_what_of_it_is_owed() -> None:
    jobs = [
        figures(1, paid_cents=30_000, methods=("cash",)),
        figures(2, price_cents=20_001, paid_cents=10_000, methods=("check",)),
        figures(3, price_cents=None),
        figures(4, end="cancelled", status="cancelled", cancelled_for="Moved away"),
        figures(5, end=None, status="in_progress"),
    ]
    total = report_of(jobs, "day", NEW_YORK).total
    assert total.jobs == 5
    assert total.done == 3
    assert total.cancelled == 1
    assert total.revenue_cents == 50_001
    assert total.paid_cents == 40_000
    assert total.unpaid_cents == 10_001
    assert total.unpaid_jobs == 1
    assert total.priced == 2
    assert total.average_price_cents == 25_001


def test_the_average_price_of_nothing_is_not_a_number() -> None:
    assert report_of([], "day", NEW_YORK).total == Figures()


def test_a_payment_over_the_price_is_not_revenue() -> None:
    total = report_of([figures(price_cents=100, paid_cents=150)], "day", NEW_YORK).total
    assert total.revenue_cents == 100
    assert total.paid_cents == 100
    assert total.unpaid_cents == 0


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-11-21", "2026-11-22"]),
        ("week", ["2026-11-16"]),
        ("month", ["2026-11"]),
        ("crew", ["", "ben", "mike"]),
        ("truck", ["", "t1"]),
    ],
)
def test_rows_are_days_weeks_months_members_or_trucks(by: Any, keys: list[str]) -> None:
    jobs = [
        figures(1, crew=("mike", "ben"), truck="t1"),
        figures(2, at=NOON + timedelta(hours=17, minutes=1)),  # past midnight in New York
    ]
    assert [row.key for row in report_of(jobs, by, NEW_YORK).rows] == keys


@pytest.mark.parametrize(("by", "days"), [("day", 2), ("month", 1), ("crew", 0), ("truck", 0)])
def test_what_is_counted_by_day_is_in_the_rows_of_a_calendar_only(by: Any, days: int) -> None:
    """Who worked on an erased job is not known any more."""
    erased = figures_of(figures(paid_cents=10_000, load_size="half")).with_(erased=1)
    apart = [
        DayFigures(date(2026, 11, 20), erased),
        DayFigures(date(2026, 11, 21), Figures(texts=3)),
    ]
    report = report_of([], by, NEW_YORK, apart)
    assert report.total.jobs == 1
    assert report.total.erased == 1
    assert report.total.texts == 3
    assert report.total.unpaid_cents == 20_000
    assert report.total.average_price_cents == 30_000
    assert report.total.loads == {"half": 1}
    assert len(report.rows) == days


def test_a_job_counts_for_each_member_of_its_crew() -> None:
    report = report_of([figures(crew=("mike", "ben"))], "crew", NEW_YORK)
    assert [(row.key, row.figures.revenue_cents) for row in report.rows] == [
        ("ben", 30_000),
        ("mike", 30_000),
    ]
    assert report.total.revenue_cents == 30_000


def test_on_time_is_before_the_end_of_the_window() -> None:
    end = NOON + minutes(120)
    jobs = [
        figures(1, window_end=end, arrived_at=end),
        figures(2, window_end=end, arrived_at=end + timedelta(milliseconds=1)),
        figures(3, window_end=end, arrived_at=NOON - minutes(1)),
        figures(4, window_end=None, arrived_at=NOON),
        figures(5, window_end=end, arrived_at=None),
    ]
    total = report_of(jobs, "day", NEW_YORK).total
    assert total.with_arrival == 3
    assert total.on_time == 2


def test_reasons_are_counted_whatever_their_case() -> None:
    reasons = ["No one home", "no one HOME", "Locked gate"]
    jobs = [figures(n, failed_for=(reason,)) for n, reason in enumerate(reasons)]
    report = report_of(jobs, "day", NEW_YORK)
    assert report.total.failed_attempts == 3
    assert report.failed_for == (
        ReasonCount(reason="No one home", jobs=2),
        ReasonCount(reason="Locked gate", jobs=1),
    )


def test_a_reason_is_counted_once_for_each_job() -> None:
    [reason] = report_of([figures(failed_for=("Rain", "rain"))], "day", NEW_YORK).failed_for
    assert reason == ReasonCount(reason="rain", jobs=1)


def test_the_facts_of_a_job_come_from_its_ledger() -> None:
    job, at = a_job(), NOON
    steps = (("confirm", 30), ("start", 90), ("no_access", 100), ("start", 200), ("complete", 260))
    for number, (move, after) in enumerate(steps, 1):
        at = NOON + minutes(after)
        request = a_request(
            job, move, event_id=f"e-{number}", occurred_at=at, reason="No one  home", actor=CREW
        )
        if move == "confirm":
            request = a_request(job, move, event_id="e-1", occurred_at=at)
        verdict = judge(job, request, HAUL, at)
        assert isinstance(verdict, Committed), verdict
        job = verdict.job
    facts = facts_of(job, HAUL)
    assert facts.end == "done"
    assert facts.failed_for == ("No one home",)
    assert facts.arrived_at == NOON + minutes(90)
    assert facts.minutes == {
        "pending_pickup": 30,
        "ready_for_pickup": 60,
        "in_progress": 70,
        "attempt_failed": 100,
    }


def test_a_cancelled_job_has_its_reason() -> None:
    job = moved_at_noon(a_job(), "cancel")
    facts = facts_of(job, HAUL)
    assert facts.end == "cancelled"
    assert facts.cancelled_for == "so it was"


def test_time_in_status_is_the_average_of_the_jobs_that_left_it() -> None:
    jobs = [figures(1, minutes={"in_progress": 30}), figures(2, minutes={"in_progress": 61})]
    told = report_of(jobs, "day", NEW_YORK).times
    assert told == (StatusTime(flow="haul", status="in_progress", jobs=2, average_minutes=46),)


def test_the_csv_has_one_row_per_job_and_no_formula() -> None:
    jobs = [
        figures(2, at=NOON + timedelta(days=1), cancelled_for="=HYPERLINK(1)", price_cents=None),
        figures(1, paid_cents=10_050, methods=("cash",), crew=("mike", "ben"), load_size="half"),
    ]
    head, first, second = csv.reader(io.StringIO(report_csv(jobs, NEW_YORK, "USD")))
    assert tuple(head) == COLUMNS
    assert dict(zip(COLUMNS, first, strict=True)) == {
        "date": "2026-11-21",
        "job": "261121-000001",
        "flow": "haul",
        "status": "completed",
        "ended": "done",
        "crew": "mike ben",
        "truck": "",
        "load": "half",
        "currency": "USD",
        "price": "300.00",
        "paid": "100.50",
        "unpaid": "199.50",
        "methods": "cash",
        "on_time": "",
        "failed_attempts": "0",
        "cancelled_for": "",
    }
    assert second[COLUMNS.index("cancelled_for")] == "'=HYPERLINK(1)"
    assert second[COLUMNS.index("price")] == ""
