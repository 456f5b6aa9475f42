"""Availability: hours, days off, night shifts, roles of a day, clock changes."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from statemachine.job.job import CrewRole
from statemachine.schedule.roster import (
    DAY_OFF,
    Day,
    Hours,
    covers,
    dates_of,
    day_span,
    day_text,
    overlap,
)

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)


def at(text: str) -> datetime:
    """`21 09:30`: November 21, 9:30 in New York."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=NEW_YORK)


def available(days: dict[date, Day], begin: str, end: str, role: CrewRole = "driver") -> bool:
    return covers(days, (at(begin), at(end)), role, NEW_YORK)


def a_day(*hours: str, **values: Any) -> Day:
    spans = (text.split("-") for text in hours)
    return Day(hours=tuple(Hours(begin=begin, end=end) for begin, end in spans), **values)


def test_a_member_without_entries_is_available_all_day() -> None:
    assert available({}, "21 00:00", "22 00:00")
    assert available({}, "20 22:00", "23 04:00")


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("21 07:00", "21 15:30", True),
        ("21 08:00", "21 10:00", True),
        ("21 06:59", "21 10:00", False),
        ("21 14:00", "21 15:31", False),
        ("21 16:00", "21 17:00", False),
        ("20 08:00", "20 20:00", True),
    ],
)
def test_a_member_must_be_available_for_the_whole_span(
    begin: str, end: str, expected: bool
) -> None:
    assert available({SATURDAY: a_day("07:00-15:30")}, begin, end) is expected


def test_on_a_day_off_a_member_is_never_available() -> None:
    assert not available({SATURDAY: DAY_OFF}, "21 12:00", "21 12:01")
    assert not available({SATURDAY: DAY_OFF}, "20 23:00", "21 01:00")


def test_adjacent_hours_count_as_one_span() -> None:
    assert available({SATURDAY: a_day("12:00-18:00", "07:00-12:00")}, "21 08:00", "21 17:00")
    assert not available({SATURDAY: a_day("07:00-12:00", "12:01-18:00")}, "21 08:00", "21 17:00")


def test_a_night_shift_passes_midnight_even_into_a_day_off() -> None:
    nights = {FRIDAY: a_day("22:00-06:00"), SATURDAY: DAY_OFF}
    assert available(nights, "20 23:00", "21 05:00")
    assert available(nights, "21 01:00", "21 06:00")
    assert not available(nights, "21 01:00", "21 06:01")


def test_a_day_may_be_for_some_roles_only() -> None:
    driving = {SATURDAY: a_day("00:00-00:00", roles=("driver",))}
    assert available(driving, "21 08:00", "21 10:00", "driver")
    assert not available(driving, "21 08:00", "21 10:00", "first_mate")


def test_dates_are_in_the_time_zone_of_the_business() -> None:
    """At 4:00 UTC it is still the evening before in New York."""
    utc = datetime.fromisoformat("2026-11-21T04:00:00Z")
    assert dates_of((utc, utc + timedelta(hours=1)), NEW_YORK) == (FRIDAY,)
    assert dates_of((utc, utc + timedelta(hours=2)), NEW_YORK) == (FRIDAY, SATURDAY)
    assert not covers({FRIDAY: DAY_OFF}, (utc, utc + timedelta(hours=1)), "driver", NEW_YORK)


def test_a_day_on_which_the_clocks_change_is_longer_or_shorter() -> None:
    lengths = [day_span(date(2026, *day), NEW_YORK) for day in ((3, 8), (11, 1), (11, 2))]
    assert [(end - begin).total_seconds() / 3600 for begin, end in lengths] == [23, 25, 24]
    assert covers({}, lengths[1], "driver", NEW_YORK)


def test_spans_that_only_touch_do_not_overlap() -> None:
    nine, ten, eleven = at("21 09:00"), at("21 10:00"), at("21 11:00")
    assert not overlap((nine, ten), (ten, eleven))
    assert overlap((nine, eleven), (ten, eleven))


@pytest.mark.parametrize("hours", ["7:00-15:00", "07:00-24:00", "07:60-08:00", "seven-eight"])
def test_an_impossible_time_of_day_is_refused(hours: str) -> None:
    with pytest.raises(ValidationError):
        a_day(hours)


def test_a_day_has_a_text() -> None:
    days = [DAY_OFF, a_day("07:00-12:00", "13:00-15:30"), a_day("07:00-12:00", roles=("driver",))]
    assert [day_text(day) for day in days] == [
        "off",
        "07:00-12:00, 13:00-15:30",
        "07:00-12:00 as driver",
    ]
