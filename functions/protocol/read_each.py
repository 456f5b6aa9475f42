"""Read many jobs; one that cannot be read does not stop the others."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions.protocol.ports import Corrupt, Jobs, UnknownJob
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job.job import Job


@dataclass(frozen=True)
class Unreadable:
    """A job that a person has to look at; `haul ops stuck` lists it, too."""

    job_id: str
    why: str


UNREADABLE = (Corrupt, UnknownFlow)
"""What a job raises that a person has to look at; code that only asks about it goes on."""
READERS = 10
"""How many are read at once; a client has as many connections by default."""


def read_each(jobs: Jobs, tenant: str, job_ids: Iterable[str]) -> Iterator[Job | Unreadable]:
    """The jobs in the order of `job_ids`, without those that no longer exist. Raises Unavailable.

    A job whose flow or status this version does not have counts as unreadable, too.
    """
    with ThreadPoolExecutor(READERS) as readers:
        found = readers.map(lambda job_id: _read(jobs, tenant, job_id), job_ids)
        yield from (each for each in found if each is not None)


def _read(jobs: Jobs, tenant: str, job_id: str) -> Job | Unreadable | None:
    try:
        return readable_job(jobs, tenant, job_id)
    except UnknownJob:
        return None
    except UNREADABLE as error:
        return Unreadable(job_id, str(error))


def readable_job(jobs: Jobs, tenant: str, job_id: str) -> Job:
    """A job whose flow and status this version has. Raises UNREADABLE, UnknownJob, Unavailable."""
    job = jobs.read(tenant, job_id).value
    load_flow(job.flow).status(job.status)
    return job


def job_or_none(jobs: Jobs, tenant: str, job_id: str) -> Job | None:
    """None if it was erased, or cannot be read: the watchdog reports that. Raises Unavailable."""
    try:
        return readable_job(jobs, tenant, job_id)
    except (UnknownJob, *UNREADABLE):
        return None
