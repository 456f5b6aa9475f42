"""Compare and swap on a job object, as one small loop: read, change, write; on conflict again.

    writer A   read v7 ── change ── PUT If-Match(7) → 200
    writer B   read v7 ─── change ──── PUT If-Match(7) → 412 ── read v8 ── look, change …

A lost answer looks exactly like a conflict. So a change begins by asking the job whether it
already knows the event: after a lost answer it finds its own event and is done.
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


def deadlines(job: Job) -> set[datetime]:
    """When its kept moves have to be refused, which no message will say."""
    return {early.until for early in job.early}


def full_jitter(attempt: int) -> None:
    """Sleep somewhere between nothing and the doubled base, so that losers do not march in step."""
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

    `change` is called afresh on every attempt and returns the very job it was given where there
    is nothing to write. `watched` says that others have to follow: before the write the watchdog
    is told to look after the job soon. Raises UnknownJob and Corrupt from reading, Unavailable
    past the bound.
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
                for until in sorted(deadlines(job) - deadlines(stored.value)):
                    jobs.mark_due(tenant, job_id, until)
                jobs.replace(job, stored.etag)
            return job, outcome
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"{job_id}: no write in {ATTEMPTS} attempts; deliver it again") from last
