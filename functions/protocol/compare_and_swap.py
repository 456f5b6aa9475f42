"""Compare-and-swap on a job object, as one small loop: read, change, write; on conflict again.

    writer A   read v7 ── change ── PUT If-Match(7) → 200
    writer B   read v7 ─── change ──── PUT If-Match(7) → 412 ── read v8 ── look, change …

A lost answer looks exactly like a conflict. So a change first checks whether the job already knows
the event: after a lost answer it finds its own event and is done.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from functions.protocol.ports import Conflict, Jobs, Stored, Unavailable
from statemachine.job.job import Job

ATTEMPTS = 12
BASE_S = 0.02
CAP_S = 0.8
SHARED_FOR_S = 30

Pause = Callable[[int], None]
OutcomeT = TypeVar("OutcomeT")


def early_move_deadlines(job: Job) -> set[datetime]:
    """When early moves have to be refused; no message arrives at those times."""
    return {early.until for early in job.early}


def marked_by_former_move(stored: Job, job: Job) -> bool:
    """Whether `job` has a new move in the same half minute as the last one of `stored`, or its
    booking: the first one in it has marked the job open, and the watchdog looks for longer.
    """
    before, after = (each.entered_at_of(each.seq).timestamp() for each in (stored, job))
    return before < after and before // SHARED_FOR_S == after // SHARED_FOR_S


def full_jitter(attempt: int) -> None:
    """Sleep a random time, up to a bound that doubles, so that writers do not collide again."""
    time.sleep(random.uniform(0, min(CAP_S, BASE_S * 2**attempt)))  # noqa: S311 - not a secret


def commit(
    jobs: Jobs,
    tenant: str,
    job_id: str,
    change: Callable[[Job], tuple[Job, OutcomeT]],
    pause: Pause = full_jitter,
    watched: bool = False,
    known: Stored[Job] | None = None,
) -> tuple[Job, OutcomeT]:
    """The job as stored after `change`, and the outcome that `change` reported.

    `change` is called on every attempt; to write nothing, it returns the same job object that it
    was given. `watched` is for a write that others have to follow up: before it, the job is marked
    open, so that the watchdog checks it soon. `known` is the job as the caller has just read it; if
    it has changed since, it is read again. Raises UnknownJob and Corrupt from reading, and
    Unavailable if no attempt succeeds.
    """
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored, known = known or jobs.read(tenant, job_id), None
            job, outcome = change(stored.value)
            if job is not stored.value:
                if watched and not marked_by_former_move(stored.value, job):
                    jobs.mark_open(tenant, job_id)
                    watched = False
                for until in sorted(early_move_deadlines(job) - early_move_deadlines(stored.value)):
                    jobs.mark_due(tenant, job_id, until)
                jobs.replace(job, stored.etag)
            return job, outcome
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"{job_id}: no write in {ATTEMPTS} attempts; deliver it again") from last
