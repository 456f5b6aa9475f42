"""Limits texts about unconfirmed bookings: anyone may fill in the form, with anyone's number.

Bookings are counted, not texts, so that a text that is tried again does not count twice.
"""

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Stored, Unavailable
from statemachine.business import BusinessSettings
from statemachine.deliveries import DeliveryLabel
from statemachine.values import Frozen, JobId, Tenant

BUSINESS = "business"


class SpentTexts(Frozen):
    """`tenants/{tenant}/budgets/{day}/{of}.json`: which bookings were sent a text that day."""

    tenant: Tenant
    day: DeliveryLabel
    """In the business's time zone, as `2026-11-21`."""
    of: DeliveryLabel
    """`business`, or the start of a number's digest."""
    jobs: tuple[JobId, ...] = ()


class TextBudgets(Protocol):
    def read(self, spent: SpentTexts) -> Stored[SpentTexts] | None:
        """What is stored for the same tenant, day, and `of`. Raises Corrupt, Unavailable."""

    def write(self, spent: SpentTexts, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""


def may_spend(
    budgets: TextBudgets,
    tenant: BusinessSettings,
    number: str,
    job_id: str,
    now: datetime,
    pause: Pause = full_jitter,
) -> bool:
    """Whether the day's budgets allow a text about this booking, which is counted if so.

    The number's budget comes first, so that one number cannot use up the business's budget.
    Raises Unavailable.
    """
    day = f"{now.astimezone(ZoneInfo(tenant.time_zone)):%Y-%m-%d}"
    limits = {
        number: tenant.unconfirmed_texts_per_number,
        BUSINESS: tenant.unconfirmed_texts_per_day,
    }
    empty = (SpentTexts(tenant=tenant.tenant, day=day, of=of) for of in limits)
    return all(_spent(budgets, one, job_id, limits[one.of], pause) for one in empty)


def _spent(budgets: TextBudgets, empty: SpentTexts, job_id: str, limit: int, pause: Pause) -> bool:
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = budgets.read(empty)
            known = stored.value if stored else empty
            if job_id in known.jobs:
                return True
            if len(known.jobs) >= limit:
                return False
            spent = known.with_(jobs=(*known.jobs, job_id))
            budgets.write(spent, stored.etag if stored else None)
            return True
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"texts of {empty.tenant}: not counted in {ATTEMPTS} attempts") from last
