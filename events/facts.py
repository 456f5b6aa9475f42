"""Facts: what has happened. Ids and statuses; never a name, phone number, address or token.

A fact can arrive twice: `(tenant, job_id, seq)` names a move, `event_id` a refusal or an edit.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from statemachine.job import Repair
from statemachine.records import EditRefusalReason, RefusalReason
from statemachine.values import Actor, EventId, Frozen, JobId, Name, Tenant, Utc

FACTS_SOURCE = "haulway.jobs"

Seq = Annotated[int, Field(ge=0)]
Rev = Annotated[int, Field(ge=1)]


class Fact(Frozen):
    """The root of every fact; consumers know it by its name and what it says."""


class JobFact(Fact):
    tenant: Tenant
    job_id: JobId
    flow: Name
    recorded_at: Utc


class JobCreated(JobFact):
    """The job exists, its first view is public, and its execution runs."""

    event_id: EventId
    actor: Actor
    status: Name
    rev: Rev
    seq: Seq = 0


class JobMoved(JobFact):
    """Ledger entry `seq` is settled: the view shows it, consumers may follow."""

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
    """Details of the job were changed; `fields` says which, not to what."""

    event_id: EventId
    actor: Actor
    rev: Rev
    fields: tuple[str, ...]


class JobMoveRefused(JobFact):
    """A move was asked for and not made; the job's record has it too."""

    event_id: EventId
    actor: Actor
    move: Name | None = None
    to: Name | None = None
    status: Name
    why: RefusalReason
    occurred_at: Utc


class JobEditRefused(JobFact):
    """An edit was asked for and not made; the job's record has it too.

    `fields` were to be changed; `rev` is where the job was and stayed.
    """

    event_id: EventId
    actor: Actor
    rev: Rev
    fields: tuple[str, ...]
    why: EditRefusalReason
    occurred_at: Utc


class JobOverdue(JobFact):
    """The job has been in `status` for longer than its flow allows, or has missed its arrival
    window; told again each time the status's limit passes once more.

    `recorded_at` is when it became overdue, the same in every copy: with `seq` it names the fact.
    """

    status: Name
    seq: Seq


class JobRepaired(JobFact):
    """The watchdog found that something had got lost on the way, and made it good."""

    repairs: tuple[Repair, ...]
    rev: Rev


StuckReason = Literal["corrupt", "keeps_failing", "unknown_status", "unforeseen", "implausible"]


class JobStuck(Fact):
    """The watchdog cannot help this job: a person has to look. Told once until it goes again."""

    tenant: Tenant
    job_id: JobId
    why: StuckReason
    """`corrupt`: its object cannot be read. `keeps_failing`: every successor execution dies.
    `unknown_status`: it is in a status, or a flow, that this version does not have.
    `unforeseen`: our code fails on it in a way that no one foresaw. `implausible`: it can be read
    and goes on, but holds a time that cannot be meant.
    """
    recorded_at: Utc


class EndpointPaused(Fact):
    """A webhook endpoint has failed for days; nothing is sent there until it is enabled again."""

    tenant: Tenant
    endpoint: Name
    failing_since: Utc
    recorded_at: Utc
