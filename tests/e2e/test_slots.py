"""Slots on the real engine, through the edge: two hundred customers at once for five places."""

import itertools
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from functions.api.public import BOOKINGS_PER_BUSINESS
from functions.aws.rate_limits import DynamoLimits
from functions.aws.s3_stores import S3Tenants
from functions.aws.slots import DynamoSlots
from local.laptop import Laptop
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import WEEKDAYS
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from tests.e2e.support.jobs import jobs_of, until
from tests.e2e.test_api import Client

pytestmark = pytest.mark.engine

CUSTOMERS, PLACES, AT_ONCE = 200, 5, 16
PER_ADDRESS = 10
"""Half of what one address may book in an hour."""


@pytest.fixture
def business(stack: Laptop) -> BusinessSettings:
    """Open all day, with five places in the morning of each day."""
    settings = BusinessSettings.model_validate(
        {
            "tenant": f"crowd-{uuid.uuid4().hex[:8]}",
            "name": "Crowd",
            "time_zone": "UTC",
            "opening_hours": {day: [{"start": "08:00", "end": "19:00"}] for day in WEEKDAYS},
            "slots_by_weekday": {day: {"08:00": PLACES} for day in WEEKDAYS},
        }
    )
    S3Tenants(stack.client("s3"), stack.outputs["JobsBucket"]).add(settings)
    return settings


def at(address: str) -> httpx.Client:
    """A browser at that address of this computer: the edge counts bookings by it."""
    return httpx.Client(timeout=120, transport=httpx.HTTPTransport(local_address=address))


@pytest.fixture
def crowd(stack: Laptop) -> Iterator[list[Client]]:
    """Customers, ten at each address."""
    addresses = [f"127.0.7.{number + 1}" for number in range(CUSTOMERS // PER_ADDRESS)]
    https = [at(address) for address in addresses]
    yield [Client(stack.edge_url, http) for http, _ in itertools.product(https, range(PER_ADDRESS))]
    for http in https:
        http.close()


def day() -> date:
    return (datetime.now(UTC) + timedelta(days=2)).date()


def a_booking(tenant: str, hour: int = 8) -> dict[str, Any]:
    start = datetime(day().year, day().month, day().day, hour, tzinfo=UTC)
    return {
        "tenant": tenant, "name": "Ada Wong", "phone": "+15555550123", "what": "A sofa",
        "address": "12 Harbor Road", "window_start": iso(start),
        "window_end": iso(start + timedelta(hours=4)),
    }  # fmt: skip


def test_of_two_hundred_customers_at_once_five_have_the_slot_and_the_rest_are_offered_others(
    stack: Laptop, business: BusinessSettings, crowd: list[Client]
) -> None:
    tenant, meet = business.tenant, threading.Barrier(AT_ONCE)

    def book(customer: tuple[int, Client]) -> httpx.Response:
        number, client = customer
        if 0 < number <= AT_ONCE:
            meet.wait(60)
        key = uuid.uuid4().hex
        return client.ask("POST", "/api/bookings", a_booking(tenant), idempotency_key=key)

    first, *others = enumerate(crowd)
    answers = [book(first)]  # it begins the counters of the limits
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers += pool.map(book, others)
    table = stack.outputs["CrewRosterTable"]
    DynamoLimits(stack.client("dynamodb"), table).clear(BOOKINGS_PER_BUSINESS, tenant)
    # On a busy engine a repeated count fills the hour's budget early: these come an hour later.
    late = [number for number, answer in enumerate(answers) if answer.status_code == 429]
    for number in late:
        answers[number] = book((0, crowd[number]))
    assert Counter(answer.status_code for answer in answers) == {
        201: PLACES,
        409: CUSTOMERS - PLACES,
    }
    told = [answer.json() for answer in answers if answer.status_code == 409]
    offered = {each["window_start"] for problem in told for each in problem["offers"]}
    assert offered
    assert a_booking(tenant)["window_start"] not in offered
    booked = {a.json()["job_id"] for a in answers if a.status_code == 201}
    sheets = DynamoSlots(stack.client("dynamodb"), table)
    assert {each.job_id for each in sheets.read(tenant, day()).taken} == booked
    assert set(jobs_of(stack).all_ids(tenant)) == booked


def test_the_edge_answers_the_slots_and_a_job_gives_its_place_back_when_it_leaves(
    stack: Laptop, business: BusinessSettings
) -> None:
    http = at("127.0.8.1")
    client, tenant = Client(stack.edge_url, http), business.tenant
    body = a_booking(tenant, hour=12)

    def left() -> int:
        slots = client.ask("GET", f"/api/businesses/{tenant}/slots").json()["slots"]
        (found,) = (each["left"] for each in slots if each["window_start"] == body["window_start"])
        return int(found)

    assert left() == 4
    again = client.ask("GET", f"/api/businesses/{tenant}/slots")
    assert again.headers["x-cache"] == "Hit from cloudfront"
    key = uuid.uuid4().hex
    booked = client.ask("POST", "/api/bookings", body, idempotency_key=key)
    assert booked.status_code == 201, booked.text
    until(left, lambda seen: seen == 3)
    token = booked.json()["tracking_token"]
    path = f"/api/track/{digest_of(token)}"
    for hour, wanted in ((8, 4), (12, 3)):  # there, and back again
        window = {key: a_booking(tenant, hour)[key] for key in ("window_start", "window_end")}
        moved = client.ask("POST", f"{path}/reschedule", {"token": token, **window})
        assert moved.status_code == 200, moved.text
        assert moved.json()["schedule"]["window_start"] == window["window_start"]
        until(left, wanted.__eq__)
    answer = client.ask("POST", f"{path}/cancel", {"token": token, "reason": "Changed my mind"})
    assert answer.status_code == 200, answer.text
    until(left, lambda seen: seen == 4)
    http.close()
