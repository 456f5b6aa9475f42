"""The documents that the API answers with: allow-lists, what is not named here is never told."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from functions.people.accounts import Role
from statemachine.business_values import ClockRange, PolicyText, Weekday
from statemachine.flows import Flow, Requirement
from statemachine.job import (
    CrewRole,
    Customer,
    LoadSize,
    PhotoId,
    PhotoKind,
    Place,
    PriceCents,
    RefusalReason,
    Schedule,
)
from statemachine.values import Actor, Frozen, JobId, Language, Name, Tenant, Text, Utc
from statemachine.views import Card


class ProblemDocument(Frozen):
    """RFC 9457. Decide by `type`; `title` and `detail` are for people."""

    model_config = ConfigDict(extra="allow")

    type: Annotated[str, Field(pattern=r"^/problems/[a-z-]+$")]
    title: str
    status: int
    request_id: str
    detail: str | None = None


class SessionDocument(Frozen):
    account: Name
    name: str
    roles: tuple[Role, ...]
    tenant: Tenant
    expires_at: Utc


class FlowsDocument(Frozen):
    """Every flow as its file has it, the one of a job that names none, and the business's clock."""

    flows: dict[Name, Flow]
    default: Name
    time_zone: str


class BusinessDocument(Frozen):
    """What anyone may know of a business; customers' pages go by its clock."""

    name: str
    """How customers know it."""
    time_zone: str
    phone: str | None = None
    website: str | None = None
    language: Language
    languages: tuple[Language, ...]
    accent_color: str
    windows: tuple[ClockRange, ...]
    """What may be booked, on each day that is open."""
    open_days: tuple[Weekday, ...]
    closed_dates: tuple[date, ...]
    """From today on."""
    lead_minutes: int
    public_horizon_days: int
    privacy_url: str | None = None
    terms_url: str | None = None
    cancellation_policy: PolicyText | None = None
    suspended: bool
    """It takes no bookings now."""


class JobsDocument(Frozen):
    """The cards of `jobs.json` in the order of their ids; `as_of` is when they were read."""

    jobs: dict[JobId, Card]
    next: JobId | None = None
    """There are more: ask again with `after` set to this."""
    as_of: Utc


class BookedDocument(Frozen):
    """The job and the link to it; the token is its key, so keep it to customer and dispatcher."""

    job_id: JobId
    tracking_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
    tracking_url: str


class HistoryEntry(Frozen):
    """A move that was made."""

    seq: int
    move: Name
    origin: Annotated[Name, Field(alias="from")]
    to: Name
    occurred_at: Utc
    recorded_at: Utc
    actor: Actor
    reason: str | None = None
    note: str | None = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class RefusedMove(Frozen):
    """A move that was asked for and refused."""

    move: Name | None = None
    to: Name | None = None
    why: RefusalReason
    explanation: str
    status: Name
    recorded_at: Utc
    actor: Actor


class PendingMove(Frozen):
    """A move that came before its turn; tried again after every move, refused at `until`."""

    move: Name | None = None
    to: Name | None = None
    occurred_at: Utc
    until: Utc


class NoteDocument(Frozen):
    text: str
    recorded_at: Utc
    occurred_at: Utc | None = None
    """When it was written, where that was earlier."""
    actor: Actor


class PhotoEntry(Frozen):
    """Proof of service; `path` is where the edge has the picture."""

    photo_id: PhotoId
    kind: PhotoKind
    path: str
    taken_at: Utc


class LegalMove(Frozen):
    """A move that whoever asked may make now."""

    name: Name
    label: Text
    to: Name
    requires: tuple[Requirement, ...] = ()


class CrewAssignmentDocument(Frozen):
    role: CrewRole
    member: Name
    first_name: str


class JobDocument(Frozen):
    """One job with all that the people who work on it may know. What is null is left out."""

    job_id: JobId
    tenant: Tenant
    flow: Name
    rev: int
    """Counts the changes people can see; `expected_rev` and `If-Match` speak of it."""
    seq: int
    status: Name
    entered_at: Utc
    due_at: Utc | None = None
    created_at: Utc
    customer: Customer
    place: Place
    """With the gate code for the dispatcher and for the job's own crew."""
    price_cents: PriceCents | None = None
    schedule: Schedule
    crew: tuple[CrewAssignmentDocument, ...]
    truck: Name | None = None
    load_size: LoadSize | None = None
    notes: tuple[NoteDocument, ...]
    photos: tuple[PhotoEntry, ...] = ()
    """Named to those who work on the job or watch over it; to its customer once it is done."""
    history: tuple[HistoryEntry, ...]
    refusals: tuple[RefusedMove, ...]
    waiting: tuple[PendingMove, ...]
    moves: tuple[LegalMove, ...]
    tracking_url: str | None = None
    """For the dispatcher alone: it holds the job's token."""
