"""Requests ask for something, through the bus, the API, or the command line.

Others write them, so unknown keys are ignored and everything else is checked.
"""

import hashlib
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from statemachine.job.bounds import CustomerInput, NoteInput, PlaceInput, ScheduleInput, UtcInput
from statemachine.job.consent import ConsentWording
from statemachine.job.job import CrewRole, DurationMinutes, Schedule
from statemachine.job.link_values import LinkChange
from statemachine.job.prices import LoadSize, PaymentMethod, PriceCents
from statemachine.job.unsent_text import UnsentText
from statemachine.job.visit import ApproachInput, OptionalText, VisitAnswer
from statemachine.money.price_guide import EstimateRequest
from statemachine.schedule.roster import Date
from statemachine.values.values import Actor, BuiltOnUse, EventId, JobId, Name, ShortText, Tenant

REQUESTS_SOURCE = "haulway.dispatch"
TEXTS_SOURCE = "haulway.texts"
"""The source of requests made from customers' SMS. Only these may have reserved event ids."""
MAX_REV = 999_999_999


class Request(BuiltOnUse):
    """`event_id` is the sender's id for the request. A copy with the same id changes nothing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    event_id: EventId
    occurred_at: UtcInput
    actor: Actor


class JobRequested(Request):
    """Book a job. The same `event_id` always means the same job."""

    flow: Name = "haul"
    job_id: JobId | None = None
    """The sender may choose it. By default it is derived from tenant, day, and `event_id`."""
    customer: CustomerInput
    place: PlaceInput
    price_cents: PriceCents | None = None
    schedule: ScheduleInput = Schedule()
    duration_minutes: DurationMinutes | None = None
    """How long the job takes crew and truck, with the drive. None: the business's default."""
    preferred_day: Date | None = None
    """The day that the customer wants, where the request names no window."""
    note: NoteInput | None = None
    estimate: EstimateRequest | None = None
    """What the person who books expects, by the names of the price guide."""
    agreed_to_texts: bool | None = None
    """Whether the customer was asked and agreed to texts. None: yes, if customers book themselves
    with their number; otherwise no. Without consent no text is sent, and the board says to call."""
    consent_wording: ConsentWording | None = None
    """The version of the words by which the customer was asked."""
    overbook: bool = False
    """Book the arrival window even if it is full; only a dispatcher may."""

    @property
    def digest(self) -> str:
        """A hash of what is booked, without time and actor, which may differ between copies."""
        given = {name for name in BOOKED_SINCE if getattr(self, name) is not None}
        return _digest(self.model_dump_json(include=BOOKED | given))


BOOKED = {"flow", "customer", "place", "price_cents", "schedule", "note"}
BOOKED_SINCE = {"duration_minutes", "estimate", "agreed_to_texts", "preferred_day"}
"""Fields that came later. Left out where they are not given, so that a request of before keeps its
digest."""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _alone(key: str) -> dict[str, Any]:
    return {"required": [key], "properties": {key: {"type": "string"}}}


class JobMoveRequested(Request):
    """Move a job, by the name of the `move` or by the status it leads `to`.

    `expected_rev` is the `rev` that the sender saw. With it, the move is refused if the job has
    moved since. Without it, a move that comes before its turn is kept for a while.
    """

    model_config = ConfigDict(json_schema_extra={"oneOf": [_alone("move"), _alone("to")]})

    job_id: JobId
    move: Name | None = None
    to: Name | None = None
    expected_rev: Annotated[int, Field(ge=1, le=MAX_REV)] | None = None
    note: NoteInput | None = None
    reason: NoteInput | None = None

    @model_validator(mode="after")
    def _one_of_move_and_to(self) -> "JobMoveRequested":
        if (self.move is None) == (self.to is None):
            raise ValueError("send exactly one of `move` and `to`")
        return self


class Assignment(BuiltOnUse):
    """A member of the roster in a role. `first_name` is ignored: the roster has the name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: CrewRole
    member: Name
    first_name: ShortText | None = None


class PaymentInput(BuiltOnUse):
    """A payment beside those that are noted already. Without an amount it is what is still owed.

    `none` takes all of them back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: PaymentMethod | Literal["none"]
    amount_cents: PriceCents | None = None


ABOUT_AN_EDIT = frozenset({"reason", "override"})
"""What says something of the edit itself, and changes nothing."""


class Changes(BuiltOnUse):
    """New values for a job's details. Fields that are left out stay as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"minProperties": 1})

    note: NoteInput | None = None
    """Added to the job's notes; existing notes are never replaced."""
    customer: CustomerInput | None = None
    place: PlaceInput | None = None
    price_cents: PriceCents | None = None
    duration_minutes: DurationMinutes | None = None
    schedule: ScheduleInput | None = None
    """Only the given times change: a new ETA leaves the arrival window as it is."""
    crew: Annotated[tuple[Assignment, ...], Field(max_length=6)] | None = None
    """The whole crew from now on; there may be several helpers. Refused if a member is not
    available or on another job."""
    truck: Name | Literal[""] | None = None
    """One of the business's trucks. An empty string takes the truck off the job."""
    load_size: LoadSize | None = None
    """The price follows it, at the prices of the booking, until a person sets another price."""
    payment: PaymentInput | None = None
    reason: NoteInput | None = None
    """Why; required to change a price that was set before, to take payments back, to note more than
    is owed, and to override."""
    override: bool | None = None
    """Put someone on the job although their jobs do not fit, or they are off then; or put the job
    into a full arrival window. Only for dispatchers, with a `reason`."""
    agreed_to_texts: bool | None = None
    """What the customer said when asked; texts about the job are sent, or not, from then on."""
    texts_stopped: bool | None = None
    """Shown on the board. A customer who answered STOP gets no SMS, whatever this says."""
    unwanted_texts: Annotated[tuple[OptionalText, ...], Field(max_length=3)] | None = None
    """The optional texts that the customer does not want about this job; all others are sent."""
    unsent_text: UnsentText | None = None
    """A dispatcher sends or drops the text that is held, by its `mark`."""
    visit_answer: VisitAnswer | None = None
    approach: ApproachInput | None = None
    """The crew is on its way, or almost there: the customer is told, with the ETA. `none` takes it
    back."""
    link: LinkChange | None = None
    """Replace the tracking link, or revoke it: the link of before opens nothing any more. Only for
    dispatchers."""

    @model_validator(mode="after")
    def _something(self) -> "Changes":
        given = (getattr(self, name) for name in Changes.model_fields if name not in ABOUT_AN_EDIT)
        if all(value is None for value in given):
            raise ValueError("nothing to change: give note, schedule, crew, price_cents, …")
        if self.override and self.reason is None:
            raise ValueError("an override needs a reason; send `reason`")
        return self


class JobEditRequested(Request):
    """Change a job's details. Only moves change its status."""

    job_id: JobId
    changes: Changes
    expected_rev: Annotated[int, Field(ge=1, le=MAX_REV)] | None = None

    @property
    def digest(self) -> str:
        return _digest(self.changes.model_dump_json(exclude_unset=True))
