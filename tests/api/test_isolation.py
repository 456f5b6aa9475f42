"""Two businesses in one stage: the same job id, phone, account, and names; nothing of one is shown
to the other, and how many there are costs no one anything."""

import json
from collections import Counter
from typing import Any

import pytest

from functions.api.routes import ROUTES
from functions.people.accounts import Role
from functions.people.api_keys import NewKey, new_key
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Customer, Job, Place
from statemachine.job.records import Note
from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend
from tests.api.test_roles import BODIES, path_of
from tests.support.builders import DISPATCHER, NOON, TOKEN, a_job
from tests.support.roster_fakes import a_member

THEIR_TOKEN = "canary-token-222222222"
PHONE = "+15555550123"
CANARIES = {
    "legal_name": "Canary Legal LLC",
    "email": "canary@other.example",
    "sms_number": "+12065550142",
}
"""Settings that are not for customers."""
PUBLIC_CANARIES = {
    "name": "Canary Hauling",
    "phone": "+12065550143",
    "website": "https://canary.example/",
    "privacy_url": "https://canary.example/privacy",
    "terms_url": "https://canary.example/terms",
}
ROLES: tuple[Role, ...] = ("dispatcher", "driver", "first_mate", "supervisor", "ops", "owner")


def theirs() -> Job:
    note = Note(event_id="n-1", text="canary note", recorded_at=NOON, actor=DISPATCHER)
    return a_job(
        "ready_for_pickup",
        tenant="other",
        token=THEIR_TOKEN,
        customer=Customer(name="Canary Customer", phone=PHONE),
        place=Place(address="Canary Street 2", gate_code="canary-gate"),
        notes=(note,),
        price_cents=98_765,
    )


@pytest.fixture
def api(api: ApiBackend) -> ApiBackend:
    """`other` has what `main` has, under the same names; all of it is marked."""
    for role in ROLES:
        api.add_account(f"{role}_x", role)
        api.add_account(f"{role}_x", role, tenant="other")
    api.accounts.add(a_member("carl", tenant="other", name="Canary Carl", email="canary@carl.test"))
    marked = BusinessSettings.model_validate({"tenant": "other", **CANARIES, **PUBLIC_CANARIES})
    api.bucket.put("directory/other.json", marked.model_dump_json(exclude_none=True).encode())
    new_key(api.api_keys, "other", NewKey(name="Canary key", roles=("ops",)), "carl", NOON)
    api.store(a_job("ready_for_pickup"))
    api.store(theirs())
    return api


def own_state(api: ApiBackend) -> dict[str, bytes]:
    """Everything of `other`."""
    return {key: body for key, body in api.state().items() if "other" in key}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_route_shows_or_changes_anything_of_another_business(
    api: ApiBackend, route: Any
) -> None:
    """Asked by every role of `main`, with the ids that `other` uses too."""
    path, before = path_of(route.name), own_state(api)
    for role in ROLES:
        headers = {"idempotency-key": f"isolation-{role}"}
        body = BODIES.get(route.name)
        got = api.send(route.method, path, body, by=f"{role}_x", headers=headers)
        assert "canary" not in (got.text + json.dumps(got.headers)).lower(), role
        assert THEIR_TOKEN not in got.text
    assert own_state(api) == before
    assert "canary" not in json.dumps(api.log.lines, default=str).lower()


def test_a_link_of_one_business_moves_only_its_own_job(api: ApiBackend) -> None:
    path = f"/api/track/{digest_of(THEIR_TOKEN)}"
    assert api.send("POST", f"{path}/cancel", {"token": TOKEN, "reason": "x"}).status == 404
    assert api.send("POST", f"{path}/cancel", {"token": THEIR_TOKEN, "reason": "x"}).status == 200
    assert api.job("261121-7k3m2q", "other").status == "cancelled"
    assert api.job("261121-7k3m2q").status == "ready_for_pickup"


def test_customers_see_of_a_business_only_what_is_for_them(api: ApiBackend) -> None:
    for path in ("/api/businesses/other", f"/api/track/{digest_of(THEIR_TOKEN)}/business"):
        shown = api.send("GET", path).text
        assert [field for field, value in CANARIES.items() if value in shown] == []
        assert [field for field, value in PUBLIC_CANARIES.items() if value not in shown] == []


def test_a_session_of_one_business_is_no_session_of_another(api: ApiBackend) -> None:
    body = {"account": "olive", "password": "correct horse battery", "tenant": "other"}
    assert api.send("POST", "/api/session", body).slug == "wrong-credentials"
    shown = api.send("GET", "/api/people", by="owner_x", tenant="other").json["people"]
    assert {"carl"} <= {each["account"] for each in shown}
    assert not {"olive", "dana"} & {each["account"] for each in shown}


def calls_of_a_confirmation(api: ApiBackend, businesses: int) -> Counter[str]:
    for number in range(businesses):
        settings = BusinessSettings(tenant=f"b{number}", name="Some Business")
        api.bucket.objects[f"directory/b{number}.json"] = settings.model_dump_json().encode()
    job = api.store(a_job("ready_for_pickup", job_id="261121-7k3m2r", token="t" * 22))
    api.faults.log.clear()
    body = {"token": job.token, "reason": "Sold it"}
    assert api.send("POST", f"/api/track/{digest_of(job.token)}/cancel", body).status == 200
    return Counter(operation for operation, _ in api.faults.log)


def test_a_customers_choice_asks_aws_as_often_with_5000_businesses_as_with_one() -> None:
    alone, crowded = ApiBackend(), ApiBackend()
    assert calls_of_a_confirmation(crowded, 5000) == calls_of_a_confirmation(alone, 0)


def test_a_customer_outside_the_service_area_is_told_at_the_address(api: ApiBackend) -> None:
    settings = BusinessSettings(tenant="main", name="Haulway", service_area=("981",))
    api.bucket.put("directory/main.json", settings.model_dump_json(exclude_none=True).encode())
    body = BODIES["POST /api/bookings"] | {"address": "12 Harbor Road, New York 10001"}
    headers = {"idempotency-key": "far-away-1"}
    refused = api.send("POST", "/api/bookings", body, headers=headers)
    assert refused.status == 422
    assert refused.json["faults"] == ["address: the business does not come to 10001; call to ask"]
