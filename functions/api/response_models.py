"""The documents that the API returns. They are allow-lists: only what they name is ever sent."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field

from functions.api.window_changes import WindowEntry
from functions.people.accounts import Role
from functions.people.crew_location import CrewLocation
from statemachine.flows import Flow, Requirement
from statemachine.job.consent import TextsConsent
from statemachine.job.job import (
    CrewRole,
    Customer,
    PhotoId,
    PhotoKind,
    Place,
    Schedule,
)
from statemachine.job.prices import (
    Estimate,
    EstimateRange,
    LoadSize,
    MoneyChange,
    Payment,
    PriceCents,
)
from statemachine.job.records import RefusalReason
from statemachine.job.unsent_text import UnsentText
from statemachine.job.visit import ApproachStage
from statemachine.messages.conversation import ListedConversation
from statemachine.schedule.roster import Date, Day
from statemachine.values.values import Actor, Frozen, JobId, Name, Tenant, Text, Utc
from statemachine.views.views import Card


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
    """Every flow as in its file but for the business's own labels, its default flow, its time zone,
    and its currency."""

    flows: dict[Name, Flow]
    default: Name
    time_zone: str
    currency: str
    """ISO 4217; all amounts are in it."""


class JobsDocument(Frozen):
    """The cards of `jobs.json` by job id, or what a search found, latest first; read at `as_of`."""

    jobs: dict[JobId, Card]
    next: str | None = None
    """If set, there are more: send the request again with `after` set to this."""
    as_of: Utc
    conversations: tuple[ListedConversation, ...] = ()
    """Those of the list of conversations; only for dispatchers."""
    hint_channel: str | None = None
    """Where a page hears that the board has changed; only for those who see all of it."""


class BookedDocument(Frozen):
    """The job and its tracking link. The token opens it: only customers and dispatchers get it."""

    job_id: JobId
    tracking_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
    tracking_url: str
    estimate: EstimateRange | None = None
    """What the job keeps of the price guide."""


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
    undoes: int | None = None
    """The seq of the entry that this one takes back."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class RefusedMove(Frozen):
    """A move that was requested and refused."""

    move: Name | None = None
    to: Name | None = None
    why: RefusalReason
    explanation: str
    status: Name
    recorded_at: Utc
    actor: Actor


class PendingMove(Frozen):
    """An early move: tried again after every move, refused at `until`."""

    move: Name | None = None
    to: Name | None = None
    occurred_at: Utc
    until: Utc


class NoteDocument(Frozen):
    text: str
    recorded_at: Utc
    occurred_at: Utc | None = None
    """When it was written, if that was earlier."""
    actor: Actor


class PhotoEntry(Frozen):
    """Proof of service; `path` is the picture's path on the site."""

    photo_id: PhotoId
    kind: PhotoKind
    path: str
    taken_at: Utc


class MoneyEntry(Frozen):
    """An edit that changed what is owed or paid."""

    money: MoneyChange
    reason: str | None = None
    recorded_at: Utc
    occurred_at: Utc | None = None
    """When it was done, if that was earlier."""
    actor: Actor


class LegalMove(Frozen):
    """A move that the signed-in account may make now."""

    name: Name
    label: Text
    to: Name
    requires: tuple[Requirement, ...] = ()


class CrewAssignmentDocument(Frozen):
    role: CrewRole
    member: Name
    first_name: str


class JobDocument(Frozen):
    """One job with everything that the people who work on it may know. Nulls are left out."""

    job_id: JobId
    tenant: Tenant
    flow: Name
    rev: int
    """Counts the changes that people can see; `expected_rev` and `If-Match` refer to it."""
    seq: int
    status: Name
    entered_at: Utc
    due_at: Utc | None = None
    created_at: Utc
    customer: Customer
    place: Place
    """The gate code is only for dispatchers and the job's own crew."""
    price_cents: PriceCents | None = None
    proposed_price_cents: PriceCents | None = None
    """What the reported load costs at the prices of the booking; the price may be another."""
    estimate: Estimate | None = None
    payments: tuple[Payment, ...] = ()
    """What was paid; the rest of the price is owed."""
    money_changes: tuple[MoneyEntry, ...] = ()
    """Every change of price and payments after the booking."""
    window_changes: tuple[WindowEntry, ...] = ()
    requested: bool = False
    """The business has given no arrival window yet; one in `schedule` is asked for."""
    schedule: Schedule
    preferred_day: date | None = None
    """The day that the customer asked for at the booking, although it was full."""
    duration_minutes: int
    """How long the job takes crew and truck, with the drive."""
    approach: ApproachStage | None = None
    """What the crew said last about its way to the customer."""
    crew: tuple[CrewAssignmentDocument, ...]
    truck: Name | None = None
    load_size: LoadSize | None = None
    notes: tuple[NoteDocument, ...]
    texts_stopped: bool = False
    texts_consent: TextsConsent | None = None
    """What the customer said about texts; None for jobs from before they were asked."""
    unsent_text: UnsentText | None = None
    """A text that a dispatcher sends or drops, or that the number cannot get."""
    photos: tuple[PhotoEntry, ...] = ()
    """Always for people who work here; for the customer once the job is done."""
    history: tuple[HistoryEntry, ...]
    refusals: tuple[RefusedMove, ...]
    early_moves: tuple[PendingMove, ...]
    moves: tuple[LegalMove, ...]
    tracking_url: str | None = None
    """Only for dispatchers, because it contains the job's token; null while it is revoked."""
    link_revoked: bool = False
    link_ends_at: Utc | None = None
    """When the tracking link ends; null while the job is open."""


class AssignedJob(Frozen):
    """A job that a member or a truck is on."""

    job_id: JobId
    role: CrewRole | None = None
    """None for a truck."""
    status: Name
    under_way: bool
    window_start: Utc | None = None
    window_end: Utc | None = None
    duration_minutes: int


class CrewMember(Frozen):
    """`days` holds the exceptions; without one, a member is available all day, in every role."""

    member: Name
    name: str
    roles: tuple[Role, ...]
    phone: str | None = None
    email: str | None = None
    days: dict[Date, Day] = Field(default_factory=dict)
    jobs: tuple[AssignedJob, ...] = ()
    crew_location: CrewLocation | None = None


class TruckDocument(Frozen):
    truck: Name
    name: str
    jobs: tuple[AssignedJob, ...] = ()


class CrewDocument(Frozen):
    """Everyone who can be put on a job, all trucks, and their jobs between two days.

    Jobs under way are included whatever day they were planned for.
    """

    members: tuple[CrewMember, ...]
    trucks: tuple[TruckDocument, ...]
    time_zone: str
    as_of: Utc


class UploadDocument(Frozen):
    """Send the photo's bytes with PUT to `url`, with these headers and no others."""

    url: str
    headers: dict[str, str]


class PhotoDocument(Frozen):
    """`upload` is null if the job already has this photo."""

    photo_id: PhotoId
    upload: UploadDocument | None = None
