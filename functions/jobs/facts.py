"""The facts about a job's moves and edits, made from its records."""

from typing import TypeVar

from pydantic import BaseModel

from events import Fact, JobCreated, JobEdited, JobEditRefused, JobMoved, JobMoveRefused
from statemachine.flows import Flow
from statemachine.job.job import Job
from statemachine.job.records import Edit, Refusal, RefusedEdit

FactT = TypeVar("FactT", bound=BaseModel)


def refused_fact(job: Job, refusal: Refusal) -> JobMoveRefused:
    return _fact(JobMoveRefused, job, refusal)


def edited_fact(job: Job, edit: Edit) -> JobEdited:
    return _fact(JobEdited, job, edit, rev=job.rev)


def refused_edit_fact(job: Job, refusal: RefusedEdit) -> JobEditRefused:
    return _fact(JobEditRefused, job, refusal)


def fact_of_entry(job: Job, flow: Flow, seq: int) -> Fact:
    """The fact that the job reached the status of ledger entry `seq`; 0 is the booking."""
    if seq > 0:
        entry = job.ledger[seq - 1]
        return _fact(JobMoved, job, entry, terminal=flow.status(entry.to).terminal)
    return JobCreated(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=job.created_at,
        event_id=job.event_id,
        actor=job.created_by,
        status=job.status_at(0),
        rev=1,
    )


def _fact(kind: type[FactT], job: Job, record: BaseModel, **values: object) -> FactT:
    """A fact about `job`; only the fields that `kind` has are taken from `record`."""
    values |= {"tenant": job.tenant, "job_id": job.job_id, "flow": job.flow}
    taken = {name: getattr(record, name) for name in kind.model_fields if name not in values}
    return kind.model_validate(values | taken)
