"""The documents that the API is asked with, taken by the letter.

An unknown key is an error, for it may be a mistyped one; text is no number, and a number no text.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from functions.people.accounts import LONGEST_PASSWORD
from statemachine.job import Long, Schedule, Short
from statemachine.values import EventId, Frozen, JobId, Language, Name, Tenant, Utc

MOST_CARDS = 5_000
"""In one answer; fewer where they are large, see `board.LARGEST_BYTES`."""

MAIN = "main"
"""The business of those who name none: most copies of Haulway serve just one."""


def _e164(typed: str) -> str:
    """`+15555550123` for what a person typed; without a country code it is a US number."""
    digits = re.sub(r"\D", "", typed)
    if typed.startswith("+"):
        number = f"+{digits}"
    else:
        number = f"+{digits}" if len(digits) == 11 and digits[0] == "1" else f"+1{digits}"
    us = number.startswith("+1")
    if not re.fullmatch(r"\+1\d{10}" if us else r"\+[2-9]\d{6,14}", number):
        raise ValueError("not a phone number; send it as +15555550123")
    return number


Phone = Annotated[
    str, Field(pattern=r"^\+?[0-9(][0-9 ().-]{5,24}$", max_length=26), AfterValidator(_e164)
]
"""E.164, or a US number as people write it."""

Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=2)]


class Credentials(Frozen):
    account: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD, repr=False)]
    tenant: Tenant = MAIN


class NewJob(Frozen):
    """A job as the dispatcher takes it down. `price` is in dollars."""

    customer_name: Short
    phone: Phone | None = None
    language: Language = "en"
    location: Short
    price: Dollars | None = None
    notes: Long | None = None
    flow: Name | None = None
    """Left out: the flow that the business has chosen."""
    schedule: Schedule = Schedule()

    @property
    def price_cents(self) -> int | None:
        return None if self.price is None else int(self.price * 100)


class NewBooking(Frozen):
    """A job as the customer asks for it."""

    name: Short
    phone: Phone
    address: Short
    what: Long
    window_start: Utc | None = None
    window_end: Utc | None = None
    language: Language = "en"
    tenant: Tenant = MAIN


class MoveWish(Frozen):
    """A move by its name, or by the status it leads to.

    `event_id` is the sender's own: a copy under the same id changes nothing. `expected_rev` is
    the job's `rev` that the sender decided on; if somebody was faster, the move is not made.
    """

    move: Name | None = None
    to: Name | None = None
    expected_rev: Annotated[int, Field(ge=1)] | None = None
    note: Long | None = None
    reason: Long | None = None
    event_id: EventId | None = None
    occurred_at: Utc | None = None

    @model_validator(mode="after")
    def _one_of_move_and_to(self) -> "MoveWish":
        if (self.move is None) == (self.to is None):
            raise ValueError("send exactly one of `move` and `to`")
        return self


class HoldersWish(Frozen):
    """What the holder of a tracking link sends along: the token proves that they hold it."""

    token: Annotated[str, Field(max_length=64, repr=False)]
    reason: Long | None = None


class Wanted(Frozen):
    """Which cards: of these statuses (parted by commas), with `q` in name, address or id.

    At most `limit` of them, those behind the job `after`: what an answer names as `next`.
    """

    model_config = ConfigDict(extra="ignore")

    status: Annotated[str, Field(pattern=r"^[a-z0-9_]+(,[a-z0-9_]+)*$", max_length=400)] | None = (
        None
    )
    q: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_CARDS)] = MOST_CARDS
    after: JobId | None = None
