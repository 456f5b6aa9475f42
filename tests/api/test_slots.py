"""What can be booked, and what the API answers where a window is full."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statemachine.business.business import BusinessSettings
from statemachine.values.values import iso
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import NOON, a_job
from tests.support.fakes import FakeTenants

MORNING = datetime(2026, 11, 23, 13, tzinfo=UTC)
AFTERNOON = MORNING + timedelta(hours=4)


@pytest.fixture
def api() -> ApiBackend:
    backend = ApiBackend()
    backend.add_account("dana")
    set_slots(backend, {"mon": {"08:00": 1}})
    return backend


def set_slots(api: ApiBackend, by_weekday: Any, **values: Any) -> None:
    settings = BusinessSettings(
        tenant="main", name="Haulway", slots_by_weekday=by_weekday, **values
    )
    FakeTenants(api.bucket, settings)


def book(api: ApiBackend, key: str, start: datetime = MORNING) -> ApiReply:
    body = {
        "name": "Ada Wong", "phone": "+15555550123", "address": "12 Harbor Road", "what": "Sofa",
        "window_start": iso(start), "window_end": iso(start + timedelta(hours=4)),
    }  # fmt: skip
    return api.send("POST", "/api/bookings", body, headers={"idempotency-key": key})


def test_the_slots_say_what_is_left_and_are_cached_for_seconds(api: ApiBackend) -> None:
    book(api, "first-key-1")
    reply = api.send("GET", "/api/businesses/main/slots")
    left = {each["window_start"]: each["left"] for each in reply.json["slots"]}
    assert left[iso(MORNING)] == 0
    assert left[iso(AFTERNOON)] == 4
    assert reply.json["next_free"] == "2026-11-21T13:00:00.000Z"
    assert reply.headers["cache-control"] == "public, max-age=5"


def test_how_busy_a_business_is_stays_its_own_affair(api: ApiBackend) -> None:
    set_slots(api, {"mon": {"08:00": 40}})
    slots = api.send("GET", "/api/businesses/main/slots").json["slots"]
    assert {each["left"] for each in slots if each["window_start"] == iso(MORNING)} == {5}


def test_a_suspended_business_offers_nothing(api: ApiBackend) -> None:
    set_slots(api, {}, suspended=True)
    assert api.send("GET", "/api/businesses/main/slots").json["slots"] == []


@pytest.mark.parametrize("business", ["nowhere", "canary"])
def test_an_unknown_and_an_internal_business_have_no_slots(api: ApiBackend, business: str) -> None:
    assert api.send("GET", f"/api/businesses/{business}/slots").slug == "unknown-business"


def test_who_comes_too_late_is_told_at_once_and_offered_others(api: ApiBackend) -> None:
    assert book(api, "first-key-1").status == 201
    late = book(api, "second-key-2")
    assert late.status == 409
    assert late.slug == "slot-full"
    assert [each["window_start"] for each in late.json["offers"]] == [
        "2026-11-21T13:00:00.000Z",
        "2026-11-21T17:00:00.000Z",
        "2026-11-21T21:00:00.000Z",
    ]
    assert "may_override" not in late.json
    assert book(api, "first-key-1").status == 200
    assert book(api, "second-key-2", AFTERNOON).status == 201


def test_who_finds_the_window_full_or_repeats_a_booking_uses_up_no_ones_turn(
    api: ApiBackend,
) -> None:
    assert book(api, "first-key-1").status == 201
    assert [book(api, f"late-key-{n:04}").slug for n in range(5)] == ["slot-full"] * 5
    assert book(api, "first-key-1").status == 200
    assert api.limits.taken["business-bookings", "main"][0] == 1


def test_a_dispatcher_is_asked_before_a_window_is_overbooked(api: ApiBackend) -> None:
    book(api, "first-key-1")
    body = {
        "customer_name": "Bob", "location": "1 Quay",
        "schedule": {"window_start": iso(MORNING), "window_end": iso(AFTERNOON)},
    }  # fmt: skip
    asked = api.send("POST", "/api/jobs", body, by="dana")
    assert asked.slug == "slot-full"
    assert asked.json["may_override"]
    created = api.send("POST", "/api/jobs", body | {"overbook": True}, by="dana")
    assert created.status == 201
    assert api.job(created.json["job_id"]).overbooked


def test_an_edit_into_a_full_window_asks_too(api: ApiBackend) -> None:
    book(api, "first-key-1")
    job = a_job(crew=())
    api.store(job)
    window = {"window_start": iso(MORNING), "window_end": iso(AFTERNOON)}
    path, read = f"/api/jobs/{job.job_id}", {"if-match": '"1"'}
    asked = api.send("PATCH", path, {"schedule": window}, by="dana", headers=read)
    assert asked.slug == "slot-full"
    assert asked.json["may_override"]
    body = {"schedule": window, "override": True, "reason": "They insisted"}
    assert api.send("PATCH", path, body, by="dana", headers=read).status == 200
    edit = api.job(job.job_id).edits[-1]
    assert edit.window is not None
    assert edit.window.overbooked
    assert edit.reason == "They insisted"
    assert edit.window.to_start == MORNING > NOON
