"""Check a stored job against its key, so that no reader of jobs has to check it again."""

from functions.protocol.ports import Corrupt, Stored
from statemachine.job.job import Job
from statemachine.job.stored_job_check import contradiction_in

LARGEST_BYTES = 16 * 1024 * 1024
"""No job can become this large, because its records are bounded. Anything larger is not parsed."""


def sound(stored: Stored[Job], tenant: str, job_id: str) -> Stored[Job]:
    """`stored` unchanged. Raises Corrupt if it is not the job of that key."""
    if fault := contradiction_in(stored.value, tenant, job_id):
        raise Corrupt(f"tenants/{tenant}/jobs/{job_id}.json is no Job: {fault}", stored.etag)
    return stored
