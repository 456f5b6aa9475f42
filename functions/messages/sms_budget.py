"""Limits what strangers make us text: anyone may fill in the form, with anyone's number, and anyone
may text us.

    a booking by the form, until someone of the business or the number itself has answered for it:
        so many texts a day to its number, and so many of the business
    commands by text, such as HELP: so many of one number; of numbers without a job, also so many
        of the business, together with the above

Texts are counted by name, so that one that is tried again does not count twice.
"""

from datetime import datetime
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from pydantic import AliasChoices, Field

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Stored, Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.job.deliveries import DeliveryLabel
from statemachine.values.values import Frozen, Tenant

BUSINESS = "business"
ANSWERS_PER_NUMBER = 20
"""Commands of one number that are answered in a day: two programs could answer each other."""
STOP = "stop-"


class SpentTexts(Frozen):
    """`tenants/{tenant}/budgets/{day}/{of}.json`: which texts that day has had."""

    tenant: Tenant
    day: DeliveryLabel
    """In the business's time zone, as `2026-11-21`."""
    of: DeliveryLabel
    """`business`, the start of a number's digest, or that with `-answers`."""
    texts: Annotated[
        tuple[Annotated[str, Field(max_length=120)], ...],
        Field(validation_alias=AliasChoices("texts", "jobs")),
    ] = ()
    """Their names; objects of a day on which only bookings were counted have `jobs`."""


class TextBudgets(Protocol):
    def read(self, spent: SpentTexts) -> Stored[SpentTexts] | None:
        """What is stored for the same tenant, day, and `of`. Raises Corrupt, Unavailable."""

    def write(self, spent: SpentTexts, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""


def may_spend(
    budgets: TextBudgets,
    tenant: BusinessSettings,
    number: str,
    text: str,
    now: datetime,
    pause: Pause = full_jitter,
) -> bool:
    """Whether the day's budgets allow that text about a stranger's booking, which is counted if so.

    The number's budget comes first, so that one number cannot use up the business's budget.
    Raises Unavailable.
    """
    limits = {
        number: tenant.unconfirmed_texts_per_number,
        BUSINESS: tenant.unconfirmed_texts_per_day,
    }
    return _all_spent(budgets, tenant, limits, text, now, pause)


def may_answer(
    budgets: TextBudgets,
    tenant: BusinessSettings,
    number: str,
    text: str,
    has_jobs: bool,
    now: datetime,
    pause: Pause = full_jitter,
) -> bool:
    """Whether the day's budgets allow an answer to that command. Raises Unavailable."""
    limits = {f"{number}-answers": ANSWERS_PER_NUMBER}
    if not has_jobs:
        limits[BUSINESS] = tenant.unconfirmed_texts_per_day
    return _all_spent(budgets, tenant, limits, text, now, pause)


def may_confirm_stop(
    budgets: TextBudgets,
    tenant: BusinessSettings,
    number: str,
    text: str,
    now: datetime,
    pause: Pause = full_jitter,
) -> bool:
    """The same for a STOP; the first one of a day is confirmed whatever was spent."""
    limits = {f"{number}-answers": ANSWERS_PER_NUMBER}
    return _all_spent(budgets, tenant, limits, f"{STOP}{text}", now, pause)


def _all_spent(
    budgets: TextBudgets,
    tenant: BusinessSettings,
    limits: dict[str, int],
    text: str,
    now: datetime,
    pause: Pause,
) -> bool:
    day = f"{now.astimezone(ZoneInfo(tenant.time_zone)):%Y-%m-%d}"
    empty = (SpentTexts(tenant=tenant.tenant, day=day, of=of) for of in limits)
    return all(_spent(budgets, one, text, limits[one.of], pause) for one in empty)


def _spent(budgets: TextBudgets, empty: SpentTexts, text: str, limit: int, pause: Pause) -> bool:
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = budgets.read(empty)
            known = stored.value if stored else empty
            if text in known.texts:
                return True
            if len(known.texts) >= limit and not _is_first_stop(known, text):
                return False
            spent = known.with_(texts=(*known.texts, text))
            budgets.write(spent, stored.etag if stored else None)
            return True
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"texts of {empty.tenant}: not counted in {ATTEMPTS} attempts") from last


def _is_first_stop(known: SpentTexts, text: str) -> bool:
    return text.startswith(STOP) and not any(each.startswith(STOP) for each in known.texts)
