"""The documents that the API is asked with, taken by the letter.

An unknown key is an error, for it may be a mistyped one; text is no number, and a number no text.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from events.requests import MAX_REV
from functions.people.accounts import LONGEST_PASSWORD
from statemachine.bounds import (
    LineInput,
    NoteInput,
    PhoneInput,
    ScheduleInput,
    UtcInput,
    fault_at,
    window_fault,
)
from statemachine.job import Schedule
from statemachine.money import MOST_CENTS, parse_money
from statemachine.values import Frozen, JobId, Language, Name, OutsideEventId, Tenant

MOST_CARDS = 5_000
"""In one answer; fewer where they are large, see `board.LARGEST_BYTES`."""

MAIN = "main"
"""The business of those who name none: most copies of Haulway serve just one."""


def _dollars(sent: object) -> object:
    """A number, or a text that is an amount; never a text that Decimal alone would understand."""
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
    """A job as the dispatcher takes it down. `price` is in dollars."""

    customer_name: LineInput
    phone: PhoneInput | None = None
    language: Language = "en"
    location: LineInput
    price: Dollars | None = None
    notes: NoteInput | None = None
    flow: Name | None = None
    """Left out: the flow that the business has chosen."""
    schedule: ScheduleInput = Schedule()

    @property
    def price_cents(self) -> int | None:
        return None if self.price is None else int(self.price * 100)


class BookingBody(Frozen):
    """A job as the customer asks for it."""

    name: LineInput
    phone: PhoneInput
    address: LineInput
    what: NoteInput
    window_start: UtcInput | None = None
    window_end: UtcInput | None = None
    language: Language = "en"
    tenant: Tenant = MAIN

    @model_validator(mode="after")
    def _a_window(self) -> "BookingBody":
        if fault := window_fault(self):
            raise fault_at(*fault)
        return self


class MoveBody(Frozen):
    """A move by its name, or by the status it leads to.

    `event_id` is the sender's own: a copy under the same id changes nothing. `expected_rev` is
    the job's `rev` that the sender decided on; if someone was faster, the move is not made.
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


class LinkHolderBody(Frozen):
    """What the holder of a tracking link sends along: the token proves that they hold it."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    reason: NoteInput | None = None


class JobsQuery(Frozen):
    """Which cards: of these statuses (separated by commas), and with `q`: each of its
    words in name, address, id, crew or load, or the last digits of the phone number.

    At most `limit` of them, those after the job `after`: what an answer names as `next`.
    """

    model_config = ConfigDict(extra="ignore")

    status: Annotated[str, Field(pattern=r"^[a-z0-9_]+(,[a-z0-9_]+)*$", max_length=400)] | None = (
        None
    )
    q: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_CARDS)] = MOST_CARDS
    after: JobId | None = None
