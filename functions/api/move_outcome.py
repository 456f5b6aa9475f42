"""A move through the API is the move of the bus; here its verdict becomes answer or problem."""

from typing import Any, Literal

from events import JobMoveRequested
from functions.api.problems import Problem, slug_of
from statemachine.job import Job
from statemachine.lifecycle import (
    EXPLANATIONS,
    Committed,
    Duplicate,
    EarlyMoveKept,
    Refused,
    Verdict,
    copy_of,
)
from statemachine.records import EarlyMove, Refusal, RefusalReason
from statemachine.values import iso

Outcome = Literal["moved", "kept"]


def outcome_of(verdict: Verdict, request: JobMoveRequested, to_customer: bool = False) -> Outcome:
    """Whether the job was moved or the move is kept; a Problem where it was refused.

    A copy of a request is answered as its first was, from the record.
    """
    match verdict:
        case Committed():
            return "moved"
        case EarlyMoveKept():
            return "kept"
        case Refused(job=job, refusal=refusal):
            raise refused(job, refusal.why, to_customer)
        case Duplicate(job=job):
            return _as_before(job, request, to_customer)


def _as_before(job: Job, request: JobMoveRequested, to_customer: bool) -> Outcome:
    known = copy_of(job, request)
    if known is None or known.actor != request.actor:
        raise Problem("event-id-used", about=(job.tenant, job.job_id))
    match known:
        case Refusal(why=why):
            raise refused(job, why, to_customer)
        case EarlyMove():
            return "kept"
        case _:
            return "moved"


def refused(job: Job, why: RefusalReason, to_customer: bool = False) -> Problem:
    """The problem, with where the job is now and, unless a customer asks, who brought it there."""
    now: dict[str, Any] = {"rev": job.rev, "job_status": job.status}
    if job.ledger and not to_customer:
        last = job.ledger[-1]
        now |= {
            "moved_by": last.actor.model_dump(),
            "moved_to": last.to,
            "moved_at": iso(last.recorded_at),
        }
    return Problem(slug_of(why), EXPLANATIONS[why], now, about=(job.tenant, job.job_id))
