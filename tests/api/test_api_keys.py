"""API keys over HTTP: made and revoked by the owner, sent as `Authorization: Bearer`."""

import json
from typing import Any

import pytest

from functions.api.routes import ROUTES
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import a_job


@pytest.fixture
def api() -> ApiBackend:
    backend = ApiBackend()
    backend.add_account("olive", "owner")
    return backend


def made(api: ApiBackend, *roles: str) -> Any:
    wanted = {"name": "Website", "roles": roles, "days": 30}
    return api.send("POST", "/api/keys", wanted, by="olive").json


def by_key(api: ApiBackend, key: str, method: str, path: str, body: Any = None) -> ApiReply:
    return api.send(method, path, body, headers={"authorization": f"Bearer {key}"})


def test_a_key_is_shown_once_and_works_until_it_is_revoked(api: ApiBackend) -> None:
    key = made(api, "dispatcher")
    job = {"customer_name": "Ada Wong", "location": "12 Harbor Road"}
    booked = by_key(api, key["key"], "POST", "/api/jobs", job)
    assert booked.status == 201
    assert api.job(booked.json["job_id"]).created_by.id == f"key_{key['key_id']}"
    [listed] = api.send("GET", "/api/keys", by="olive").json["keys"]
    assert listed["last_used_at"]
    assert not {"key", "secret_hash"} & listed.keys()
    assert api.send("DELETE", f"/api/keys/{key['key_id']}", by="olive").status == 204
    refused = by_key(api, key["key"], "GET", "/api/jobs")
    assert refused.status == 401
    assert refused.slug == "wrong-key"
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_program_notes_what_was_paid_and_the_record_names_its_key(api: ApiBackend) -> None:
    key = made(api, "dispatcher")
    api.store(a_job("completed", price_cents=30_000))
    path, cash = "/api/jobs/261121-7k3m2q", {"payment": {"method": "card", "amount_cents": 12_050}}
    got = by_key(api, key["key"], "PATCH", path, cash)
    assert got.status == 200
    assert got.json["payments"] == [cash["payment"]]
    assert got.json["money_changes"][-1]["actor"]["id"] == f"key_{key['key_id']}"


def test_a_wrong_key_is_refused_even_beside_a_session(api: ApiBackend) -> None:
    got = api.send("GET", "/api/jobs", by="olive", headers={"authorization": "Bearer hk_no"})
    assert got.slug == "wrong-key"


@pytest.mark.parametrize("route", [r for r in ROUTES if r.roles is not None], ids=lambda r: r.name)
def test_a_key_may_what_its_role_may(api: ApiBackend, route: Any) -> None:
    """Only whether it is let in is looked at here; test_roles.py has what follows."""
    path = route.path.replace("<date>", "2026-11-22").replace("<", "").replace(">", "")
    for role in ("dispatcher", "driver", "ops"):
        got = by_key(api, made(api, role)["key"], route.method, path, {})
        assert (got.slug == "not-allowed") is (role not in route.roles), role


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/people", None),
        ("POST", "/api/people", {"account": "eve", "name": "Eve", "roles": ["owner"]}),
        ("PATCH", "/api/people/olive", {"disabled": True}),
        ("POST", "/api/people/olive/invitation", None),
        ("GET", "/api/keys", None),
        ("POST", "/api/keys", {"name": "Another", "roles": ["owner"]}),
        ("DELETE", "/api/keys/3f9a1c2b0d4e", None),
    ],
)
def test_a_key_manages_neither_people_nor_keys(
    api: ApiBackend, method: str, path: str, body: Any
) -> None:
    """Not even an owner's, and not beside their session."""
    key = made(api, "owner")["key"]
    before = len(api.api_keys.known), dict(api.accounts.known)
    header = {"authorization": f"Bearer {key}"}
    for by in (None, "olive"):
        got = api.send(method, path, body, by=by, headers=header)
        assert got.status == 403
        assert got.slug == "not-allowed"
    assert (len(api.api_keys.known), dict(api.accounts.known)) == before
    assert by_key(api, key, "GET", "/api/business/history").status == 200


def test_the_keys_of_who_is_disabled_stop(api: ApiBackend) -> None:
    api.add_account("omar", "owner")
    key = api.send("POST", "/api/keys", {"name": "W", "roles": ["owner"]}, by="omar").json["key"]
    assert by_key(api, key, "GET", "/api/jobs").status == 200
    assert api.send("PATCH", "/api/people/omar", {"disabled": True}, by="olive").status == 200
    assert by_key(api, key, "GET", "/api/jobs").slug == "wrong-key"


def test_what_the_log_says_has_no_key(api: ApiBackend) -> None:
    key = made(api, "dispatcher")["key"]
    by_key(api, key, "GET", "/api/jobs")
    by_key(api, f"{key}x", "GET", "/api/jobs")
    assert key[-43:] not in json.dumps(api.log.lines, default=str)


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "", "roles": ["dispatcher"]},
        {"name": "Website", "roles": []},
        {"name": "Website", "roles": ["admin"]},
        {"name": "Website", "roles": ["dispatcher"], "days": 0},
        {"name": "Website", "roles": ["dispatcher"], "days": 1000},
    ],
)
def test_a_key_that_cannot_be_is_refused(api: ApiBackend, wanted: Any) -> None:
    assert api.send("POST", "/api/keys", wanted, by="olive").slug == "invalid"
