"""Slots: how many jobs a window takes, which jobs have one, and when it is free again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import WEEKDAYS
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.schedule.reservations import ABANDONED_AFTER
from statemachine.schedule.slots import (
    SlotSheet,
    bookable_windows,
    is_gone,
    slot_of,
    taken_slot,
    window_with,
    windows_on,
)
from tests.support.builders import NOON, a_job, minutes

HAUL = load_flow("haul")
SATURDAY = date(2026, 11, 21)
MORNING = (datetime(2026, 11, 23, 13, tzinfo=UTC), datetime(2026, 11, 23, 17, tzinfo=UTC))
"""Monday, 8 AM to noon in New York."""
AFTERNOON = (MORNING[1], MORNING[1] + timedelta(hours=4))


def a_business(**values: Any) -> BusinessSettings:
    return BusinessSettings(tenant="main", name="Haulway", **values)


def booked(window: tuple[datetime, datetime] = MORNING, **values: Any) -> Job:
    return a_job(schedule=Schedule(window_start=window[0], window_end=window[1]), **values)


def capacities(business: BusinessSettings, day: date, trucks: int = 1) -> list[int]:
    return [each.capacity for each in windows_on(business, day, trucks)]


# -- capacity


@pytest.mark.parametrize(
    ("duration", "trucks", "expected"),
    [(60, 0, [4, 4, 3]), (60, 1, [4, 4, 3]), (60, 2, [8, 8, 6]), (90, 2, [4, 4, 4])],
)
def test_each_truck_does_one_job_after_the_other(
    duration: int, trucks: int, expected: list[int]
) -> None:
    business = a_business(default_duration_minutes=duration)
    assert capacities(business, SATURDAY, trucks) == expected


def test_a_window_shorter_than_a_job_takes_one_for_each_truck() -> None:
    assert capacities(a_business(default_duration_minutes=300), SATURDAY, trucks=2) == [2, 2, 2]


def test_a_number_for_a_date_counts_before_that_of_its_weekday() -> None:
    business = a_business(
        slots_by_weekday={"sat": {"08:00": 2, "12:00": 1}},
        slots_on={"2026-11-21": {"08:00": 0}},
    )
    assert capacities(business, SATURDAY) == [0, 1, 3]
    assert capacities(business, SATURDAY + timedelta(7)) == [2, 1, 3]


def test_a_closed_day_has_no_windows() -> None:
    business = a_business(closed_dates=(SATURDAY,))
    assert capacities(business, SATURDAY) == []
    assert capacities(business, SATURDAY + timedelta(1)) == []  # Sunday


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23), (SATURDAY, 24)]
)
def test_windows_are_moments_on_the_day_of_a_clock_change_too(day: date, hours: int) -> None:
    """Windows at the same clock times lie as far apart as the two days' noons do."""
    open_daily = {each: [{"start": "08:00", "end": "19:00"}] for each in WEEKDAYS}
    business = a_business(opening_hours=open_daily)
    before = list(windows_on(business, day - timedelta(1), 1))
    here = list(windows_on(business, day, 1))
    assert here[0].begin - before[0].begin == timedelta(hours=hours)
    assert [each.capacity for each in here] == [4, 4, 3]


def test_a_customer_may_book_from_the_lead_time_to_the_horizon() -> None:
    business = a_business(lead_minutes=60, public_horizon_days=3)
    found = [each.begin for each in bookable_windows(business, 1, NOON)]
    assert found[0] == datetime(2026, 11, 21, 13, tzinfo=UTC)  # an hour from now
    assert found[-1] == datetime(2026, 11, 23, 21, tzinfo=UTC)
    assert len(list(bookable_windows(business, 1, NOON + minutes(1)))) == len(found) - 1


def test_a_window_that_was_chosen_freely_counts_in_the_one_it_begins_in() -> None:
    found = window_with(a_business(), MORNING[0] + minutes(90), 1)
    assert found is not None
    assert found.span == MORNING
    assert window_with(a_business(), MORNING[0] - minutes(1), 1) is None


# -- the sheet


def test_a_job_needs_a_slot_until_it_has_ended() -> None:
    assert slot_of(booked(), HAUL) == MORNING
    assert slot_of(a_job(), HAUL) is None
    assert slot_of(booked(status="cancelled"), HAUL) is None


def test_a_repeated_booking_takes_its_slot_once() -> None:
    first = SlotSheet(day="2026-11-23").with_slot(taken_slot(booked(), MORNING, NOON))
    again = first.with_slot(taken_slot(booked(), MORNING, NOON))
    later = first.with_slot(taken_slot(booked(), MORNING, NOON + minutes(1)))
    assert again is first
    assert later.version == 2
    assert len(later.taken) == 1


@pytest.mark.parametrize(("after", "gone"), [(timedelta(0), False), (ABANDONED_AFTER, True)])
def test_the_slot_of_a_booking_that_died_is_free_after_two_minutes(
    after: timedelta, gone: bool
) -> None:
    slot = taken_slot(booked(), MORNING, NOON)
    assert is_gone(slot, None, HAUL, NOON + after) == gone


def test_from_its_version_on_only_the_job_counts() -> None:
    slot = taken_slot(booked(version=3, rev=3), MORNING, NOON)
    for version, window, gone in ((2, AFTERNOON, False), (3, MORNING, False), (4, AFTERNOON, True)):
        assert is_gone(slot, booked(window, version=version, rev=2), HAUL, NOON) == gone


def test_a_sheet_follows_its_job_and_keeps_what_a_later_edit_has_taken() -> None:
    job = booked(version=5, rev=5)
    left = taken_slot(booked(AFTERNOON, version=2, rev=2), AFTERNOON, NOON)
    coming = taken_slot(booked(AFTERNOON, version=6, rev=6), AFTERNOON, NOON)
    sheet = SlotSheet(day="2026-11-23", version=7, taken=(left, coming))
    following = sheet.following(job, HAUL, MORNING, NOON)
    assert following.taken == (coming, taken_slot(job, MORNING, NOON))
    assert following.following(job, HAUL, MORNING, NOON + minutes(1)) is following
