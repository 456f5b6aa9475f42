"""Estimates and final prices, by examples that were worked out by hand.

`price_guide_cases.json` has them: each says in `by_hand` how its amounts come about. The booking
page's arithmetic passes the same ones, in tests/web/price_guide.test.js.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from functions.protocol.field_errors import field_errors
from statemachine.money.price_guide import (
    EstimateRequest,
    NotInGuide,
    PriceGuide,
    estimate_of,
    price_of,
    proposed_price,
)

CASES = json.loads(
    (Path(__file__).parents[2] / "data" / "price_guide_cases.json").read_text(encoding="utf-8")
)
GUIDES = {name: PriceGuide.model_validate(guide) for name, guide in CASES["guides"].items()}
TOWN = GUIDES["town"]


@pytest.mark.parametrize("case", CASES["examples"], ids=lambda case: case["by_hand"])
def test_estimate_and_price_are_as_worked_by_hand(case: dict[str, Any]) -> None:
    wanted = EstimateRequest.model_validate(
        {name: case[name] for name in ("load_size", "items", "surcharges")}
    )
    estimate = estimate_of(GUIDES[case["guide"]], wanted)
    assert estimate.low_cents == case["low_cents"]
    assert estimate.high_cents == case["high_cents"]
    assert price_of(estimate, case["reported"]) == case["price_cents"]


def test_there_are_forty_examples() -> None:
    assert len(CASES["examples"]) >= 40


def test_a_later_price_guide_changes_no_estimate() -> None:
    """The job keeps the prices: the final price comes from them and from nothing else."""
    estimate = estimate_of(TOWN, EstimateRequest(load_size="half"))
    assert estimate.loads == TOWN.loads
    assert proposed_price(estimate, "half") == 30_000


def test_no_price_is_proposed_before_the_load_is_reported() -> None:
    assert proposed_price(estimate_of(TOWN, EstimateRequest()), None) is None
    assert proposed_price(None, "full") is None


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"items": [{"name": "Boat"}]}, "items: 'Boat' is not in the price guide"),
        ({"items": [{"name": "Piano"}, {"name": "Piano"}]}, "items: 'Piano' is not"),
        ({"surcharges": ["Night"]}, "surcharges: 'Night' is not in the price guide"),
        ({"surcharges": ["Fuel", "Fuel"]}, "surcharges: 'Fuel' is not"),
    ],
)
def test_what_the_guide_does_not_have_is_refused(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(NotInGuide) as error:
        estimate_of(TOWN, EstimateRequest.model_validate(wanted))
    assert str(error.value).startswith(told)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a quarter under the minimum": ({"quarter_cents": 9899}, "quarter_cents: it costs less than"),
    "half under a quarter": ({"half_cents": 17499}, "half_cents: it costs less than `quarter`"),
    "full under three quarters": ({"full_cents": 42499}, "full_cents: it costs less than"),
    "a minimum over a full load": ({"minimum_cents": 60000, "quarter_cents": None}, "half_cents:"),
    "a price with cents of a cent": ({"full_cents": 550.5}, "full_cents: "),
    "a price as text": ({"full_cents": "550"}, "full_cents: "),
    "a negative price": ({"minimum_cents": -1}, "minimum_cents: "),
    "two of one name": (
        {"items": [{"name": "Tire", "price_cents": 1}, {"name": "tire", "price_cents": 2}]},
        "items: two have the same name",
    ),
    "a surcharge of nothing": ({"surcharges": [{"name": "Fuel"}]}, "surcharges.0.amount_cents: "),
    "a surcharge of both kinds": (
        {"surcharges": [{"name": "Fuel", "amount_cents": 1, "basis_points": 1}]},
        "surcharges.0.amount_cents: give exactly one",
    ),
}


@pytest.mark.parametrize(("changes", "told"), BAD.values(), ids=BAD)
def test_a_guide_that_contradicts_itself_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as error:
        PriceGuide.model_validate(CASES["guides"]["town"] | changes)
    assert next(field_errors(error.value)).startswith(told)
