"""The roster: who is available when, and in which roles. Pure: times and zones are arguments.

A day without an entry is a whole day, in every role of the member's profile. Hours that end before
they begin pass midnight. A day without hours is a day off.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

from pydantic import AfterValidator, Field

from statemachine.job.job import CrewRole
from statemachine.values.values import YEARS, Frozen


def day_of(text: str) -> date:
    """Raises ValueError unless `text` is a date in YEARS."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day; write it as 2026-11-22") from None
    if day.year not in YEARS:
        raise ValueError(f"the year {day.year} is not possible; write the day as 2026-11-22")
    return day


def _checked(text: str) -> str:
    day_of(text)
    return text


DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
Date = Annotated[str, Field(pattern=DATE_PATTERN), AfterValidator(_checked)]
"""A date in the business's time zone."""
Clock = Annotated[str, Field(pattern=CLOCK_PATTERN)]
"""A time of day in the business's time zone, as `07:30`."""

Span = tuple[datetime, datetime]
"""From a moment (included) to another (excluded)."""


class Hours(Frozen):
    """`22:00` to `06:00` passes midnight. Equal ends are a whole day."""

    begin: Clock
    end: Clock


class Day(Frozen):
    """When a member is available on one day. No hours: a day off."""

    hours: Annotated[tuple[Hours, ...], Field(max_length=6)]
    roles: tuple[CrewRole, ...] | None = None
    """The roles on that day. None: all roles of the profile."""


WHOLE_DAY = Day(hours=(Hours(begin="00:00", end="00:00"),))
DAY_OFF = Day(hours=())


def overlap(one: Span, other: Span) -> bool:
    """Whether the spans share a moment. Spans that only touch do not."""
    return one[0] < other[1] and other[0] < one[1]


def dates_of(span: Span, zone: tzinfo) -> tuple[date, ...]:
    """The dates in `zone` that `span` touches."""
    first = span[0].astimezone(zone).date()
    last = (span[1] - timedelta(microseconds=1)).astimezone(zone).date()
    return tuple(first + timedelta(days) for days in range((last - first).days + 1))


def day_span(day: date, zone: tzinfo) -> Span:
    """From midnight to midnight: 23 or 25 hours when the clocks change."""
    return _at(day, "00:00", zone), _at(day + timedelta(1), "00:00", zone)


def covers(days: Mapping[date, Day], span: Span, role: CrewRole, zone: tzinfo) -> bool:
    """Whether a member with these days is available in `role` for all of `span`."""
    dates = dates_of(span, zone)
    before = dates[0] - timedelta(1)  # its night shift may reach into the first day
    there = sorted(each for day in (before, *dates) for each in _spans(days, day, role, zone))
    reached = span[0]
    for begin, end in there:
        if begin <= reached:
            reached = max(reached, end)
    return reached >= span[1]


def _spans(days: Mapping[date, Day], day: date, role: CrewRole, zone: tzinfo) -> Iterator[Span]:
    said = days.get(day, WHOLE_DAY)
    if said.roles is not None and role not in said.roles:
        return
    for hours in said.hours:
        ends_on = day + timedelta(1) if hours.end <= hours.begin else day
        yield _at(day, hours.begin, zone), _at(ends_on, hours.end, zone)


def _at(day: date, clock: str, zone: tzinfo) -> datetime:
    """In UTC, because datetimes of one zone compare by the wall clock across a clock change."""
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


def day_text(day: Day) -> str:
    """The day as text: `07:00-15:30`, `off`, `07:00-12:00 as driver`."""
    hours = ", ".join(f"{each.begin}-{each.end}" for each in day.hours) or "off"
    return hours if day.roles is None else f"{hours} as {_listed(day.roles)}"


def _listed(roles: Iterable[CrewRole]) -> str:
    return ", ".join(roles) or "nothing"
