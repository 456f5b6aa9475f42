"""A business that works with Haulway."""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from statemachine.flows import DEFAULT_FLOW
from statemachine.values import PHONE_PATTERN, Frozen, Language, Name, Tenant

CANARY = "canary"
"""The business for which deployments book test jobs, so that no dispatcher sees them."""

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1, two letters."""


def is_internal(tenant: str) -> bool:
    """Whether the business is only for tests of the stage, so that public endpoints refuse it."""
    return tenant == CANARY or tenant.startswith("test-")


class QuietHours(Frozen):
    """When no SMS is sent, in the business's time zone. They may pass midnight.

    If both ends are the same, there are no quiet hours.
    """

    begin: time = time(21)
    end: time = time(8)


NEVER_QUIET = QuietHours(begin=time(0), end=time(0))


class BusinessSettings(Frozen):
    tenant: Tenant
    business: Annotated[str, Field(min_length=1, max_length=60)]
    """The name that customers know; every SMS begins with it."""
    time_zone: str = "America/New_York"
    language: Language = "en"
    flow: Name = DEFAULT_FLOW
    """The flow of a job whose booking names none."""
    quiet: QuietHours = QuietHours()
    """By default 9 PM to 8 AM, as 47 CFR 64.1200 (c) requires."""
    sms_number: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None
    """The business's own number, to which customers reply. None: the stage's shared number."""
    horizon_days: Annotated[int, Field(ge=1, le=1000)] = 400
    """How far ahead people in the business may plan: somewhat more than a year."""
    public_horizon_days: Annotated[int, Field(ge=1, le=1000)] = 120
    """How far ahead a customer may book. The page offers less."""

    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = ("US",)
    """SMS are sent only to phone numbers of these countries."""
    unconfirmed_texts_per_number: Annotated[int, Field(ge=0)] = 3
    unconfirmed_texts_per_day: Annotated[int, Field(ge=0, le=1000)] = 200
    """How many SMS about unconfirmed bookings are sent in one day of the business's time zone: to
    one number, and to all. Anyone may use the booking form, and each SMS costs money."""


def quiet_until(tenant: BusinessSettings, now: datetime) -> datetime | None:
    """When the current quiet hours end; None outside of quiet hours."""
    if tenant.quiet.begin == tenant.quiet.end:
        return None
    zone = ZoneInfo(tenant.time_zone)
    here = now.astimezone(zone)
    for days in (-1, 0):
        begin = datetime.combine(here.date() + timedelta(days), tenant.quiet.begin, zone)
        end = datetime.combine(begin.date(), tenant.quiet.end, zone)
        if tenant.quiet.end <= tenant.quiet.begin:
            end = datetime.combine(begin.date() + timedelta(1), tenant.quiet.end, zone)
        # Datetimes of one zone compare by the wall clock, which is wrong across a clock change.
        if begin.timestamp() <= now.timestamp() < end.timestamp():
            return end
    return None
