"""Which times a customer may book: those that the business offers, or none ("any day")."""

from datetime import date, datetime, timedelta

from statemachine.business.business import BusinessSettings
from statemachine.job.bounds import Windowed, horizon_fault
from statemachine.schedule.slots import day_of, windows_on

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
    return _window_fault(business, start, end)


def preferred_day_fault(business: BusinessSettings, day: date, at: datetime) -> Fault | None:
    """Why a customer may not ask for that day at `at`; whether it is full does not matter."""
    today = day_of(at, business)
    days = business.public_horizon_days
    if not today <= day <= today + timedelta(days=days):
        return "preferred_day", f"choose a day within {days} days from today"
    if not list(windows_on(business, day, trucks=1)):
        return "preferred_day", "the business is closed on that day; choose another day"
    return None


def _window_fault(business: BusinessSettings, start: datetime, end: datetime) -> Fault | None:
    offered = list(windows_on(business, day_of(start, business), trucks=1))
    if not offered:
        return "window_start", "the business is closed on that day; choose another day"
    if any(each.span == (start, end) for each in offered):
        return None
    listed = ", ".join(map(str, business.windows))
    return "window_start", f"that window is not offered; choose one of {listed}"
