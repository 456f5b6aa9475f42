"""What may happen to a job: every rule about moves, as pure functions of job, request and now.

    judge(job, request)  ->  Committed | EarlyMoveKept | Refused | Duplicate, each with the job to store

The order of the checks is part of the protocol: an event that the job already knows is a
duplicate before it is anything else, also on a job that has ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from statemachine.flow_machine import legal_move
from statemachine.flows import Flow, Move
from statemachine.job import EarlyMove, Job, LedgerEntry, Record, Refusal, RefusalReason
from statemachine.values import Actor

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of ours a producer's clock may be before its event counts as from the future."""
MAX_EARLY_MOVES = 20
MAX_RECORDS = 500
"""So many moves, and as many refusals: who only fills the refusals keeps no one from moving.

Dispatchers have as many again of their own, so that no one else's can stop them from repairs."""
MAX_OWN_RECORDS = 100
"""So many of these by any one who is not a dispatcher: one crew member does not stop another."""

EXPLANATIONS: dict[RefusalReason, str] = {
    "illegal_move": "the job's status does not allow that move",
    "unknown_move": "this job's flow has no such move",
    "overtaken": "someone else moved the job first; look again and decide again",
    "not_allowed": "this kind of actor may not make that move",
    "reason_missing": "that move needs a reason; send `reason`",
    "driver_missing": "that move needs a driver on the job; assign one first",
    "proof_missing": "that move needs photos before and after and the load size; add them first",
    "from_the_future": "`occurred_at` lies ahead of our clock; check the sender's clock",
    "kept_too_long": "the moves that had to come before it did not come in time",
    "too_many_waiting": "too many moves of this job already wait for their turn",
    "event_id_used": "that `event_id` belongs to another event of this job; send a fresh one",
}


class MoveRequest(Protocol):
    """What the lifecycle needs to know of a request; `events.JobMoveRequested` is one."""

    @property
    def event_id(self) -> str: ...
    @property
    def move(self) -> str | None: ...
    @property
    def to(self) -> str | None: ...
    @property
    def expected_rev(self) -> int | None: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def note(self) -> str | None: ...


@dataclass(frozen=True)
class Committed:
    """The move was made; those that had waited for it were made too, or refused."""

    job: Job
    entry: LedgerEntry


@dataclass(frozen=True)
class EarlyMoveKept:
    """The move came before its turn and is kept until its deadline."""

    job: Job


@dataclass(frozen=True)
class Refused:
    """The move was not made; the record says why."""

    job: Job
    refusal: Refusal


@dataclass(frozen=True)
class Duplicate:
    """The job knows this event already; nothing changes."""

    job: Job


Verdict = Committed | EarlyMoveKept | Refused | Duplicate


class RecordsFull(Exception):
    """The job has all the records it can hold: someone's program runs wild. Look at its actor."""


def judge(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    """What becomes of `request`. Raises RecordsFull instead of growing the job without bound.

    What was not recorded for want of room is judged again when it comes again: it was not made.
    """
    if copy_of(job, request):
        return Duplicate(job)
    verdict = _judged(job, request, flow, now)
    grows = job.ledger if isinstance(verdict, Committed) else job.refused
    if not has_room(grows, request.actor):
        raise RecordsFull(f"{job.job_id} holds all records it can; look who keeps sending")
    return verdict


def copy_of(job: Job, request: MoveRequest) -> LedgerEntry | Refusal | EarlyMove | None:
    """The record of a move of that event id, if there is one: `request` is a copy of it."""
    records: tuple[LedgerEntry | Refusal | EarlyMove, ...] = (*job.ledger, *job.refused, *job.early)
    return next((record for record in records if record.event_id == request.event_id), None)


def with_early_moves_judged(job: Job, flow: Flow, now: datetime) -> Job:
    """An edited job after its kept moves were judged, some of which waited for the edit's `rev`.

    Part of the write that makes the edit; `refusals_written_with` the edit's id names those it refused.
    """
    return _with_early(job, flow, now)


def has_room(records: Sequence[Record], actor: Actor, own: int = MAX_OWN_RECORDS) -> bool:
    """Whether `records` take one more of `actor`: who floods them uses up their own room alone."""
    if actor.kind == "dispatcher":
        return sum(record.actor.kind == "dispatcher" for record in records) < MAX_RECORDS
    others = [record.actor for record in records if record.actor.kind != "dispatcher"]
    return len(others) < MAX_RECORDS and others.count(actor) < own


def _judged(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    if job.knows(request.event_id):
        return _refuse(job, request, "event_id_used", now)
    if request.occurred_at > now + CLOCK_SKEW:
        return _refuse(job, request, "from_the_future", now)
    meant = flow.named(request.move, request.to)
    if not meant:
        return _refuse(job, request, "unknown_move", now)
    if not any(request.actor.kind in move.by for move in meant):
        return _refuse(job, request, "not_allowed", now)
    if _comes_later(job, request, flow):
        return _keep(job, request, flow, now)
    return _move_or_refuse(job, request, flow, now)


def expire(
    job: Job,
    flow: Flow,  # noqa: ARG001 - asked like `judge`, whatever the rule needs
    now: datetime,
) -> tuple[Job, tuple[Refusal, ...]]:
    """The job with every kept move whose deadline has passed refused on the record."""
    late = _late(job, now)
    if not late:
        return job, ()
    without = _given_up(job, late, "kept_too_long", now)
    return without.with_bookkeeping(), without.refused[len(job.refused) :]


def _late(job: Job, now: datetime) -> tuple[EarlyMove, ...]:
    return tuple(early for early in job.early if early.until <= now)


def _overtaken(job: Job, request: MoveRequest) -> bool:
    """The sender decided on another status: the job was moved since, or never was at that `rev`."""
    seen = request.expected_rev
    if seen is None:
        return False
    return seen > job.rev or any(entry.rev > seen for entry in job.ledger)


def _comes_later(job: Job, request: MoveRequest, flow: Flow) -> bool:
    """Not its turn yet: the sender has seen more than we have, or its origin lies ahead of us.

    For a job that has ended nothing comes later.
    """
    if flow.status(job.status).terminal:
        return False
    seen = request.expected_rev
    if seen is not None:
        return seen > job.rev
    if legal_move(flow, job.status, request.move, request.to):
        return False
    ahead = flow.ahead(job.status)
    return any(ahead & set(move.origins) for move in flow.named(request.move, request.to))


def _move_or_refuse(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    move = legal_move(flow, job.status, request.move, request.to)
    fault = _fault(job, request, move)
    if move is None or fault:
        return _refuse(job, request, fault or "illegal_move", now)
    moved, entry = _moved(job, request, move, flow, now)
    return Committed(_with_early(moved, flow, now), entry)


def _fault(job: Job, request: MoveRequest, move: Move | None) -> RefusalReason | None:
    if _overtaken(job, request):
        return "overtaken"
    if move is None:
        return "illegal_move"
    if request.actor.kind not in move.by:
        return "not_allowed"
    if "reason" in move.requires and not request.reason:
        return "reason_missing"
    if "driver" in move.requires and not any(member.role == "driver" for member in job.crew):
        return "driver_missing"
    if "proof" in move.requires and not has_proof(job):
        return "proof_missing"
    return None


def has_proof(job: Job) -> bool:
    """Whether the job shows what was done: a photo before, one after, and the load size."""
    return {photo.kind for photo in job.photos} == {"before", "after"} and bool(job.load_size)


def _moved(
    job: Job, request: MoveRequest, move: Move, flow: Flow, now: datetime
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
        reason=request.reason,
        note=request.note,
    )
    return job.with_change(
        seq=entry.seq,
        status=move.to,
        entered_at=now,
        ledger=(*job.ledger, entry),
        early=tuple(early for early in job.early if early.event_id != request.event_id),
        **_brought_back(job, flow, now),
    ), entry


def _brought_back(job: Job, flow: Flow, now: datetime) -> dict[str, object]:
    """A job that leaves an ended status has no execution left: the next generation follows it."""
    if not flow.status(job.status).terminal:
        return {}
    following = job.execution.with_(generation=job.execution.generation + 1, since=now)
    return {"execution": following, "wait": None}


def _with_early(job: Job, flow: Flow, now: datetime) -> Job:
    """`job` after its kept moves, oldest first by `occurred_at`, were judged as if they came now.

    So none stays behind in a job that has ended or gone another way: no one would look for it.
    """
    job = _given_up(job, _late(job, now), "kept_too_long", now)
    while early := next(_due(job, flow), None):
        move = legal_move(flow, job.status, early.move, early.to)
        fault = _fault(job, early, move)
        if move is None or fault:
            job = _given_up(job, (early,), fault or "illegal_move", now)
        else:
            job, _ = _moved(job, early, move, flow, now)
    return job


def _due(job: Job, flow: Flow) -> Iterator[EarlyMove]:
    oldest_first = sorted(job.early, key=lambda early: (early.occurred_at, early.event_id))
    return (early for early in oldest_first if not _comes_later(job, early, flow))


def _given_up(job: Job, kept: tuple[EarlyMove, ...], why: RefusalReason, now: datetime) -> Job:
    """`job` with kept moves refused on the record, as part of a write that counts `rev` itself."""
    refusals = tuple(_refusal(job, early, why, now) for early in kept)
    waiting = tuple(early for early in job.early if early not in kept)
    return job.with_(early=waiting, refused=(*job.refused, *refusals))


def _keep(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    if len(job.early) >= MAX_EARLY_MOVES:
        return _refuse(job, request, "too_many_waiting", now)
    early = EarlyMove(
        event_id=request.event_id,
        move=request.move,
        to=request.to,
        expected_rev=request.expected_rev,
        occurred_at=request.occurred_at,
        actor=request.actor,
        reason=request.reason,
        note=request.note,
        until=now + timedelta(minutes=flow.early_minutes),
    )
    return EarlyMoveKept(job.with_bookkeeping(early=(*job.early, early)))


def _refuse(job: Job, request: MoveRequest, why: RefusalReason, now: datetime) -> Refused:
    refusal = _refusal(job, request, why, now)
    return Refused(job.with_bookkeeping(refused=(*job.refused, refusal)), refusal)


def _refusal(job: Job, request: MoveRequest, why: RefusalReason, now: datetime) -> Refusal:
    return Refusal(
        event_id=request.event_id,
        move=request.move,
        to=request.to,
        why=why,
        status=job.status,
        occurred_at=request.occurred_at,
        recorded_at=now,
        actor=request.actor,
    )
