"""Many jobs read one after the other, where one that cannot be read is not the others' trouble."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from functions.ports import Corrupt, Jobs, UnknownJob
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job import Job


@dataclass(frozen=True)
class Unreadable:
    """A job that a person has to look at; `haul ops stuck` lists it too."""

    job_id: str
    why: str


def read_each(jobs: Jobs, tenant: str, job_ids: Iterable[str]) -> Iterator[Job | Unreadable]:
    """Those that were deleted in the meantime are left out. Raises Unavailable.

    One of a flow or a status that this version does not have is unreadable too: nothing can be
    done with it here.
    """
    for job_id in job_ids:
        try:
            job = jobs.read(tenant, job_id).value
            load_flow(job.flow).status(job.status)
        except UnknownJob:
            continue
        except (Corrupt, UnknownFlow) as error:
            yield Unreadable(job_id, str(error))
        else:
            yield job
