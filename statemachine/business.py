"""A business that works with Haulway."""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from statemachine.flows import DEFAULT_FLOW
from statemachine.values import PHONE_PATTERN, Frozen, Language, Name, Tenant

CANARY = "canary"
"""The business that deployments book with, so that no dispatcher sees those jobs."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""As ISO 3166-1 names it with two letters."""


def is_internal(tenant: str) -> bool:
    """Whether a business is the stage's own: nothing that strangers reach serves it."""
    return tenant == CANARY or tenant.startswith("test-")


class QuietHours(Frozen):
    """When no one is sent a text, by the clock of the tenant's time zone; it may pass midnight.

    Where both are the same there are none.
    """

    begin: time = time(21)
    end: time = time(8)


NEVER_QUIET = QuietHours(begin=time(0), end=time(0))


class BusinessSettings(Frozen):
    tenant: Tenant
    business: Annotated[str, Field(min_length=1, max_length=60)]
    """How customers know the business; texts begin with it."""
    time_zone: str = "America/New_York"
    language: Language = "en"
    flow: Name = DEFAULT_FLOW
    """The flow of a job that names none."""
    quiet: QuietHours = QuietHours()
    """By default nine in the evening to eight in the morning, as 47 CFR 64.1200 (c) has it."""
    sms_number: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None
    """The business's own number, to which customers answer; None shares the stage's number."""
    horizon_days: Annotated[int, Field(ge=1, le=1000)] = 400
    """How far ahead its people plan: a year, and the same season's weeks of the next."""
    public_horizon_days: Annotated[int, Field(ge=1, le=1000)] = 120
    """How far ahead a customer may book; the page offers less."""

    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = ("US",)
    """Where its customers' numbers are from: no others are sent texts."""
    unconfirmed_texts_per_number: Annotated[int, Field(ge=0)] = 3
    unconfirmed_texts_per_day: Annotated[int, Field(ge=0, le=1000)] = 200
    """How many bookings that no one has confirmed are told by text, in a day of its clock: of one
    number, and of all. The form is open to everyone, and each text costs money."""


def quiet_until(tenant: BusinessSettings, now: datetime) -> datetime | None:
    """When the quiet hours that we are in end; None outside of them."""
    if tenant.quiet.begin == tenant.quiet.end:
        return None
    zone = ZoneInfo(tenant.time_zone)
    here = now.astimezone(zone)
    for days in (-1, 0):
        begin = datetime.combine(here.date() + timedelta(days), tenant.quiet.begin, zone)
        end = datetime.combine(begin.date(), tenant.quiet.end, zone)
        if tenant.quiet.end <= tenant.quiet.begin:
            end = datetime.combine(begin.date() + timedelta(1), tenant.quiet.end, zone)
        # Of one zone, datetimes compare by the clock; over a time change moments differ.
        if begin.timestamp() <= now.timestamp() < end.timestamp():
            return end
    return None
