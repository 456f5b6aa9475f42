"""`GET /api/jobs?scope=all`: a search of every job there ever was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.aws.s3_stores import to_bytes
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Customer, Job, Schedule
from statemachine.job.prices import Payment
from tests.api.api_fixture import ApiBackend
from tests.support.builders import NOON, a_job, moved

BEFORE_THE_END = ("in_progress", "ready_for_pickup")
YEARS_AGO = NOON - timedelta(900)


def a_past_job(number: int, name: str, **values: Any) -> Job:
    at = values.pop("at", YEARS_AGO + timedelta(number))
    return a_job(
        "completed",
        job_id=f"240601-{number:06d}",
        token=f"{number:022d}",
        customer=Customer(name=name, phone=f"+1206555{number:04d}"),
        schedule=Schedule(window_start=at, window_end=at + timedelta(hours=2)),
        **values,
    )


def search(api: ApiBackend, by: str = "dana", **query: str) -> list[str]:
    reply = api.send("GET", "/api/jobs", by=by, query={"scope": "all", **query})
    assert reply.status == 200, reply.text
    return list(reply.json["jobs"])


@pytest.fixture
def past(api: ApiBackend) -> ApiBackend:
    """Three ended jobs of years ago, which the board no longer shows."""
    names = ("José Ruiz", "Ada Wong", "Bo Li")
    for number, name in enumerate(names):
        api.publish(a_past_job(number, name, price_cents=10_000 * number))
    return api


def test_all_jobs_are_found_the_latest_first_and_as_cards(past: ApiBackend) -> None:
    reply = past.send("GET", "/api/jobs", by="dana", query={"scope": "all"})
    assert list(reply.json["jobs"]) == ["240601-000002", "240601-000001", "240601-000000"]
    card = reply.json["jobs"]["240601-000001"]
    assert card["customer"] == "Ada Wong"
    assert card["phone_end"] == "0001"
    assert "phone" not in card


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"q": "jose"}, [0]),
        ({"q": "240601-000002"}, [2]),
        ({"q": "(206) 555-0001"}, [1]),
        ({"q": "0002"}, [2]),
        ({"phone": "206555"}, [2, 1, 0]),
        ({"status": "completed", "customer": "ada"}, [1]),
        ({"status": "cancelled,pending_pickup"}, []),
        ({"price_from": "10000", "price_to": "10000"}, [1]),
        ({"paid": "false"}, [2, 1]),
        ({"truck": "-"}, [2, 1, 0]),
        ({"crew": "-"}, []),
        ({"address": "harbor", "flow": "haul"}, [2, 1, 0]),
        ({"crew": "mike", "truck": "t1"}, []),
    ],
)
def test_questions(past: ApiBackend, query: dict[str, str], numbers: list[int]) -> None:
    assert search(past, **query) == [f"240601-{number:06d}" for number in numbers]


def test_the_questions_that_lead_from_a_report_to_its_jobs(api: ApiBackend) -> None:
    half = Payment(method="check", amount_cents=5_000)
    api.publish(a_past_job(0, "Ada", price_cents=10_000, payments=(half,), load_size="half"))
    api.publish(a_past_job(1, "Bo", price_cents=None, crew=()))
    begun, ready = ({"status": each, "ledger": (), "seq": 0} for each in BEFORE_THE_END)
    api.publish(moved(a_past_job(2, "Li").with_(**begun), "no_access"))
    api.publish(moved(a_past_job(3, "Zoe").with_(**ready), "cancel"))
    asked: list[tuple[dict[str, str], list[int]]] = [
        ({"load_size": "half"}, [0]),
        ({"method": "check"}, [0]),
        ({"paid": "false", "status": "completed"}, [0]),
        ({"paid": "true"}, []),
        ({"crew": "-"}, [1]),
        ({"failed": "true"}, [2]),
        ({"failed_for": "SO  it was"}, [2]),
        ({"failed_for": "so"}, []),
        ({"cancelled_for": "so it was"}, [3]),
        ({"left": "ready_for_pickup,on_hold", "failed": "false", "status": "cancelled"}, [3]),
        ({"on_time": "false", "crew": "mike", "status": "completed"}, [0]),
        ({"on_time": "true"}, []),
    ]
    told = [[int(job_id[-6:]) for job_id in search(api, **query)] for query, _ in asked]
    assert told == [numbers for _, numbers in asked]


def test_days_are_those_of_the_business(api: ApiBackend) -> None:
    """Nine in the evening in Los Angeles is the next day in UTC."""
    settings = BusinessSettings(tenant="west", name="W", time_zone="America/Los_Angeles")
    api.bucket.objects["directory/west.json"] = to_bytes(settings)
    api.add_account("wes", "dispatcher", tenant="west")
    evening = datetime(2024, 6, 2, 4, tzinfo=UTC)
    api.publish(a_past_job(1, "Ada Wong", tenant="west", at=evening))
    for day, found in (("2024-06-01", 1), ("2024-06-02", 0)):
        query = {"scope": "all", "first": day, "last": day}
        reply = api.send("GET", "/api/jobs", by="wes", tenant="west", query=query)
        assert len(reply.json["jobs"]) == found


def test_pages_continue_where_the_last_one_ended(past: ApiBackend) -> None:
    reply = past.send("GET", "/api/jobs", by="dana", query={"scope": "all", "limit": "2"})
    assert len(reply.json["jobs"]) == 2
    assert search(past, after=reply.json["next"]) == ["240601-000000"]


def test_crew_find_the_jobs_they_are_on_and_no_others(past: ApiBackend) -> None:
    assert len(search(past, by="mike")) == 3
    past.add_account("zoe", "driver")
    assert search(past, by="zoe") == []
    reply = past.send("GET", "/api/jobs", by="zoe", query={"scope": "all", "crew": "mike"})
    assert reply.slug == "not-allowed"


@pytest.mark.parametrize(
    "query",
    [
        {"customer": "ada"},
        {"after": "2024-06-01T00:00:00#"},
        {"scope": "all", "after": "240601-000001"},
        {"scope": "all", "first": "2024-02-31"},
        {"scope": "all", "price_from": "-1"},
        {"scope": "everything"},
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    past: ApiBackend, query: dict[str, str]
) -> None:
    assert past.send("GET", "/api/jobs", by="dana", query=query).slug == "invalid"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("after", "2026-13-01T00:00:00#"),
        ("after", "2026-11-01T::::::::#"),
        ("after", "2026-11-01T24:60:00#"),
        ("status", "1abc"),
        ("status", "_x"),
        ("status", "a" * 41),
        ("status", ",".join(["completed"] * 21)),
        ("status", "completed,"),
    ],
)
@pytest.mark.parametrize("scope", ["all", "board"])
def test_what_is_refused_is_named(past: ApiBackend, scope: str, field: str, value: str) -> None:
    query = {"scope": scope, field: value}
    reply = past.send("GET", "/api/jobs", by="dana", query=query)
    assert reply.status == 422
    assert reply.slug == "invalid"
    [fault] = reply.json["faults"]
    assert field in fault


def test_the_edges_of_the_calendar_are_no_error(past: ApiBackend) -> None:
    for after in ("0001-01-01T00:00:00#", "9999-12-31T23:59:59#"):
        reply = past.send("GET", "/api/jobs", by="dana", query={"scope": "all", "after": after})
        assert reply.status == 200, reply


def test_a_job_is_found_as_soon_as_the_board_shows_it(api: ApiBackend) -> None:
    api.store(a_job())
    assert search(api, q="wong") == ["261121-7k3m2q"]
