"""Facts say what has happened. They have ids and statuses, never a name, phone, address, or token.

A fact may arrive twice. `(tenant, job_id, seq)` identifies a move, `event_id` a refusal or edit.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from statemachine.job.records import EditRefusalReason, RefusalReason, Repair
from statemachine.values.values import Actor, EventId, Frozen, JobId, Name, Tenant, Utc

FACTS_SOURCE = "haulway.jobs"

Seq = Annotated[int, Field(ge=0)]
Rev = Annotated[int, Field(ge=1)]


class Fact(Frozen):
    """Base of all facts."""


class JobFact(Fact):
    tenant: Tenant
    job_id: JobId
    flow: Name
    recorded_at: Utc


class JobCreated(JobFact):
    """The job exists, its first view is public, and its execution is running."""

    event_id: EventId
    actor: Actor
    status: Name
    rev: Rev
    seq: Seq = 0


class JobMoved(JobFact):
    """Ledger entry `seq` is settled: the view shows it, and consumers may act on it."""

    event_id: EventId
    actor: Actor
    seq: Seq
    rev: Rev
    move: Name
    origin: Annotated[Name, Field(alias="from")]
    to: Name
    terminal: bool
    occurred_at: Utc

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class JobEdited(JobFact):
    """Details of the job were changed. `fields` says which, without the values."""

    event_id: EventId
    actor: Actor
    rev: Rev
    fields: tuple[str, ...]


class JobMoveRefused(JobFact):
    """A move was requested and refused. The job has a record of it."""

    event_id: EventId
    actor: Actor
    move: Name | None = None
    to: Name | None = None
    status: Name
    why: RefusalReason
    occurred_at: Utc


class JobEditRefused(JobFact):
    """An edit of `fields` was requested and refused. The job has a record of it, at `rev`."""

    event_id: EventId
    actor: Actor
    rev: Rev
    fields: tuple[str, ...]
    why: EditRefusalReason
    occurred_at: Utc


class JobOverdue(JobFact):
    """The job has been in `status` longer than its flow allows, or has missed its arrival window.

    The fact comes again each time the status's limit has passed again. `recorded_at` is when the
    job became overdue, the same in every copy; with `seq` it identifies the fact.
    """

    status: Name
    seq: Seq


class JobRepaired(JobFact):
    """The watchdog found that something was lost, and repaired it."""

    repairs: tuple[Repair, ...]
    rev: Rev


StuckReason = Literal["corrupt", "keeps_failing", "unknown_status", "unforeseen", "implausible"]


class JobStuck(Fact):
    """The watchdog cannot repair the job: a person must look. Sent once until the job recovers."""

    tenant: Tenant
    job_id: JobId
    why: StuckReason
    """`corrupt`: its object cannot be read. `keeps_failing`: every successor execution fails.
    `unknown_status`: it is in a status, or a flow, that this release does not have.
    `unforeseen`: our code fails on it with an unexpected error. `implausible`: it can be read and
    continues, but one of its times cannot be right.
    """
    recorded_at: Utc


class EndpointPaused(Fact):
    """A webhook endpoint has failed for days. Nothing is sent to it until someone enables it."""

    tenant: Tenant
    endpoint: Name
    failing_since: Utc
    recorded_at: Utc
