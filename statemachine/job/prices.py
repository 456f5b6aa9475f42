"""What a job keeps about money: the estimate it was booked at, what was paid, and its changes.

All amounts are whole cents of the business's currency. `price_guide.py` has the rules.
"""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from statemachine.values.values import Frozen, ShortText

MOST_CENTS = 100_000_000
PriceCents = Annotated[int, Field(strict=True, ge=0, le=MOST_CENTS)]
"""Strictly a whole number: neither `true` nor the text "600" is an amount."""

LoadSize = Literal["minimum", "quarter", "half", "three_quarters", "full"]
"""How much of the truck the load fills."""

PaymentMethod = Literal["cash", "card", "check", "transfer", "other"]
BasisPoints = Annotated[int, Field(strict=True, ge=1, le=10_000)]
"""Hundredths of a percent: 750 is 7.5 %."""


class LoadPrices(Frozen):
    """`minimum` is the least that any job costs; the others are what that much of a truck costs."""

    minimum: PriceCents
    quarter: PriceCents
    half: PriceCents
    three_quarters: PriceCents
    full: PriceCents


class ItemCharge(Frozen):
    """Things that have a price each, whatever room they take."""

    name: ShortText
    count: Annotated[int, Field(ge=1)]
    each_cents: PriceCents


class SurchargeRate(Frozen):
    """A fixed amount, or a part of the subtotal. One of the two is set."""

    name: ShortText
    amount_cents: PriceCents | None = None
    basis_points: BasisPoints | None = None


class EstimateRange(Frozen):
    """From what to what a job will probably cost."""

    low_cents: PriceCents
    high_cents: PriceCents


class Estimate(EstimateRange):
    """The range told at booking, and the prices it came from, which no later change of the price
    guide changes: the final price is made from them too."""

    load_size: LoadSize | None = None
    """What the customer expects; None: not sure."""
    loads: LoadPrices
    items: tuple[ItemCharge, ...] = ()
    surcharges: tuple[SurchargeRate, ...] = ()


MOST_PAYMENTS = 12


class Payment(Frozen):
    """What was paid at once, and how. All payments of a job add up."""

    method: PaymentMethod
    amount_cents: PriceCents


def _several(stored: Any) -> Any:
    """Documents from before a job could be paid in parts have one payment, or null."""
    if stored is None:
        return ()
    return (stored,) if isinstance(stored, dict) else stored


Payments = Annotated[
    tuple[Payment, ...],
    BeforeValidator(_several),
    Field(max_length=MOST_PAYMENTS, validation_alias=AliasChoices("payments", "payment")),
]


class Money(Frozen):
    """What is owed, and what was paid."""

    price_cents: PriceCents | None = None
    payments: Payments = ()


class MoneyChange(Frozen):
    """From what to what an edit changed what is owed or paid. The edit says who, when, and why."""

    before: Annotated[Money, Field(alias="from")]
    after: Annotated[Money, Field(alias="to")]

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
