"""The API makes moves as the bus does; here the verdict becomes an outcome or a problem."""

from typing import Any, Literal

from events import JobMoveRequested
from functions.api.problems import Problem, slug_of
from statemachine.job.job import Job
from statemachine.job.records import EarlyMove, Refusal, RefusalReason
from statemachine.rules.lifecycle import (
    EXPLANATIONS,
    Committed,
    Duplicate,
    EarlyMoveKept,
    Refused,
    Verdict,
    copy_of,
)
from statemachine.values.values import iso

Outcome = Literal["moved", "kept"]


def outcome_of(verdict: Verdict, requested: JobMoveRequested, to_customer: bool = False) -> Outcome:
    """`moved`, or `kept` for an early move. Raises Problem if the move was refused.

    A copy of a request has the outcome of the first one, taken from the job's record.
    """
    match verdict:
        case Committed():
            return "moved"
        case EarlyMoveKept():
            return "kept"
        case Refused(job=job, refusal=refusal):
            raise refused(job, refusal.why, to_customer)
        case Duplicate(job=job):
            return _first_outcome(job, requested, to_customer)


def _first_outcome(job: Job, requested: JobMoveRequested, to_customer: bool) -> Outcome:
    known = copy_of(job, requested)
    if known is None or known.actor != requested.actor:
        raise Problem("event-id-used", about=(job.tenant, job.job_id))
    match known:
        case Refusal(why=why):
            raise refused(job, why, to_customer)
        case EarlyMove():
            return "kept"
        case _:
            return "moved"


def refused(job: Job, why: RefusalReason, to_customer: bool = False) -> Problem:
    """The problem, with the job's status now and who moved it there; customers do not see who."""
    now: dict[str, Any] = {"rev": job.rev, "job_status": job.status}
    if job.ledger and not to_customer:
        last = job.ledger[-1]
        now |= {
            "moved_by": last.actor.model_dump(),
            "moved_to": last.to,
            "moved_at": iso(last.recorded_at),
        }
    return Problem(slug_of(why), EXPLANATIONS[why], now, about=(job.tenant, job.job_id))
