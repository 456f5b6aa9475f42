"""Slots: how many jobs each arrival window of a day takes, and which jobs have taken one.

The job object is the truth; a sheet is the lock in front of it and the counter behind the booking
page. A sheet has the taken slots of one day of one business. It is only ever replaced by its next
version, so of two bookings for the last slot one is written and the other reads again.

    booking A   read sheet v6, 4 of 5 ── take a slot for A ── PUT sheet v7 → written ── create A
    booking B   read sheet v6, 4 of 5 ── take a slot for B ── PUT sheet v7 → conflict
                read sheet v7, 5 of 5: full

A taken slot names the `version` that the job gets with it. Until the job has that version, the slot
is taken for two minutes, because no function runs so long; from that version on, only the job
itself counts. So a booking that dies in between holds a slot for minutes and never gives one twice.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import ClockRange, clock_text, weekday_of
from statemachine.flows import Flow
from statemachine.job.job import Job
from statemachine.schedule.reservations import ABANDONED_AFTER, has_ended, window_of
from statemachine.schedule.roster import Date, Span
from statemachine.values.values import Frozen, JobId, Utc


class TakenSlot(Frozen):
    """The slot of one job: the job's arrival window."""

    job_id: JobId
    version: Annotated[int, Field(ge=1)]
    """The job's version from which only the job itself says whether it has this slot."""
    begin: Utc
    end: Utc
    taken_at: Utc

    @property
    def span(self) -> Span:
        return self.begin, self.end

    def is_settled(self, now: datetime) -> bool:
        """Whether the write that it was taken for is over, by any clock."""
        return abs(now - self.taken_at) >= ABANDONED_AFTER


class SlotSheet(Frozen):
    """The taken slots of one day, by the business's clock. Version 0 is not stored yet."""

    day: Date
    version: Annotated[int, Field(ge=0)] = 0
    taken: tuple[TakenSlot, ...] = ()

    def taken_in(self, window: Span) -> tuple[TakenSlot, ...]:
        """A job belongs to the window that its own window begins in."""
        begin, end = window
        return tuple(each for each in self.taken if begin <= each.begin < end)

    def misplaced(self, business: BusinessSettings) -> tuple[TakenSlot, ...]:
        """Those that belong on the sheet of another day."""
        here = date.fromisoformat(self.day)
        return tuple(each for each in self.taken if day_of(each.begin, business) != here)

    def with_slot(self, mine: TakenSlot, gone: Collection[TakenSlot] = ()) -> "SlotSheet":
        """The next version with `mine`, in the place of an older one of the same job and window,
        and without `gone`; this one if it has `mine` already."""
        if mine in self.taken:
            return self
        kept = (each for each in self.taken if each not in gone and not _same_place(each, mine))
        return self._with_taken((*kept, mine))

    def without(self, gone: Collection[TakenSlot]) -> "SlotSheet":
        """The next version without `gone`; this one if nothing changes."""
        return self._with_taken(tuple(each for each in self.taken if each not in gone))

    def following(self, job: Job, flow: Flow, needed: Span | None, now: datetime) -> "SlotSheet":
        """The next version, as the job says; this one if it says so already.

        `needed` is the window on this day for which the job needs a slot. Slots of a later version
        of the job stay: an edit that is under way has taken them.
        """
        gone = [
            each
            for each in self.taken
            if each.job_id == job.job_id and is_gone(each, job, flow, now)
        ]
        kept = tuple(each for each in self.taken if each not in gone)
        if needed and not any((each.job_id, each.span) == (job.job_id, needed) for each in kept):
            kept = (*kept, taken_slot(job, needed, now))
        return self._with_taken(kept)

    def _with_taken(self, taken: tuple[TakenSlot, ...]) -> "SlotSheet":
        return self if taken == self.taken else self.with_(version=self.version + 1, taken=taken)


def _same_place(one: TakenSlot, other: TakenSlot) -> bool:
    return (one.job_id, one.span) == (other.job_id, other.span)


def taken_slot(job: Job, window: Span, now: datetime) -> TakenSlot:
    """The slot of `job` from its version on."""
    return TakenSlot(
        job_id=job.job_id, version=job.version, begin=window[0], end=window[1], taken_at=now
    )


def slot_of(job: Job, flow: Flow) -> Span | None:
    """The arrival window for which the job needs a slot; None if it needs none."""
    return None if has_ended(job, flow) else window_of(job)


def is_gone(slot: TakenSlot, job: Job | None, flow: Flow, now: datetime) -> bool:
    """Whether the slot is free again, by its job as it is now; None: there is no such job."""
    if job is not None and slot_of(job, flow) == slot.span:
        return False
    return slot.is_settled(now) or (job is not None and job.version >= slot.version)


def day_of(moment: datetime, business: BusinessSettings) -> date:
    """The day of the sheet for a window that begins then."""
    return moment.astimezone(ZoneInfo(business.time_zone)).date()


class OfferedWindow(Frozen):
    """A window of one day that the business offers, and how many jobs it takes."""

    day: date
    window: ClockRange
    begin: Utc
    end: Utc
    capacity: Annotated[int, Field(ge=0)]

    @property
    def span(self) -> Span:
        return self.begin, self.end

    def left(self, taken: Iterable[TakenSlot]) -> int:
        """How many slots are left; 0 also where a dispatcher has booked more than there are."""
        return max(0, self.capacity - len({each.job_id for each in taken}))


def windows_on(business: BusinessSettings, day: date, trucks: int) -> Iterator[OfferedWindow]:
    """The windows offered on that day in their order; none where the business is closed."""
    if day in business.closed_dates or weekday_of(day) not in business.opening_hours:
        return
    zone = ZoneInfo(business.time_zone)
    for window in business.windows:
        begin, end = (datetime.combine(day, clock, zone) for clock in (window.start, window.end))
        yield OfferedWindow(
            day=day,
            window=window,
            begin=begin,
            end=end,
            capacity=_capacity(business, day, window, trucks),
        )


def _capacity(business: BusinessSettings, day: date, window: ClockRange, trucks: int) -> int:
    """What is set for the date counts first, then what is set for its weekday.

    Otherwise each truck does one job after the other; a business without trucks on its roster has
    one, and a window that is shorter than a job takes one for each truck.
    """
    start = clock_text(window.start)
    for chosen in (business.slots_on.get(day), business.slots_by_weekday.get(weekday_of(day))):
        if chosen is not None and start in chosen:
            return chosen[start]
    return max(1, trucks) * max(1, window.minutes // business.default_duration_minutes)


def window_with(business: BusinessSettings, moment: datetime, trucks: int) -> OfferedWindow | None:
    """The offered window that a job beginning then counts in; None outside of all of them."""
    for offered in windows_on(business, day_of(moment, business), trucks):
        if offered.begin <= moment < offered.end:
            return offered
    return None


def bookable_windows(
    business: BusinessSettings, trucks: int, now: datetime
) -> Iterator[OfferedWindow]:
    """The windows that a customer may book now, free or full, by day."""
    today = day_of(now, business)
    for days in range(business.public_horizon_days + 1):
        for offered in windows_on(business, today + timedelta(days), trucks):
            if is_bookable(business, offered.begin, offered.end, now):
                yield offered


def is_bookable(business: BusinessSettings, begin: datetime, end: datetime, now: datetime) -> bool:
    """Whether a window is neither too soon nor too far ahead for a customer."""
    soonest = now + timedelta(minutes=business.lead_minutes)
    latest = now + timedelta(days=business.public_horizon_days)
    return begin > now and soonest <= begin and end <= latest
