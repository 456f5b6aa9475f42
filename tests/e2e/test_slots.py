"""Slots on the real engine, through the edge: two hundred customers at once for five places."""

import itertools
import os
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.api.public import BOOKINGS_PER_BUSINESS
from functions.aws.rate_limits import DynamoLimits
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Tenants
from functions.aws.slots import DynamoSlots
from functions.jobs.take_slot import TakeSlot
from functions.repair.repair_slots import RepairSlots
from local.laptop import STAGE, Laptop
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import WEEKDAYS
from statemachine.flows import load_flow
from statemachine.schedule.reservations import ABANDONED_AFTER
from statemachine.schedule.roster import Span
from statemachine.schedule.slots import slot_of
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from statemachine.views.views import Board, card_of
from tests.e2e.support.jobs import jobs_of, until
from tests.e2e.test_api import Client

pytestmark = pytest.mark.engine

KILLS = 20
"""A function that is killed each time before it has started would never answer."""
CUSTOMERS, PLACES, AT_ONCE = 200, 5, 16
PER_ADDRESS = 10
"""Half of what one address may book in an hour."""


@pytest.fixture(scope="module")
def crowded(stack: Laptop) -> BusinessSettings:
    return a_business(stack)


def a_business(stack: Laptop) -> BusinessSettings:
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


@pytest.fixture(scope="module")
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


@dataclass(frozen=True)
class Rush:
    """What came of it: the answers, and what was stored right after them."""

    tenant: str
    answers: list[httpx.Response]
    taken: set[str]
    jobs: set[str]

    @property
    def booked(self) -> list[dict[str, str]]:
        return [answer.json() for answer in self.answers if answer.status_code == 201]


@pytest.fixture(scope="module")
def rush(stack: Laptop, crowded: BusinessSettings, crowd: list[Client]) -> Rush:
    """Two hundred customers want the same five places."""
    tenant, meet = crowded.tenant, threading.Barrier(AT_ONCE)

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
    sheet = DynamoSlots(stack.client("dynamodb"), table).read(tenant, day())
    taken = {each.job_id for each in sheet.taken}
    return Rush(tenant, answers, taken, set(jobs_of(stack).all_ids(tenant)))


def test_of_two_hundred_customers_at_once_five_have_the_slot_and_the_rest_are_offered_others(
    rush: Rush,
) -> None:
    assert Counter(answer.status_code for answer in rush.answers) == {
        201: PLACES,
        409: CUSTOMERS - PLACES,
    }
    told = [answer.json() for answer in rush.answers if answer.status_code == 409]
    offered = {each["window_start"] for problem in told for each in problem["offers"]}
    assert offered
    assert a_booking(rush.tenant)["window_start"] not in offered
    booked = {each["job_id"] for each in rush.booked}
    assert rush.taken == booked
    assert rush.jobs == booked


def test_slots_are_those_of_the_jobs_after_acts_whose_functions_were_killed(
    stack: Laptop, rush: Rush, crowd: list[Client]
) -> None:
    """Each of the five cancels or takes another window. Its answer is lost, and meanwhile
    the API's functions are killed again and again, wherever they are."""
    chance, over, killed = random.Random(), threading.Event(), list[int]()

    def act(number: int, booked: dict[str, str]) -> int:
        token, client = booked["tracking_token"], crowd[number * PER_ADDRESS]
        another = a_booking(rush.tenant, hour=12)
        window = {name: another[name] for name in ("window_start", "window_end")}
        name, body = ("reschedule", window) if number % 2 else ("cancel", {"reason": "Moved away"})
        path = f"/api/track/{digest_of(token)}/{name}"
        with httpx.Client(timeout=0.1) as impatient, suppress(httpx.TimeoutException):
            Client(stack.edge_url, impatient).ask("POST", path, {"token": token, **body})
        answer = until(
            lambda: client.ask("POST", path, {"token": token, **body}).status_code,
            lambda status: status < 500,
        )
        return int(answer)

    def kill() -> None:
        for _ in range(KILLS):
            if over.wait(chance.uniform(0.05, 0.5)):
                break
            killed.extend(kill_functions(stack, f"haulway-{STAGE}-api"))

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with ThreadPoolExecutor(PLACES) as pool:
            answers = list(pool.map(act, range(PLACES), rush.booked))
    finally:
        over.set()
        killer.join()
    assert set(answers) == {200}
    assert killed
    assert repaired(stack, rush.tenant) == needed_slots(stack, rush.tenant)
    assert sorted(job_id for job_id, _ in needed_slots(stack, rush.tenant)) == sorted(
        booked["job_id"] for number, booked in enumerate(rush.booked) if number % 2
    )


def kill_functions(stack: Laptop, function: str) -> Iterator[int]:
    """The ids of the processes that were running it: workers stand in a folder of its name."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            folder = str((process / "cwd").readlink())
            if folder.startswith(f"{stack.engine.state}/") and f"-{function}-" in folder:
                os.kill(int(process.name), signal.SIGKILL)
                yield int(process.name)


def needed_slots(stack: Laptop, tenant: str) -> set[tuple[str, Span]]:
    """The fold of the jobs."""
    jobs = jobs_of(stack)
    stored = (jobs.read(tenant, job_id).value for job_id in jobs.all_ids(tenant))
    needed = ((job.job_id, slot_of(job, load_flow(job.flow))) for job in stored)
    return {(job_id, span) for job_id, span in needed if span}


def repaired(stack: Laptop, tenant: str) -> set[tuple[str, Span]]:
    """The taken slots, after what the watchdog does two minutes later, with a board of then."""
    bucket, jobs = stack.outputs["JobsBucket"], jobs_of(stack)
    sheets = DynamoSlots(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    roster = DynamoRoster(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    slots = TakeSlot(sheets, roster, jobs, S3Tenants(stack.client("s3"), bucket))
    stored = [jobs.read(tenant, job_id).value for job_id in jobs.all_ids(tenant)]
    board = Board().merged(card_of(job, load_flow(job.flow)) for job in stored)
    RepairSlots(slots)(tenant, board, datetime.now(UTC) + ABANDONED_AFTER)
    return {(each.job_id, each.span) for each in sheets.read(tenant, day()).taken}


def test_the_edge_answers_the_slots_and_a_cancelled_job_gives_its_place_back(
    stack: Laptop,
) -> None:
    http = at("127.0.8.1")
    client, tenant = Client(stack.edge_url, http), a_business(stack).tenant
    body = a_booking(tenant, hour=12)

    def left() -> int:
        slots = client.ask("GET", f"/api/businesses/{tenant}/slots").json()["slots"]
        (found,) = (each["left"] for each in slots if each["window_start"] == body["window_start"])
        return int(found)

    key = uuid.uuid4().hex
    booked = client.ask("POST", "/api/bookings", body, idempotency_key=key)
    assert booked.status_code == 201, booked.text
    assert left() == 3
    again = client.ask("GET", f"/api/businesses/{tenant}/slots")
    assert again.headers["x-cache"] == "Hit from cloudfront"
    token = booked.json()["tracking_token"]
    path = f"/api/track/{digest_of(token)}/cancel"
    answer = client.ask("POST", path, {"token": token, "reason": "Changed my mind"})
    assert answer.status_code == 200, answer.text
    until(left, lambda seen: seen == 4)
    http.close()
