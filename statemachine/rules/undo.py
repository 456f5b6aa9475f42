"""Undo: within a minute, who made a move takes it back. Pure.

The move is not in the flow, because it follows from the ledger: back to where the last entry came
from, with what that entry took off the job. Later, a decision needs a move of its own, such as
reopen. A text waits longer than this minute, so what was undone in time was told to no one.
"""

from datetime import datetime, timedelta

from statemachine.flows import UNDO, Move
from statemachine.job.job import Job, Schedule
from statemachine.job.records import LedgerEntry
from statemachine.values.values import RESERVED, Actor, Text

UNDO_WITHIN = timedelta(minutes=1)
BY_EDIT = f"{RESERVED}edit-"
"""The event id of a move that an edit made begins so."""
PEOPLE = frozenset({"dispatcher", "crew", "customer"})


def undone_by(job: Job, actor: Actor, now: datetime) -> LedgerEntry | None:
    """The entry that `actor` may undo now: their own, the last one, and no undo itself.

    None for a move that an edit made: without the edit it would not be so.
    """
    last = job.ledger[-1] if job.ledger else None
    if last is None or last.undoes is not None or actor.kind not in PEOPLE:
        return None
    if last.event_id.startswith(BY_EDIT):
        return None
    return last if last.actor == actor and now - last.recorded_at <= UNDO_WITHIN else None


def undo_move(entry: LedgerEntry) -> Move:
    return Move(
        name=UNDO,
        label=Text(en="Undo", es="Deshacer"),
        origins=(entry.to,),
        to=entry.origin,
        by=(entry.actor.kind,),
    )


def as_before(job: Job, entry: LedgerEntry) -> dict[str, object]:
    """The values that the job had before `entry`, its last one."""
    earlier = job.standing_at(entry.seq - 1)
    before: dict[str, object] = {
        "entered_at": earlier[-1].recorded_at if earlier else job.created_at
    }
    if entry.cleared:
        before["schedule"] = Schedule.model_validate(entry.cleared.model_dump())
    return before
