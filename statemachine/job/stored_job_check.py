"""Whether a stored job is consistent and plausible.

contradiction_in    the job does not match its key, or its records contradict each other: unreadable
implausible_in      the job is readable and usable, but one of its times cannot be right
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from pydantic import BaseModel

from statemachine.job.job import Job

PLAUSIBLE_YEARS = range(2000, 2100)


def contradiction_in(job: Job, tenant: str, job_id: str) -> str | None:
    """Why the document under the key of `tenant` and `job_id` cannot be that job; None if it can.

    With a gap in the ledger, `status_at` and `entered_at_of` would raise IndexError.
    """
    if job.tenant != tenant:
        return "it holds a job of another business"
    if job.job_id != job_id:
        return "it holds another job"
    if len(job.ledger) != job.seq or any(e.seq != n for n, e in enumerate(job.ledger, 1)):
        return "its ledger has gaps"
    if job.execution.seq > job.seq or (job.wait and job.wait.seq > job.seq):
        return "its execution is ahead of its ledger"
    if job.rev > job.version:
        return "its rev is ahead of its version"
    return None


def implausible_in(job: Job) -> str | None:
    """The field and year of the first time outside PLAUSIBLE_YEARS."""
    for field, moment in _moments(job):
        if moment.year not in PLAUSIBLE_YEARS:
            return f"{field} is in the year {moment.year}"
    return None


def _moments(document: BaseModel, where: str = "") -> Iterator[tuple[str, datetime]]:
    for name, value in document:
        yield from _in_value(value, f"{where}{name}")


def _in_value(value: object, where: str) -> Iterator[tuple[str, datetime]]:
    if isinstance(value, datetime):
        yield where, value
    elif isinstance(value, BaseModel):
        yield from _moments(value, f"{where}.")
    elif isinstance(value, tuple):
        yield from chain.from_iterable(_in_value(each, where) for each in value)
