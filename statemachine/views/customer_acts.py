"""What a customer did last with a job, for the office to notice at once. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from statemachine.job.job import Job
from statemachine.job.records import Edit
from statemachine.values.values import Actor

CustomerAct = Literal[
    "booked", "confirmed", "cancelled", "rescheduled", "asked_again", "wrote", "photographed"
]
OF_MOVES: dict[str, CustomerAct] = {"confirm": "confirmed", "cancel": "cancelled"}


def customer_act_of(job: Job) -> CustomerAct | None:
    """What the customer did, if no one else has done anything with the job since.

    Bookkeeping by the system, such as the record of a reminder, hides nothing.
    """
    acts = [act for act in _acts_of(job) if act[1].kind != "system"]
    _, actor, act = max(acts, key=lambda each: each[0], default=(None, None, None))
    return act if actor is not None and actor.kind == "customer" else None


def _acts_of(job: Job) -> Iterator[tuple[datetime, Actor, CustomerAct | None]]:
    yield job.created_at, job.created_by, "booked"
    for edit in job.edits:  # before a move that an edit made at the same moment
        yield edit.recorded_at, edit.actor, _act_of_edit(edit)
    for entry in job.ledger[-1:]:
        yield entry.recorded_at, entry.actor, OF_MOVES.get(entry.move)


def _act_of_edit(edit: Edit) -> CustomerAct | None:
    if edit.window:
        return "asked_again" if edit.window.asked else "rescheduled"
    if "photos" in edit.fields:
        return "photographed"
    return "wrote" if "notes" in edit.fields else None
