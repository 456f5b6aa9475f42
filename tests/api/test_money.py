"""Estimates, prices, and payments through the API: who may say what, and what the job keeps."""

from typing import Any

import pytest

from statemachine.job.prices import Payment
from statemachine.money.price_guide import EstimateRequest, estimate_of
from tests.api.api_fixture import ApiBackend
from tests.statemachine.money.test_price_guide import CASES, TOWN
from tests.support.builders import a_job

JOB = "261121-7k3m2q"
BOOKING = {
    "name": "Ada Wong",
    "phone": "+15555550123",
    "address": "12 Harbor Road",
    "what": "A sofa and a mattress",
}
ESTIMATE = estimate_of(TOWN, EstimateRequest(load_size="half"))


def with_guide(api: ApiBackend) -> None:
    headers = {"if-match": '"1"'}
    guide = {"price_guide": CASES["guides"]["town"]}
    assert api.send("PATCH", "/api/business", guide, by="olive", headers=headers).status == 200


def book(api: ApiBackend, **values: Any) -> Any:
    headers = {"idempotency-key": "booking-000001"}
    return api.send("POST", "/api/bookings", BOOKING | values, headers=headers)


def edit(api: ApiBackend, by: str, **changes: Any) -> Any:
    rev = api.job(JOB).rev
    headers = {"if-match": f'"{rev}"'}
    return api.send("PATCH", f"/api/jobs/{JOB}", changes, by=by, headers=headers)


def test_anyone_sees_the_guide_and_a_booking_keeps_its_range(api: ApiBackend) -> None:
    with_guide(api)
    shown = api.send("GET", "/api/businesses/main").json
    assert shown["currency"] == "USD"
    assert shown["price_guide"]["half_cents"] == 30_000
    items = [{"name": "Mattress", "count": 1}]
    got = book(api, estimate={"load_size": "half", "items": items, "surcharges": ["Same day"]})
    assert got.status == 201
    estimate = api.job(got.json["job_id"]).estimate
    assert estimate is not None
    assert estimate.low_cents == 36_850
    assert estimate.high_cents == 50_600


def test_a_booking_that_says_nothing_keeps_the_widest_range(api: ApiBackend) -> None:
    with_guide(api)
    estimate = api.job(book(api).json["job_id"]).estimate
    assert estimate is not None
    assert estimate.low_cents == 9_900
    assert estimate.high_cents == 55_000


def test_without_a_guide_there_is_no_estimate(api: ApiBackend) -> None:
    got = book(api, estimate={"load_size": "half"})
    assert got.status == 201
    assert api.job(got.json["job_id"]).estimate is None


def test_an_item_that_the_guide_does_not_have_is_refused_and_named(api: ApiBackend) -> None:
    with_guide(api)
    got = book(api, estimate={"items": [{"name": "Boat"}]})
    assert got.status == 422
    assert got.slug == "invalid"
    assert got.json["faults"] == [
        "estimate.items: 'Boat' is not in the price guide, or is given twice"
    ]


def test_the_crew_reports_the_load_and_notes_the_cash(api: ApiBackend) -> None:
    api.store(a_job("completed", estimate=ESTIMATE, price_cents=None))
    assert edit(api, "mike", load_size="half").json["price_cents"] == 30_000
    got = edit(api, "mike", payment={"method": "cash"})
    assert got.json["payments"] == [{"method": "cash", "amount_cents": 30_000}]
    last = got.json["money_changes"][-1]
    assert last["actor"] == {"kind": "crew", "id": "mike"}
    assert last["money"] == {
        "from": {"price_cents": 30_000, "payments": []},
        "to": {"price_cents": 30_000, "payments": got.json["payments"]},
    }


@pytest.mark.parametrize("changes", [{"price_cents": 1}, {"price_cents": 1, "reason": "x"}])
def test_the_crew_sets_no_price(changes: dict[str, Any], api: ApiBackend) -> None:
    api.store(a_job("completed"))
    assert edit(api, "mike", **changes).slug == "not-allowed"


def test_a_price_that_was_set_is_changed_with_a_reason(api: ApiBackend) -> None:
    api.store(a_job("completed"))
    refused = edit(api, "dana", price_cents=50_000)
    assert refused.status == 409
    assert refused.slug == "edit-reason-missing"
    got = edit(api, "dana", price_cents=50_000, reason="Half of it was gone already")
    assert got.json["price_cents"] == 50_000
    assert got.json["money_changes"][0]["reason"] == "Half of it was gone already"


def test_a_payment_without_price_or_amount_is_refused(api: ApiBackend) -> None:
    api.store(a_job("completed", price_cents=None))
    refused = edit(api, "mike", payment={"method": "cash"})
    assert refused.status == 409
    assert refused.slug == "amount-missing"
    got = edit(api, "mike", payment={"method": "cash", "amount_cents": 8_000})
    assert got.status == 200
    assert api.job(JOB).price_cents == 8_000
    assert api.job(JOB).payments == (Payment(method="cash", amount_cents=8_000),)
