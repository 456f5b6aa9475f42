"""Who a phone number belongs to, from the entries of its jobs.

Nothing of it is stored, so it is erased and exported with the jobs.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pydantic import Field

from statemachine.flows import load_flow
from statemachine.history.job_search import Entry
from statemachine.values.values import Frozen, Utc

MOST_ADDRESSES = 5


class CustomerSummary(Frozen):
    """One customer: the name and the addresses of their jobs, the latest first, and how the jobs
    ended."""

    phone: str | None = None
    name: str
    addresses: tuple[str, ...]
    jobs: int = Field(ge=1)
    completed: int = 0
    cancelled: int = 0
    no_shows: int = 0
    """How often a crew was there and could not do the job."""
    texts_stopped: bool = False
    """They want no texts: call instead."""
    last_job_at: Utc


def customers_in(entries: Iterable[Entry]) -> list[tuple[CustomerSummary, Sequence[Entry]]]:
    """Each customer with their jobs, the latest first. Without a number, a name at an address is
    one person."""
    groups = defaultdict[tuple[str, ...], list[Entry]](list)
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.job_id), reverse=True):
        groups[_person(entry)].append(entry)
    return [(_summary(jobs), jobs) for jobs in groups.values()]


def _person(entry: Entry) -> tuple[str, ...]:
    return (entry.phone,) if entry.phone else (entry.customer, entry.address)


def _summary(jobs: Sequence[Entry]) -> CustomerSummary:
    ends = [load_flow(job.flow).status(job.status).end for job in jobs]
    return CustomerSummary(
        phone=jobs[0].phone,
        name=jobs[0].customer,
        addresses=tuple(dict.fromkeys(job.address for job in jobs))[:MOST_ADDRESSES],
        jobs=len(jobs),
        completed=ends.count("done"),
        cancelled=ends.count("cancelled"),
        no_shows=sum(job.failed_attempts for job in jobs),
        texts_stopped=jobs[0].texts_stopped,
        last_job_at=jobs[0].at,
    )
