"""Makes the slot sheets of a business agree with its jobs.

The board has the arrival window of every open job, so it shows where a sheet may be wrong: a slot
without a job, or a job without its slot. Only those jobs are read, and each decides by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from functions.jobs.take_slot import TakeSlot
from functions.protocol.ports import UnknownJob
from functions.protocol.read_each import UNREADABLE, readable_job
from statemachine.business.business import BusinessSettings
from statemachine.schedule.roster import Span
from statemachine.schedule.slots import SlotSheet, TakenSlot
from statemachine.values.values import JobId
from statemachine.views.views import Board

LAST_DAY = date.max
MOST = 100
"""How many jobs one round reads at most; the next round goes on."""


@dataclass(frozen=True)
class RepairSlots:
    slots: TakeSlot

    def __call__(self, tenant: str, board: Board, now: datetime) -> list[JobId]:
        """The jobs whose slots were repaired. Raises Unavailable."""
        sheets = list(self._sheets(tenant, now))
        business = self.slots.tenants.read(tenant)
        for sheet in sheets:
            if any(slot.is_settled(now) for slot in sheet.misplaced(business)):
                self.slots.remove_misplaced(tenant, date.fromisoformat(sheet.day), now)
        held = list(_held(sheets, business, now))
        doubtful = [*_without_job(held, board, now), *_without_slot(held, board, now)]
        repaired = (
            job_id for job_id, span in doubtful[:MOST] if self._repair(tenant, job_id, span, now)
        )
        return sorted(set(repaired))

    def _sheets(self, tenant: str, now: datetime) -> Iterator[SlotSheet]:
        first = (now - timedelta(days=1)).date()
        return self.slots.sheets.between(tenant, first, LAST_DAY)

    def _repair(self, tenant: str, job_id: str, span: Span, now: datetime) -> bool:
        """Whether a sheet had to be changed."""
        try:
            job = readable_job(self.slots.jobs, tenant, job_id)
        except UnknownJob:
            return self.slots.give_back(tenant, job_id, span, now)
        except UNREADABLE:  # stuck; it keeps its slot until a person has restored it
            return False
        return self.slots.follow(job, now, span)


def _held(
    sheets: list[SlotSheet], business: BusinessSettings, now: datetime
) -> Iterator[TakenSlot]:
    for sheet in sheets:
        misplaced = sheet.misplaced(business)
        yield from (slot for slot in sheet.taken if slot.end > now and slot not in misplaced)


def _without_job(
    held: list[TakenSlot], board: Board, now: datetime
) -> Iterator[tuple[JobId, Span]]:
    needed = dict(_needed(board, now))
    for slot in held:
        if slot.is_settled(now) and needed.get(slot.job_id) != slot.span:
            yield slot.job_id, slot.span


def _without_slot(
    held: list[TakenSlot], board: Board, now: datetime
) -> Iterator[tuple[JobId, Span]]:
    known = {(slot.job_id, slot.span) for slot in held}
    return (each for each in _needed(board, now) if each not in known)


def _needed(board: Board, now: datetime) -> Iterator[tuple[JobId, Span]]:
    for card in board.jobs.values():
        begin, end = card.schedule.window
        if begin and end and end > now and not card.terminal:
            yield card.job_id, (begin, end)
