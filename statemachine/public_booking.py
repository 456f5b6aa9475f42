"""Which times a customer may book: those that the business offers, or none ("any day")."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from statemachine.bounds import Windowed, horizon_fault
from statemachine.business import BusinessSettings
from statemachine.business_values import ClockRange, weekday_of

Fault = tuple[str, str]
"""The field and the sentence."""


def public_booking_fault(
    business: BusinessSettings, schedule: Windowed, at: datetime
) -> Fault | None:
    """Why a customer may not book that time at `at`; None where they may, and for no time at all.

    The window has to be one of those offered, by the business's clock, on a day when it is open.
    """
    start, end = schedule.window_start, schedule.window_end
    if start is None and end is None:
        return None
    if start is None or end is None:
        return "window_start", "give both ends of a window that is offered, or neither"
    if start < at + timedelta(minutes=business.lead_minutes) or start <= at:
        return "window_start", "it is too late to book that window; choose a later one"
    if fault := horizon_fault(schedule, at, business.public_horizon_days):
        return fault
    return _day_fault(business, start) or _window_fault(business, start, end)


def _day_fault(business: BusinessSettings, start: datetime) -> Fault | None:
    day = start.astimezone(ZoneInfo(business.time_zone)).date()
    if day in business.closed_dates or weekday_of(day) not in business.opening_hours:
        return "window_start", "the business is closed on that day; choose another day"
    return None


def _window_fault(business: BusinessSettings, start: datetime, end: datetime) -> Fault | None:
    zone = ZoneInfo(business.time_zone)
    day = start.astimezone(zone).date()

    def is_meant(window: ClockRange) -> bool:
        moments = (datetime.combine(day, clock, zone) for clock in (window.start, window.end))
        return [moment.timestamp() for moment in moments] == [start.timestamp(), end.timestamp()]

    if any(map(is_meant, business.windows)):
        return None
    offered = ", ".join(map(str, business.windows))
    return "window_start", f"that window is not offered; choose one of {offered}"
