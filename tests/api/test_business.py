"""The settings of a business by the API, and what follows from them for those who book."""

from datetime import timedelta
from typing import Any

import pytest

from functions.business.change_settings import ChangeSettings
from statemachine.settings.business_changes import SETTABLE
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import NOON
from tests.support.business_fakes import FakeSettingsStore
from tests.support.fakes import no_pause

BOOKING = {
    "name": "Ada Wong",
    "phone": "+15555550123",
    "address": "12 Harbor Road",
    "what": "A sofa and two mattresses",
}
MONDAY = {"window_start": "2026-11-23T13:00:00Z", "window_end": "2026-11-23T17:00:00Z"}
"""From 8 to 12 in New York."""


def patch(api: ApiBackend, by: str = "olive", match: str | None = '"1"', **wanted: Any) -> ApiReply:
    headers = {} if match is None else {"if-match": match}
    return api.send("PATCH", "/api/business", wanted, by=by, headers=headers)


def book(api: ApiBackend, key: str = "a-key-of-mine", **more: Any) -> ApiReply:
    headers = {"idempotency-key": key}
    return api.send("POST", "/api/bookings", BOOKING | more, headers=headers)


def settle(api: ApiBackend, **wanted: Any) -> None:
    """Settings that are there already when the test begins."""
    change = ChangeSettings(FakeSettingsStore(api.bucket), no_pause)
    change("main", wanted, "olive", api.now)


# The settings


def test_owner_and_dispatcher_see_all_settings_and_their_version(api: ApiBackend) -> None:
    for who in ("olive", "dana"):
        got = api.send("GET", "/api/business", by=who)
        assert got.status == 200
        assert got.headers["etag"] == '"1"'
        assert got.json["version"] == 1
        assert got.json["tenant"] == "main"
        assert got.json["name"] == "Haulway"
    assert set(got.json) <= {"tenant", "version", "last_change", *SETTABLE}


def test_the_owner_changes_some_settings_and_gets_all(api: ApiBackend) -> None:
    hours = {
        "mon": [{"start": "08:00", "end": "18:00"}],
        "sat": [{"start": "09:00", "end": "13:00"}],
    }
    got = patch(api, name="Quick Dump", opening_hours=hours, closed_dates=["2026-12-25"])
    assert got.status == 200
    assert got.headers["etag"] == '"2"'
    assert got.json["version"] == 2
    assert got.json["name"] == "Quick Dump"
    assert got.json["opening_hours"] == hours
    assert got.json["closed_dates"] == ["2026-12-25"]
    assert got.json["last_change"]["by"] == "olive"
    assert got.json["last_change"]["version"] == 2
    assert api.send("GET", "/api/business", by="olive").json == got.json


def test_what_is_answered_can_be_sent_back_as_it_is(api: ApiBackend) -> None:
    known = api.send("GET", "/api/business", by="olive").json
    again = {name: value for name, value in known.items() if name not in ("tenant", "version")}
    got = patch(api, **again)
    assert got.status == 200
    assert got.json == known


def test_a_change_needs_the_version_it_was_decided_on(api: ApiBackend) -> None:
    assert patch(api, match=None, name="A").status == 428
    assert patch(api, name="B").status == 200
    stale = patch(api, name="C")
    assert stale.status == 412
    assert stale.slug == "business-changed"
    assert stale.json["version"] == 2
    assert stale.headers["etag"] == '"2"'
    assert api.tenants.read("main").name == "B"


@pytest.mark.parametrize("match", ["2", '"x"', "*", '"0"', '"1", "2"'])
def test_an_if_match_that_names_no_one_version_changes_nothing(api: ApiBackend, match: str) -> None:
    assert patch(api, match=match, name="C").status == 412
    assert api.tenants.read("main").name == "Haulway"


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        ({"time_zone": "Mars/Sea", "currency": "XYZ"}, "currency: "),
        ({"time_zone": "Mars/Sea", "currency": "XYZ"}, "time_zone: "),
        ({"closed_dates": ["2026-01-01"]}, "closed_dates: a date has passed"),
        ({"windows": [{"start": "12:00", "end": "08:00"}]}, "windows.0.end: it ends before"),
        ({"closed_dates": ["9999-12-31"]}, "closed_dates: the year is not possible"),
        ({"closed_dates": ["1798761600"]}, "closed_dates.0: there is no such day"),
        ({"slots_on": {"0001-01-01": {"08:00": 1}}}, "slots_on: the year is not possible"),
        ({"slots_on": {"2027-02-29": {"08:00": 1}}}, "slots_on.2027-02-29.[key]: there is no"),
        ({"quiet": {"begin": "21:00Z", "end": "08:00"}}, "quiet.begin: write a time as HH:MM"),
        ({"quiet": {"begin": "21:00", "end": "08:00:30"}}, "quiet.end: write a time as HH:MM"),
        ({"phone": "call me"}, "phone: "),
        ({"lead_minutes": "60"}, "lead_minutes: "),
        ({"tenant": "other"}, "tenant: unknown field"),
        ({"version": 7}, "version: unknown field"),
        ({"language": "es", "languages": ["en"]}, "language: it is not among"),
        ({}, "nothing to change"),
    ],
)
def test_a_bad_value_is_refused_by_its_field_and_nothing_is_half_set(
    api: ApiBackend, wanted: dict[str, Any], fault: str
) -> None:
    before = api.state()
    got = patch(api, name="New Name", **wanted) if wanted else patch(api)
    assert got.status == 422
    assert got.slug == "invalid"
    assert api.state() == before
    told = got.json.get("faults", [got.json["detail"]])
    assert any(each.startswith(fault) for each in told)


def test_the_history_says_who_when_and_what_newest_first(api: ApiBackend) -> None:
    patch(api, name="A")
    api.now += timedelta(minutes=5)
    patch(api, match='"2"', name="B", phone="(206) 555-0199")
    got = api.send("GET", "/api/business/history", by="olive", query={"limit": "1"})
    (latest,) = got.json["changes"]
    assert latest["version"] == 3
    assert latest["by"] == "olive"
    assert latest["at"] == "2026-11-21T12:05:00.000Z"
    assert latest["changes"] == [
        {"field": "name", "from": "A", "to": "B"},
        {"field": "phone", "to": "+12065550199"},
    ]
    cursor = str(got.json["next"])
    rest = api.send("GET", "/api/business/history", by="olive", query={"after": cursor})
    assert [each["version"] for each in rest.json["changes"]] == [2]
    assert "next" not in rest.json


def test_two_businesses_have_settings_of_their_own(api: ApiBackend) -> None:
    api.add_account("olive", "owner", tenant="other")
    patch(api, name="Quick Dump")
    got = api.send("GET", "/api/business", by="olive", tenant="other")
    assert got.json["tenant"] == "other"
    assert got.json["name"] == "Haulway"
    assert got.json["version"] == 1
    history = api.send("GET", "/api/business/history", by="olive", tenant="other")
    assert history.json["changes"] == []


def test_an_owner_acts_on_jobs_as_a_dispatcher_does(api: ApiBackend) -> None:
    body = {"customer_name": "Ada Wong", "location": "12 Harbor Road"}
    job_id = api.send("POST", "/api/jobs", body, by="olive").json["job_id"]
    moved = api.send("POST", f"/api/jobs/{job_id}/moves", {"move": "confirm"}, by="olive")
    assert moved.status == 200
    assert api.job(job_id).ledger[-1].actor.kind == "dispatcher"


# What customers see


def test_customers_see_what_booking_takes_and_nothing_confidential(api: ApiBackend) -> None:
    settle(
        api,
        email="me@example.com",
        legal_name="QD LLC",
        closed_dates=["2026-11-21", "2026-12-25"],
    )
    api.now += timedelta(days=2)
    got = api.send("GET", "/api/businesses/main")
    assert got.json == {
        "name": "Haulway",
        "time_zone": "America/New_York",
        "currency": "USD",
        "language": "en",
        "languages": ["en", "es"],
        "accent_color": "#1d1c19",
        "windows": [
            {"start": "08:00", "end": "12:00"},
            {"start": "12:00", "end": "16:00"},
            {"start": "16:00", "end": "19:00"},
        ],
        "open_days": ["mon", "tue", "wed", "thu", "fri", "sat"],
        "closed_dates": ["2026-12-25"],
        "accepts_bookings": "at_once",
        "reschedule_cutoff_minutes": 1440,
        "cancel_reason_required": True,
        "lead_minutes": 0,
        "public_horizon_days": 120,
        "optional_texts": ["on_my_way", "arriving"],
        "suspended": False,
    }


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a window that is not offered": (
        {},
        {"window_start": "2026-11-23T13:30:00Z", "window_end": "2026-11-23T17:00:00Z"},
        "that window is not offered; choose one of 08:00–12:00",
    ),
    "one of another zone": (
        {},
        {"window_start": "2026-11-23T08:00:00Z", "window_end": "2026-11-23T12:00:00Z"},
        "that window is not offered",
    ),
    "half a window": ({}, {"window_start": MONDAY["window_start"]}, "give both ends"),
    "a weekday that is closed": (
        {},
        {"window_start": "2026-11-22T13:00:00Z", "window_end": "2026-11-22T17:00:00Z"},
        "the business is closed on that day",
    ),
    "a closed date": (
        {"closed_dates": ["2026-11-23"]},
        MONDAY,
        "the business is closed on that day",
    ),
    "beyond the horizon": ({"public_horizon_days": 1}, MONDAY, "more than 1 days from today"),
    "within the lead time": ({"lead_minutes": 3000}, MONDAY, "it is too late to book that window"),
    "one that has begun": (
        {"windows": [{"start": "06:00", "end": "12:00"}]},
        {"window_start": "2026-11-21T11:00:00Z", "window_end": "2026-11-21T17:00:00Z"},
        "it is too late to book that window",
    ),
}


@pytest.mark.parametrize(("settings", "wanted", "told"), REFUSED.values(), ids=REFUSED)
def test_a_time_that_is_not_offered_cannot_be_booked(
    api: ApiBackend, settings: dict[str, Any], wanted: dict[str, Any], told: str
) -> None:
    if settings:
        settle(api, **settings)
    got = book(api, **wanted)
    assert got.status == 422
    assert got.slug == "invalid"
    assert told in got.json["detail"]
    assert list(api.jobs.all_ids("main")) == []


def test_any_day_and_every_window_that_is_offered_can_be_booked(api: ApiBackend) -> None:
    settle(api, time_zone="Europe/London", windows=[{"start": "23:00", "end": "23:59"}])
    late = {"window_start": "2026-11-23T23:00:00Z", "window_end": "2026-11-23T23:59:00Z"}
    assert [book(api, "key-any-day").status, book(api, "key-late", **late).status] == [
        201,
        201,
    ]


def test_a_full_day_can_be_asked_for_and_is_kept_with_the_request(api: ApiBackend) -> None:
    asked = [book(api, "key-full-day", preferred_day="2026-11-23") for _ in range(2)]
    assert [reply.status for reply in asked] == [201, 200]
    job_id = asked[0].json["job_id"]
    job = api.send("GET", f"/api/jobs/{job_id}", by="dana").json
    assert job["preferred_day"] == "2026-11-23"
    assert job["requested"]
    assert book(api, "key-full-day", preferred_day="2026-11-24").status == 422


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-11-20", "choose a day within 120 days from today"),
        ("2027-11-23", "choose a day within 120 days from today"),
        ("2026-11-22", "the business is closed on that day"),
        ("2026-11-31", "there is no such day"),
    ],
)
def test_a_day_that_cannot_be_asked_for_is_refused(api: ApiBackend, day: str, told: str) -> None:
    got = book(api, preferred_day=day)
    assert got.status == 422
    assert told in got.json["detail"]
    assert list(api.jobs.all_ids("main")) == []


def test_a_window_is_meant_by_the_clock_on_both_sides_of_a_time_change(api: ApiBackend) -> None:
    """New York's clocks go forward on 2027-03-14."""
    before = {"window_start": "2027-03-13T13:00:00Z", "window_end": "2027-03-13T17:00:00Z"}
    after = {"window_start": "2027-03-15T12:00:00Z", "window_end": "2027-03-15T16:00:00Z"}
    assert [
        book(api, "key-before", **before).status,
        book(api, "key-after", **after).status,
    ] == [
        201,
        201,
    ]


def test_a_suspended_business_takes_no_bookings_and_loses_nothing(api: ApiBackend) -> None:
    first = book(api, **MONDAY)
    settle(api, suspended=True)
    refused = book(api, "another-key", **MONDAY)
    assert refused.status == 409
    assert refused.slug == "business-suspended"
    assert book(api, **MONDAY).status == 200
    assert api.send("GET", "/api/jobs", by="dana").status == 200
    assert api.send("GET", "/api/businesses/main").json["suspended"] is True
    settle(api, suspended=False)
    assert book(api, "another-key", **MONDAY).status == 201
    assert first.status == 201


def test_its_people_plan_as_they_like(api: ApiBackend) -> None:
    settle(api, suspended=True, closed_dates=["2026-11-23"])
    body = {"customer_name": "Ada", "location": "12 Harbor Road", "schedule": MONDAY}
    assert api.send("POST", "/api/jobs", body, by="dana").status == 201
    assert api.now == NOON


def test_the_owner_tries_words_before_they_are_saved(api: ApiBackend) -> None:
    words = {"en": "{business}: New time{window} {link}", "es": "{business}: Nuevo día"}
    body = {"name": "rescheduled", "words": words}
    shown = api.send("POST", "/api/business/texts/preview", body, by="olive").json
    example = shown["en"]["example"]
    assert example["parts"] == 1
    assert shown["en"]["faults"] == []
    assert example["body"].startswith("Haulway: New time for Tue, Dec 1, 8:00 AM-12:00 PM http")
    lost = [f"keep {{{name}}}: the text would not tell it" for name in ("link", "window")]
    assert shown["es"] == {"faults": lost}


def test_own_words_are_listed_beside_ours(api: ApiBackend) -> None:
    own = {"rescheduled": {"en": "{business}: New time{window} {link}"}}
    assert patch(api, own_texts=own).status == 200
    listed = api.send("GET", "/api/business/texts", by="dana").json["texts"]
    texts = {text["name"]: text for text in listed}
    assert texts["rescheduled"]["own"] == own["rescheduled"]
    assert texts["rescheduled"]["fields"] == ["business", "first_name", "window", "link"]
    assert "own" not in texts["haul.completed"]
