"""The job after a move was made, with its ledger entry. Whether it may be made is asked before."""

from datetime import datetime
from typing import Protocol

from statemachine.flows import Flow, Move
from statemachine.job.job import Job, Schedule
from statemachine.job.records import Cleared, LedgerEntry
from statemachine.rules.undo import as_before
from statemachine.values.values import Actor


class MovingRequest(Protocol):
    """Who asks for something about a job, and when; an edit too can bring a move with it."""

    @property
    def event_id(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...


def made_move(
    job: Job,
    request: MovingRequest,
    move: Move,
    flow: Flow,
    now: datetime,
    reason: str | None,
    note: str | None = None,
    undone: LedgerEntry | None = None,
) -> tuple[Job, LedgerEntry]:
    entry = LedgerEntry(
        seq=job.seq + 1,
        rev=job.version + 1,
        event_id=request.event_id,
        move=move.name,
        origin=job.status,
        to=move.to,
        occurred_at=request.occurred_at,
        recorded_at=now,
        actor=request.actor,
        reason=reason,
        note=note,
        undoes=undone.seq if undone else None,
        cleared=Cleared(**job.schedule.__dict__) if "schedule" in move.clears else None,
    )
    changes = {
        "seq": entry.seq,
        "status": move.to,
        "entered_at": now,
        "ledger": (*job.ledger, entry),
        "early": tuple(early for early in job.early if early.event_id != request.event_id),
        "accepted": job.accepted or request.actor.kind != "customer",
        **({"schedule": Schedule()} if entry.cleared else {}),
        **_brought_back(job, flow, now),
        **(as_before(job, undone) if undone else {}),
    }
    return job.with_change(**changes), entry


def _brought_back(job: Job, flow: Flow, now: datetime) -> dict[str, object]:
    """A job that leaves an ended status has no execution left: the next generation follows it."""
    if not flow.status(job.status).terminal:
        return {}
    following = job.execution.with_(generation=job.execution.generation + 1, since=now)
    return {"execution": following, "wait": None}
