"""The facts about a job's moves and edits, made from its records."""

from events import Fact, JobCreated, JobEdited, JobEditRefused, JobMoved, JobMoveRefused
from statemachine.flows import Flow
from statemachine.job import Edit, Job, Refusal, RefusedEdit


def refused_fact(job: Job, refusal: Refusal) -> JobMoveRefused:
    return JobMoveRefused(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=refusal.recorded_at,
        event_id=refusal.event_id,
        actor=refusal.actor,
        move=refusal.move,
        to=refusal.to,
        status=refusal.status,
        why=refusal.why,
        occurred_at=refusal.occurred_at,
    )


def edited_fact(job: Job, edit: Edit) -> JobEdited:
    return JobEdited(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=edit.recorded_at,
        event_id=edit.event_id,
        actor=edit.actor,
        rev=job.visible_rev,
        fields=edit.fields,
    )


def refused_edit_fact(job: Job, refusal: RefusedEdit) -> JobEditRefused:
    return JobEditRefused(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        **refusal.model_dump(exclude={"text", "digest"}),
    )


def fact_of_entry(job: Job, flow: Flow, seq: int) -> Fact:
    """The fact that the job reached the status of ledger entry `seq`; 0 is the booking."""
    if seq == 0:
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
    entry = job.ledger[seq - 1]
    return JobMoved(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=entry.recorded_at,
        event_id=entry.event_id,
        actor=entry.actor,
        seq=seq,
        rev=entry.rev,
        move=entry.move,
        origin=entry.origin,
        to=entry.to,
        terminal=flow.status(entry.to).terminal,
        occurred_at=entry.occurred_at,
    )
