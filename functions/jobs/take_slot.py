"""Takes the slot of a job before the job is stored, and gives back what it no longer needs.

    take     before the write that makes the job need the slot; refused where none is left
    follow   after a write: the sheet of that day becomes what the job says

If `follow` is lost, the watchdog makes the sheet agree with the jobs (`repair/repair_slots.py`).
See `statemachine/schedule/slots.py` for why no slot is given twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from functions.people.roster import Truck
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Jobs, Tenants, Unavailable, UnknownJob
from functions.protocol.read_each import UNREADABLE, readable_job
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.edits import EXPLANATIONS, SlotFull
from statemachine.schedule.reservations import window_of
from statemachine.schedule.roster import Span
from statemachine.schedule.slots import (
    OfferedWindow,
    SlotSheet,
    TakenSlot,
    bookable_windows,
    day_of,
    is_gone,
    slot_of,
    taken_slot,
    window_with,
)
from statemachine.values.values import YEARS

Change = Callable[[SlotSheet], SlotSheet]


class SlotSheets(Protocol):
    """The sheets of `statemachine/schedule/slots.py`, one for each day of a business."""

    def read(self, tenant: str, day: date) -> SlotSheet:
        """The sheet as it is now; version 0 if there is none yet."""

    def between(self, tenant: str, first: date, last: date) -> Iterator[SlotSheet]:
        """The stored sheets of those days, both included. They may be a second old."""

    def write(self, tenant: str, sheet: SlotSheet) -> None:
        """Stores it; the stored sheet must still have the version before.

        Raises Conflict otherwise, and if the response was lost: then read again.
        """


class Trucks(Protocol):
    def trucks(self, tenant: str) -> Iterator[Truck]: ...


@dataclass(frozen=True)
class TakeSlot:
    sheets: SlotSheets
    roster: Trucks
    jobs: Jobs
    tenants: Tenants
    pause: Pause = full_jitter

    def take(self, job: Job, now: datetime) -> None:
        """Takes the slot that `job` needs once it is stored as it is here.

        A job without a window needs none. One outside of the windows that the business offers is
        never too many, nor is one that a dispatcher has overbooked. Raises SlotFull, Unavailable.
        """
        span = slot_of(job, load_flow(job.flow))
        if span is None or span[1] <= now:
            return
        business = self.tenants.read(job.tenant)
        offered = window_with(business, span[0], self._trucks(job.tenant))
        mine = taken_slot(job, span, now)

        def taken(sheet: SlotSheet) -> SlotSheet:
            if offered is None or job.overbooked:
                return sheet.with_slot(mine)
            return sheet.with_slot(mine, self._room(job.tenant, sheet, offered, mine, now))

        self._swap(job.tenant, day_of(span[0], business), taken)

    def follow(self, job: Job, now: datetime, left: Span | None = None) -> bool:
        """Makes the sheet of the job's day, and of the window it has `left`, agree with the job.

        Slots of a later version of the job stay: an edit that is under way has taken them.
        Whether anything had to be changed. Raises Unavailable.
        """
        spans = (span for span in (window_of(job), left) if span and span[1] > now)
        windows = [span for span in spans if span[0].year in YEARS]
        if not windows:
            return False
        business, flow = self.tenants.read(job.tenant), load_flow(job.flow)
        needed = slot_of(job, flow)
        changed = False
        for day in sorted({day_of(begin, business) for begin, _ in windows}):
            here = needed if needed and day_of(needed[0], business) == day else None

            def followed(sheet: SlotSheet, here: Span | None = here) -> SlotSheet:
                return sheet.following(job, flow, here, now)

            changed |= self._swap(job.tenant, day, followed)
        return changed

    def give_back(self, tenant: str, job_id: str, span: Span, now: datetime) -> bool:
        """The slot of a booking that was abandoned: there is no such job. Whether it was there."""

        def given_back(sheet: SlotSheet) -> SlotSheet:
            mine = (each for each in sheet.taken if (each.job_id, each.span) == (job_id, span))
            return sheet.without([each for each in mine if each.is_settled(now)])

        return self._swap(tenant, day_of(span[0], self.tenants.read(tenant)), given_back)

    def remove_misplaced(self, tenant: str, day: date, now: datetime) -> None:
        """The slots on the sheet of a day on which they do not begin, where nothing counts them.

        So they are left by a change of the business's time zone.
        """
        business = self.tenants.read(tenant)

        def without(sheet: SlotSheet) -> SlotSheet:
            return sheet.without(
                [each for each in sheet.misplaced(business) if each.is_settled(now)]
            )

        self._swap(tenant, day, without)

    def offers(self, tenant: str, now: datetime) -> Iterator[tuple[OfferedWindow, int]]:
        """The windows that a customer may book now, each with how many slots are left."""
        business = self.tenants.read(tenant)
        windows = list(bookable_windows(business, self._trucks(tenant), now))
        if windows:
            sheets = {
                sheet.day: sheet
                for sheet in self.sheets.between(tenant, windows[0].day, windows[-1].day)
            }
            for offered in windows:
                sheet = sheets.get(offered.day.isoformat())
                yield offered, offered.left(sheet.taken_in(offered.span) if sheet else ())

    def _trucks(self, tenant: str) -> int:
        return sum(1 for _ in self.roster.trucks(tenant))

    def _room(
        self, tenant: str, sheet: SlotSheet, offered: OfferedWindow, mine: TakenSlot, now: datetime
    ) -> list[TakenSlot]:
        """The slots that are free again, looked for only where none is left. Raises SlotFull."""
        others = [each for each in sheet.taken_in(offered.span) if each.job_id != mine.job_id]
        if offered.left(others):
            return []
        gone = [each for each in others if self._is_gone(tenant, each, now)]
        if offered.left([each for each in others if each not in gone]):
            return gone
        raise SlotFull(EXPLANATIONS["slot_full"])

    def _is_gone(self, tenant: str, slot: TakenSlot, now: datetime) -> bool:
        """A slot taken a moment ago is not looked at: its job is being stored, or has just been."""
        if not slot.is_settled(now):
            return False
        try:
            job = readable_job(self.jobs, tenant, slot.job_id)
        except UnknownJob:
            return True
        except UNREADABLE:  # it may need the slot: a person has to restore it
            return False
        return is_gone(slot, job, load_flow(job.flow), now)

    def _swap(self, tenant: str, day: date, change: Change) -> bool:
        """Whether the sheet had to be changed. A lost response looks like a conflict.

        Raises Unavailable if no attempt succeeds.
        """
        last: Exception | None = None
        for attempt in range(ATTEMPTS):
            try:
                sheet = self.sheets.read(tenant, day)
                following = change(sheet)
                if following is not sheet:
                    self.sheets.write(tenant, following)
                return following is not sheet
            except (Conflict, Unavailable) as error:
                last = error
                self.pause(attempt)
        raise Unavailable(f"the slots of {day} were not written; send it again") from last
