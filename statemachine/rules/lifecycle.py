"""The rules about moves, as pure functions of the job, the request, and the time.

    judge(job, request)  ->  Committed | EarlyMoveKept | Refused | Duplicate

Each verdict has the job to store. The order of the checks is part of the protocol: an event that
the job already knows is a duplicate first of all, even on a job that has ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from statemachine.flow_machine import legal_move
from statemachine.flows import UNDO, Flow, Move
from statemachine.job.job import Job
from statemachine.job.record_limits import RecordsFull, has_room
from statemachine.job.records import EarlyMove, LedgerEntry, Refusal, RefusalReason
from statemachine.rules.made_move import made_move
from statemachine.rules.move_request import MoveRequest
from statemachine.rules.requirements import has_proof, window_is_missing
from statemachine.rules.undo import undo_move, undone_by

CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours. Beyond that, the event is from the future."""
MAX_EARLY_MOVES = 20
"""How many early moves one job keeps."""

EXPLANATIONS: dict[RefusalReason, str] = {
    "illegal_move": "the job's status does not allow that move",
    "unknown_move": "this job's flow has no such move",
    "overtaken": "someone else moved the job first; look at it again and decide again",
    "not_allowed": "this kind of actor may not make that move",
    "reason_missing": "that move needs a reason; send `reason`",
    "driver_missing": "that move needs a driver on the job; assign one first",
    "undo_not_possible": "only your own last move can be undone, within a minute",
    "proof_missing": "that move needs photos before and after and the load size; add them first",
    "window_missing": "the business has not given an arrival window yet; it will offer one",
    "from_the_future": "`occurred_at` is in the future; check the sender's clock",
    "kept_too_long": "the moves that had to come before it did not arrive in time",
    "too_many_waiting": "too many moves of this job already wait for their turn",
    "event_id_used": "another event of this job has that `event_id`; send a new one",
}


@dataclass(frozen=True)
class Committed:
    """The move was made. Early moves that waited for it were made too, or refused."""

    job: Job
    entry: LedgerEntry


@dataclass(frozen=True)
class EarlyMoveKept:
    """The move came before its turn. The job keeps it until its deadline."""

    job: Job


@dataclass(frozen=True)
class Refused:
    """The move was not made. `refusal` says why."""

    job: Job
    refusal: Refusal


@dataclass(frozen=True)
class Duplicate:
    """The job has this event already, so nothing changes."""

    job: Job


Verdict = Committed | EarlyMoveKept | Refused | Duplicate


def judge(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    """The verdict on `request`. Raises RecordsFull if the job has no room to record it.

    Then the move is not made; if the request comes again, it is judged again.
    """
    if copy_of(job, request):
        return Duplicate(job)
    verdict = _judged(job, request, flow, now)
    grows = job.ledger if isinstance(verdict, Committed) else job.refused
    if not has_room(grows, request.actor):
        raise RecordsFull(f"{job.job_id} holds all the records it can; find out who keeps sending")
    return verdict


def copy_of(job: Job, request: MoveRequest) -> LedgerEntry | Refusal | EarlyMove | None:
    """The record of a move with the same event id, of which `request` is a copy."""
    records: tuple[LedgerEntry | Refusal | EarlyMove, ...] = (*job.ledger, *job.refused, *job.early)
    return next((record for record in records if record.event_id == request.event_id), None)


def with_early_moves_judged(job: Job, flow: Flow, now: datetime) -> Job:
    """An edited job after its early moves were judged, because some may wait for the edit's rev.

    This is part of the write that makes the edit. `Job.refusals_written_with` has those it refused.
    """
    return _with_early(job, flow, now)


def _judged(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    if job.knows(request.event_id):
        return _refuse(job, request, "event_id_used", now)
    if request.occurred_at > now + CLOCK_SKEW:
        return _refuse(job, request, "from_the_future", now)
    if request.move == UNDO:
        return _undo_or_refuse(job, request, flow, now)
    meant = flow.named(request.move, request.to)
    if not meant:
        return _refuse(job, request, "unknown_move", now)
    if not any(request.actor.kind in move.by for move in meant):
        return _refuse(job, request, "not_allowed", now)
    if _is_early(job, request, flow):
        return _keep(job, request, flow, now)
    return _move_or_refuse(job, request, flow, now)


def expire(job: Job, now: datetime) -> tuple[Job, tuple[Refusal, ...]]:
    """The job with every early move past its deadline refused, and those refusals."""
    expired = _expired(job, now)
    if not expired:
        return job, ()
    without = _with_refused(job, expired, "kept_too_long", now)
    return without.with_bookkeeping(), without.refused[len(job.refused) :]


def _expired(job: Job, now: datetime) -> tuple[EarlyMove, ...]:
    return tuple(early for early in job.early if early.until <= now)


def _overtaken(job: Job, request: MoveRequest) -> bool:
    """Whether the job moved since the sender looked at it, or never was at that rev."""
    seen = request.expected_rev
    if seen is None:
        return False
    return seen > job.rev or any(entry.rev > seen for entry in job.ledger)


def _is_early(job: Job, request: MoveRequest, flow: Flow) -> bool:
    """Whether the move is early: the sender saw a later rev, or the job can still reach its origin.

    On a job that has ended, no move is early.
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
    reason = _refusal_reason(job, request, move)
    if move is None or reason:
        return _refuse(job, request, reason or "illegal_move", now)
    moved, entry = made_move(job, request, move, flow, now, request.reason, request.note)
    return Committed(_with_early(moved, flow, now), entry)


def _undo_or_refuse(job: Job, request: MoveRequest, flow: Flow, now: datetime) -> Verdict:
    if _overtaken(job, request):
        return _refuse(job, request, "overtaken", now)
    if (undone := undone_by(job, request.actor, now)) is None:
        return _refuse(job, request, "undo_not_possible", now)
    move, said = undo_move(undone), (request.reason, request.note)
    moved, entry = made_move(job, request, move, flow, now, *said, undone)
    return Committed(_with_early(moved, flow, now), entry)


def _refusal_reason(job: Job, request: MoveRequest, move: Move | None) -> RefusalReason | None:
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
    if window_is_missing(job, move, request.actor):
        return "window_missing"
    return None


def _with_early(job: Job, flow: Flow, now: datetime) -> Job:
    """`job` after its early moves were judged as if they came now, oldest `occurred_at` first.

    So none is left on a job that has ended or gone another way, where no one would look for it.
    """
    job = _with_refused(job, _expired(job, now), "kept_too_long", now)
    while early := next(_due(job, flow), None):
        move = legal_move(flow, job.status, early.move, early.to)
        reason = _refusal_reason(job, early, move)
        if move is None or reason:
            job = _with_refused(job, (early,), reason or "illegal_move", now)
        else:
            job, _ = made_move(job, early, move, flow, now, early.reason, early.note)
    return job


def _due(job: Job, flow: Flow) -> Iterator[EarlyMove]:
    oldest_first = sorted(job.early, key=lambda early: (early.occurred_at, early.event_id))
    return (early for early in oldest_first if not _is_early(job, early, flow))


def _with_refused(job: Job, kept: tuple[EarlyMove, ...], why: RefusalReason, now: datetime) -> Job:
    """`job` with early moves refused, as part of a write that raises `version` itself."""
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
