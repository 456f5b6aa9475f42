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

from functions.protocol.ports import Conflict, Jobs, Unavailable
from statemachine.job import Job

ATTEMPTS = 12
BASE_S = 0.02
CAP_S = 0.8

Pause = Callable[[int], None]
OutcomeT = TypeVar("OutcomeT")


def early_move_deadlines(job: Job) -> set[datetime]:
    """When early moves have to be refused; no message arrives at those times."""
    return {early.until for early in job.early}


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
) -> tuple[Job, OutcomeT]:
    """The job as stored after `change`, and the outcome that `change` reported.

    `change` is called on every attempt; to write nothing, it returns the same job object that it
    was given. `watched` is for a write that others have to follow up: before it, the job is marked
    open, so that the watchdog checks it soon. Raises UnknownJob and Corrupt from reading, and
    Unavailable if no attempt succeeds.
    """
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = jobs.read(tenant, job_id)
            job, outcome = change(stored.value)
            if job is not stored.value:
                if watched:
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
