"""The jobs behind a phone number, and the edit that records whether its owner gets texts."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from events import Changes, JobEditRequested
from functions.protocol.ports import Jobs
from functions.protocol.read_each import job_or_none
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.values import RESERVED, Actor

BY_TEXT = Actor(kind="customer", id="sms")


def open_jobs_of(jobs: Jobs, tenant: str, job_ids: Iterable[str], phone: str) -> list[Job]:
    """The jobs among `job_ids` that have this number and have not ended. Raises Unavailable."""
    found = jobs_of(jobs, tenant, job_ids, phone)
    return [job for job in found if not load_flow(job.flow).status(job.status).terminal]


def jobs_of(jobs: Jobs, tenant: str, job_ids: Iterable[str], phone: str) -> Iterator[Job]:
    for job_id in job_ids:
        job = job_or_none(jobs, tenant, job_id)
        if job and job.customer.phone == phone:
            yield job


def texts_edit(
    tenant: str, job_id: str, stopped: bool, cause: str, now: datetime
) -> JobEditRequested:
    """The edit that shows on the board whether a customer gets texts; its id contains `cause`."""
    return JobEditRequested(
        tenant=tenant,
        job_id=job_id,
        event_id=f"{RESERVED}texts-{'off' if stopped else 'on'}-{job_id}-{cause}",
        occurred_at=now,
        actor=BY_TEXT,
        changes=Changes(texts_stopped=stopped),
    )
