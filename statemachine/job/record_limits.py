"""How many records of each kind one job holds, so that no sender makes it grow without bound."""

from collections.abc import Sequence

from statemachine.job.records import Record
from statemachine.values.values import Actor

MAX_RECORDS = 500
"""The most moves on a job, and the most refusals: refusals use up no room for moves.

Dispatchers have as many again for themselves, so that no one else can keep them from repairs.
"""
MAX_OWN_RECORDS = 100
"""The most by one sender who is not a dispatcher: one crew member does not stop another."""


class RecordsFull(Exception):
    """The job holds all the records it can. A program probably sends in a loop: find its actor."""


def has_room(records: Sequence[Record], actor: Actor, own: int = MAX_OWN_RECORDS) -> bool:
    """Whether `records` may take one more by `actor`, who may have `own` of them."""
    if actor.kind == "dispatcher":
        return sum(record.actor.kind == "dispatcher" for record in records) < MAX_RECORDS
    others = [record.actor for record in records if record.actor.kind != "dispatcher"]
    return len(others) < MAX_RECORDS and others.count(actor) < own
