"""The documents that clients send, read strictly.

An unknown key is an error, because it may be a typo. Text is not accepted for a number, nor a
number for text.
"""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from events import Changes
from events.requests import MAX_REV
from functions.people.accounts import LONGEST_PASSWORD
from functions.people.crew_location import Latitude, Longitude
from statemachine.job.bounds import (
    LineInput,
    NoteInput,
    PhoneInput,
    ScheduleInput,
    UtcInput,
    fault_at,
    window_fault,
)
from statemachine.job.consent import ConsentWording
from statemachine.job.job import DurationMinutes, Schedule, WorkPhotoKind
from statemachine.job.prices import MOST_CENTS, LoadSize, PaymentMethod
from statemachine.money.money import parse_money
from statemachine.money.price_guide import EstimateRequest
from statemachine.schedule.roster import Date
from statemachine.values.values import (
    JOB_ID_PATTERN,
    NAME_PATTERN,
    Frozen,
    Language,
    Name,
    OutsideEventId,
    Tenant,
)

MOST_CARDS = 5_000
"""In one response; fewer if they are large, see `board.LARGEST_BYTES`."""

PLACE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}#([0-9a-z-]{13})?$"
"""The `next` of a search of all jobs: a moment in UTC, and a job's id."""
MOST_STATUSES = 20
STATUSES_PATTERN = rf"^{NAME_PATTERN[1:-1]}(,{NAME_PATTERN[1:-1]}){{0,{MOST_STATUSES - 1}}}$"
SearchText = Annotated[str, Field(max_length=100)]
Cents = Annotated[int, Field(ge=0, le=MOST_CENTS)]

MAIN = "main"
"""The business of a request that names none: most deployments serve only one."""


def _dollars(sent: object) -> object:
    """A number or an amount as text; not everything that Decimal would parse."""
    if isinstance(sent, str):
        return Decimal(parse_money(sent)) / 100
    return Decimal(str(sent)) if type(sent) in (int, float) else sent


Dollars = Annotated[
    Decimal, BeforeValidator(_dollars), Field(ge=0, le=MOST_CENTS // 100, decimal_places=2)
]


class CredentialsBody(Frozen):
    account: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD, repr=False)]
    tenant: Tenant = MAIN


class NewJobBody(Frozen):
    """A job as the dispatcher enters it. `price` is in dollars."""

    customer_name: LineInput
    phone: PhoneInput | None = None
    language: Language = "en"
    location: LineInput
    price: Dollars | None = None
    notes: NoteInput | None = None
    estimate: EstimateRequest | None = None
    flow: Name | None = None
    """If left out, the business's default flow."""
    schedule: ScheduleInput = Schedule()
    duration_minutes: DurationMinutes | None = None
    """If left out, the business's default."""
    agreed_to_texts: bool | None = None
    """Whether the customer was asked and agreed to texts. Without it, no text is sent."""
    overbook: bool = False
    """Book the arrival window even if it is full: send it again so after `slot-full`."""

    @property
    def price_cents(self) -> int | None:
        return None if self.price is None else int(self.price * 100)


class BookingBody(Frozen):
    """A job as the customer books it."""

    name: LineInput
    phone: PhoneInput
    address: LineInput
    what: NoteInput
    estimate: EstimateRequest | None = None
    """What of the price guide the customer expects; the job keeps the range."""
    window_start: UtcInput | None = None
    window_end: UtcInput | None = None
    preferred_day: Date | None = None
    """In the place of a window: the day that is wanted although it is full."""
    language: Language = "en"
    agreed_to_texts: bool | None = None
    """False where the form asked and the customer wants no texts."""
    consent_wording: ConsentWording | None = None
    """The version of the words beside the number that say what it is for."""
    tenant: Tenant = MAIN

    @model_validator(mode="after")
    def _a_window(self) -> "BookingBody":
        if fault := window_fault(self):
            raise fault_at(*fault)
        return self


class MoveBody(Frozen):
    """A move by its name, or by the status it leads to.

    `event_id` is chosen by the sender; a copy with the same id changes nothing. `expected_rev` is
    the job's `rev` that the sender saw; if it has changed since, the move is refused.
    """

    move: Name | None = None
    to: Name | None = None
    expected_rev: Annotated[int, Field(ge=1, le=MAX_REV)] | None = None
    note: NoteInput | None = None
    reason: NoteInput | None = None
    event_id: OutsideEventId | None = None
    occurred_at: UtcInput | None = None

    @model_validator(mode="after")
    def _one_of_move_and_to(self) -> "MoveBody":
        if (self.move is None) == (self.to is None):
            raise ValueError("send exactly one of `move` and `to`")
        return self


class InvitationBody(Frozen):
    """From the holder of an invitation's link."""

    token: Annotated[str, Field(max_length=1000, repr=False)]
    password: Annotated[str, Field(max_length=LONGEST_PASSWORD, repr=False)]


class LinkHolderBody(Frozen):
    """From the holder of a tracking link: the token proves that they have the link."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    reason: NoteInput | None = None


class JobsQuery(Frozen):
    """Filters jobs by status (separated by commas) and by `q`: each of its words must be in the
    name, address, id, crew, or load, or be the last digits of the phone number.

    `scope=all` searches every job there ever was, the latest first, and takes the other questions
    too: there, a word has to begin a word of the job. Days are the business's, both included; they
    are those of the arrival window, or of the booking if there is no window. Prices are in cents.
    The default scope is the board: open jobs, and those that ended lately, by id.

    Returns at most `limit` jobs, after `after`, which is the `next` of a response. From all jobs
    at most 100; a response with fewer, or none, may still have a `next`.
    """

    model_config = ConfigDict(extra="ignore")

    scope: Literal["board", "all"] = "board"
    status: Annotated[str, Field(pattern=STATUSES_PATTERN, max_length=400)] | None = None
    q: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_CARDS)] = MOST_CARDS
    after: Annotated[str, Field(max_length=40)] | None = None
    first: Date | None = None
    last: Date | None = None
    flow: Name | None = None
    crew: Name | Literal["-"] | None = None
    """A member of the crew, by account; `-` is without crew."""
    truck: Name | Literal["-"] | None = None
    price_from: Cents | None = None
    price_to: Cents | None = None
    paid: bool | None = None
    """False: a price that is not paid in full. A job without price and payment is neither."""
    load_size: LoadSize | None = None
    method: PaymentMethod | None = None
    """How it was paid, perhaps in part."""
    on_time: bool | None = None
    """Whether the crew was there before the end of the window, if there was one."""
    failed: bool | None = None
    """Whether an attempt failed."""
    cancelled_for: SearchText | None = None
    """The whole reason, as reports have it."""
    failed_for: SearchText | None = None
    """The same, of a failed attempt."""
    left: Annotated[str, Field(pattern=STATUSES_PATTERN, max_length=400)] | None = None
    """Statuses, separated by commas, one of which the job has left."""
    phone: SearchText | None = None
    """A whole number, its beginning with the area code, or at least four of its last digits."""
    customer: SearchText | None = None
    address: SearchText | None = None
    load: SearchText | None = None

    @model_validator(mode="after")
    def _fits_its_scope(self) -> "JobsQuery":
        """A question that the board cannot answer must not be ignored."""
        of_all = JobsQuery.model_fields.keys() - {"scope", "status", "q", "limit", "after"}
        asked = sorted(name for name in of_all if getattr(self, name) is not None)
        if self.scope == "board" and asked:
            raise ValueError(f"{', '.join(asked)}: send scope=all with it, to search all jobs")
        is_next = _is_job_id if self.scope == "board" else _is_place
        if self.after is not None and not is_next(self.after):
            raise ValueError("after: send the `next` of a response to the same question")
        return self


def _is_job_id(text: str) -> bool:
    return re.fullmatch(JOB_ID_PATTERN, text, re.ASCII) is not None


def _is_place(text: str) -> bool:
    """Whether it has the form of a place, and a moment that the calendar has."""
    if not re.fullmatch(PLACE_PATTERN, text, re.ASCII):
        return False
    try:
        datetime.fromisoformat(text.partition("#")[0])
    except ValueError:
        return False
    return True


class DaysQuery(Frozen):
    """Both days included. The default is today and tomorrow in the business's time zone."""

    model_config = ConfigDict(extra="ignore")

    first: Date | None = None
    last: Date | None = None


class EditBody(Changes):
    """`event_id` and `occurred_at` are for senders without signal: a copy changes nothing."""

    event_id: OutsideEventId | None = None
    occurred_at: UtcInput | None = None

    def changes(self) -> Changes:
        """The changes alone; fields that were not sent stay unset."""
        given = self.model_fields_set & set(Changes.model_fields)
        return Changes.model_validate({name: getattr(self, name) for name in given})


class PhotoBody(Frozen):
    """A photo to be uploaded. `bytes` is its exact size."""

    event_id: OutsideEventId
    occurred_at: UtcInput
    kind: WorkPhotoKind
    media_type: Annotated[str, Field(max_length=100)]
    bytes: Annotated[int, Field(ge=1)]


class LocationBody(Frozen):
    """Where the phone is. It is rounded before it is stored."""

    latitude: Latitude
    longitude: Longitude
    occurred_at: UtcInput
