"""A business's price guide, and what a job costs by it. Pure functions of whole cents.

    subtotal = what the load costs + every single item, at least the minimum
    price    = subtotal + every surcharge: a fixed amount, or a part of the subtotal

The load size `minimum` costs nothing of its own: it is a load so small that the minimum, or its
single items, are the price.

Rounding: a part of a load without a price of its own is that part of the full load's price. It and
each surcharge by percentage are rounded half up to a whole cent, each by itself; nothing else is.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Annotated, get_args

from pydantic import Field, model_validator

from statemachine.job.bounds import LabelInput, fault_at
from statemachine.job.prices import (
    MOST_CENTS,
    BasisPoints,
    Estimate,
    ItemCharge,
    LoadPrices,
    LoadSize,
    PriceCents,
    SurchargeRate,
)
from statemachine.values.values import Frozen

LOAD_SIZES: tuple[LoadSize, ...] = get_args(LoadSize)
PARTS: dict[LoadSize, Decimal] = {
    "quarter": Decimal("0.25"),
    "half": Decimal("0.5"),
    "three_quarters": Decimal("0.75"),
}
MOST_OF_AN_ITEM = 50


class GuideEntry(Frozen):
    """`name` is how bookings name it; `name_es` is shown to customers in Spanish."""

    name: LabelInput
    name_es: LabelInput | None = None


class GuideItem(GuideEntry):
    """A thing with a price of its own."""

    price_cents: PriceCents


class GuideSurcharge(GuideEntry):
    """A fixed amount or a percentage, as for stairs, or for a job on the same day."""

    amount_cents: PriceCents | None = None
    basis_points: BasisPoints | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "GuideSurcharge":
        if (self.amount_cents is None) == (self.basis_points is None):
            raise fault_at("amount_cents", "give exactly one of `amount_cents` and `basis_points`")
        return self


class PriceGuide(Frozen):
    """What a business charges. Parts of a load that are left out follow from the full load."""

    minimum_cents: PriceCents
    quarter_cents: PriceCents | None = None
    half_cents: PriceCents | None = None
    three_quarters_cents: PriceCents | None = None
    full_cents: PriceCents
    items: Annotated[tuple[GuideItem, ...], Field(max_length=40)] = ()
    surcharges: Annotated[tuple[GuideSurcharge, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _goes_together(self) -> "PriceGuide":
        prices = [(size, getattr(self.loads, size)) for size in LOAD_SIZES]
        for (smaller, less), (larger, more) in pairwise(prices):
            if more < less:
                sentence = f"it costs less than `{smaller}`; a larger load costs at least as much"
                raise fault_at(f"{larger}_cents", sentence)
        for field in ("items", "surcharges"):
            names = [entry.name.casefold() for entry in getattr(self, field)]
            if len(set(names)) < len(names):
                raise fault_at(field, "two have the same name; give each a name of its own")
        return self

    @property
    def loads(self) -> LoadPrices:
        return LoadPrices(
            minimum=self.minimum_cents,
            full=self.full_cents,
            **{size: self._part(size, part) for size, part in PARTS.items()},
        )

    def _part(self, size: LoadSize, part: Decimal) -> int:
        given: int | None = getattr(self, f"{size}_cents")
        return max(self.minimum_cents, rounded(self.full_cents * part)) if given is None else given


class ItemCount(Frozen):
    """So many of a thing that the price guide names."""

    name: LabelInput
    count: Annotated[int, Field(strict=True, ge=1, le=MOST_OF_AN_ITEM)] = 1


class EstimateRequest(Frozen):
    """What the person who books expects; `load_size` is null if they are not sure."""

    load_size: LoadSize | None = None
    items: Annotated[tuple[ItemCount, ...], Field(max_length=40)] = ()
    surcharges: Annotated[tuple[LabelInput, ...], Field(max_length=20)] = ()


class NotInGuide(Exception):
    """The booking names what the price guide does not have, or names it twice."""


def estimate_of(guide: PriceGuide, wanted: EstimateRequest) -> Estimate:
    """The range for what is wanted. It ends at the next larger load, because from a distance loads
    look smaller than they are; for people who are not sure, it goes from the least to the most.

    Raises NotInGuide.
    """
    prices = Estimate(
        low_cents=0,
        high_cents=0,
        load_size=wanted.load_size,
        loads=guide.loads,
        items=tuple(_items(guide, wanted.items)),
        surcharges=tuple(_surcharges(guide, wanted.surcharges)),
    )
    least, most = _range(wanted.load_size)
    return prices.with_(low_cents=price_of(prices, least), high_cents=price_of(prices, most))


def price_of(estimate: Estimate, load: LoadSize) -> int:
    """What that load costs at the prices of the booking; at most what a price can be."""
    own = 0 if load == "minimum" else getattr(estimate.loads, load)
    items = sum(item.count * item.each_cents for item in estimate.items)
    subtotal = max(estimate.loads.minimum, own + items)
    return min(
        subtotal + sum(_surcharge(subtotal, each) for each in estimate.surcharges), MOST_CENTS
    )


def proposed_price(estimate: Estimate | None, load: LoadSize | None) -> int | None:
    """The final price for the load that the crew reports; None before it does."""
    return None if estimate is None or load is None else price_of(estimate, load)


def rounded(cents: Decimal) -> int:
    """Half a cent is rounded up."""
    return int(cents.quantize(Decimal(1), ROUND_HALF_UP))


def _surcharge(subtotal: int, rate: SurchargeRate) -> int:
    if rate.amount_cents is not None:
        return rate.amount_cents
    return rounded(subtotal * Decimal(rate.basis_points or 0) / 10_000)


def _range(load: LoadSize | None) -> tuple[LoadSize, LoadSize]:
    if load is None:
        return LOAD_SIZES[0], LOAD_SIZES[-1]
    following = LOAD_SIZES[LOAD_SIZES.index(load) :][:2]
    return following[0], following[-1]


def _items(guide: PriceGuide, wanted: Iterable[ItemCount]) -> Iterator[ItemCharge]:
    known = {item.name: item for item in guide.items}
    for each in wanted:
        item = known.pop(each.name, None)
        if item is None:
            raise NotInGuide(f"items: {each.name!r} is not in the price guide, or is given twice")
        yield ItemCharge(name=each.name, count=each.count, each_cents=item.price_cents)


def _surcharges(guide: PriceGuide, wanted: Iterable[str]) -> Iterator[SurchargeRate]:
    known = {each.name: each for each in guide.surcharges}
    for name in wanted:
        rate = known.pop(name, None)
        if rate is None:
            raise NotInGuide(f"surcharges: {name!r} is not in the price guide, or is given twice")
        yield SurchargeRate(
            name=name, amount_cents=rate.amount_cents, basis_points=rate.basis_points
        )
