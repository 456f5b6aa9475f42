"""Slots: what tells which windows are free, and bookings that compete for one.

    python -m bench.slots

On the laptop engine, through its edge. The attempts are counted in threads of this process, which
run the real code on the engine's DynamoDB.
"""

import logging
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import httpx

from functions.api.slots import CACHED_S
from functions.aws.s3_stores import S3Tenants
from functions.aws.slots import DynamoSlots
from functions.jobs.take_slot import TakeSlot
from functions.protocol.clock import utc_now
from functions.protocol.compare_and_swap import full_jitter
from local.laptop import Laptop
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import WEEKDAYS
from statemachine.job.job import Schedule
from statemachine.rules.edits import SlotFull
from statemachine.schedule.roster import Span
from statemachine.schedule.slots import OfferedWindow, SlotSheet, bookable_windows, taken_slot
from statemachine.values.ids import job_id_for
from statemachine.values.values import iso
from tests.conftest import free_port
from tests.support.builders import a_job
from tests.support.fakes import Bucket, FakeJobs, FakeTenants
from tests.support.roster_fakes import FakeRoster

JOBS, LOOKS, WARM_UP = 10_000, 100, 5
CUSTOMERS, PLACES, PER_ADDRESS = 50, 20, 10


def main() -> None:
    logging.getLogger("haulway.edge").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        laptop = Laptop(Path(folder), free_port(), free_port(), lag_s=0, report=lambda _: None)
        with laptop:
            slots_page(laptop)
            bookings(laptop, "127.0.8")  # starts as many workers as it takes
            report(*bookings(laptop, "127.0.9"))
            attempts(laptop)


def a_business(laptop: Laptop, places: int) -> BusinessSettings:
    """Open every day, with so many places in each window."""
    starts = ("08:00", "12:00", "16:00")
    business = BusinessSettings.model_validate(
        {
            "tenant": f"bench-{uuid.uuid4().hex[:8]}",
            "name": "Bench",
            "time_zone": "America/New_York",
            "opening_hours": {day: [{"start": "08:00", "end": "19:00"}] for day in WEEKDAYS},
            "slots_by_weekday": {day: dict.fromkeys(starts, places) for day in WEEKDAYS},
        }
    )
    S3Tenants(laptop.client("s3"), laptop.outputs["JobsBucket"]).add(business)
    return business


def sheets_of(laptop: Laptop) -> DynamoSlots:
    return DynamoSlots(laptop.client("dynamodb"), laptop.outputs["CrewRosterTable"])


# -- the slots page


def slots_page(laptop: Laptop) -> None:
    business = a_business(laptop, places=40)
    filled(laptop, business)
    path = f"/api/businesses/{business.tenant}/slots"
    times: dict[str, list[float]] = {"Hit": [], "Miss": []}
    cloudfront, distribution = laptop.client("cloudfront"), laptop.outputs["DistributionId"]
    with httpx.Client(base_url=laptop.edge_url, timeout=30) as http:
        while min(map(len, times.values())) < WARM_UP + LOOKS:
            begun = time.perf_counter()
            answer = http.get(path).raise_for_status()
            took = (time.perf_counter() - begun) * 1000
            times[answer.headers["x-cache"].partition(" ")[0]].append(took)
            if len(times["Miss"]) <= len(times["Hit"]):
                paths = {"Quantity": 1, "Items": [path]}
                batch = {"Paths": paths, "CallerReference": uuid.uuid4().hex}
                cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)
    windows, size = len(answer.json()["slots"]), len(answer.content) / 1024
    print(f"\n## `GET /api/businesses/ID/slots` with {JOBS:,} jobs in the horizon (ms)\n")
    print(f"{windows} windows in {size:.0f} KiB, at least {LOOKS} answers of each kind.\n")
    print("| answered by | p50 | p95 |\n|---|---|---|")
    whose = {"Miss": f"the function, once in {CACHED_S} s", "Hit": "the edge's copy, otherwise"}
    for outcome, who in whose.items():
        values = times[outcome][WARM_UP:]
        p95 = statistics.quantiles(values, n=20)[-1]
        print(f"| {who} | {statistics.median(values):.0f} | {p95:.0f} |")


def filled(laptop: Laptop, business: BusinessSettings) -> None:
    """Slot sheets with so many jobs, evenly over the windows that can be booked."""
    now, sheets = utc_now(), sheets_of(laptop)
    windows = list(bookable_windows(business, 1, now))
    days: dict[date, list[OfferedWindow]] = {}
    for number in range(JOBS):
        window = windows[number % len(windows)]
        days.setdefault(window.day, []).append(window)
    for day, taken in days.items():
        slots = (
            taken_slot(
                a_job(job_id=job_id_for(business.tenant, f"{day}-{number}", now)), window.span, now
            )
            for number, window in enumerate(taken)
        )
        sheets.write(business.tenant, SlotSheet(day=day.isoformat(), version=1, taken=tuple(slots)))


# -- bookings that compete


def at_once(customers: Sequence[Callable[[], bool]]) -> tuple[int, float]:
    """How many of them have a slot, and the seconds until all know."""
    meet = threading.Barrier(len(customers) + 1)

    def one(customer: Callable[[], bool]) -> bool:
        meet.wait(60)
        return customer()

    with ThreadPoolExecutor(len(customers)) as pool:
        known = [pool.submit(one, customer) for customer in customers]
        meet.wait(60)
        begun = time.perf_counter()
        have = sum(each.result() for each in known)
    return have, time.perf_counter() - begun


def a_window(business: BusinessSettings) -> OfferedWindow:
    """The first one, two days from now."""
    now = utc_now()
    ahead = now + timedelta(days=2)
    return next(each for each in bookable_windows(business, 1, now) if each.begin > ahead)


def bookings(laptop: Laptop, network: str) -> tuple[float, int]:
    """Seconds and requests, through the edge, with all that a booking does.

    The edge counts bookings by address, so ten customers have one.
    """
    business = a_business(laptop, PLACES)
    window = a_window(business)
    answers = Counter[int]()

    def customer(http: httpx.Client, number: int) -> bool:
        body = {
            "tenant": business.tenant, "name": f"Customer {number}", "phone": "+15555550123",
            "what": "A sofa", "address": "12 Harbor Road",
            "window_start": iso(window.begin), "window_end": iso(window.end),
        }  # fmt: skip
        key = {"idempotency-key": uuid.uuid4().hex}
        for _ in range(10):  # the page repeats what was not answered, too
            answer = http.post("/api/bookings", json=body, headers=key)
            answers[answer.status_code] += 1
            if answer.status_code < 500 and answer.status_code != 429:
                break
        return answer.status_code in (200, 201)  # 200: of a request that was repeated

    addresses = [f"{network}.{number + 1}" for number in range(CUSTOMERS // PER_ADDRESS)]
    https = [
        httpx.Client(
            base_url=laptop.edge_url,
            timeout=120,
            transport=httpx.HTTPTransport(local_address=address),
        )
        for address in addresses
    ]
    customers = [
        partial(customer, https[number % len(https)], number) for number in range(CUSTOMERS)
    ]
    have, seconds = at_once(customers)
    for http in https:
        http.close()
    sheet = sheets_of(laptop).read(business.tenant, window.day)
    assert have == len(sheet.taken) == PLACES, (have, len(sheet.taken), answers)
    return seconds, answers.total()


def report(seconds: float, requests: int) -> None:
    print(f"\n## {CUSTOMERS} customers at once for {PLACES} places of one window\n")
    print(
        f"Through the edge, all know after {seconds:.1f} s: {CUSTOMERS / seconds:.1f} answers and"
    )
    print(
        f"{PLACES / seconds:.1f} bookings a second, with {requests / CUSTOMERS:.2f} requests each."
    )


@dataclass
class Attempts:
    """How often each customer, who has a thread, reads the day's sheet and tries to write it."""

    made: Counter[int] = field(default_factory=Counter)

    def pause(self, attempt: int) -> None:
        self.made[threading.get_ident()] = attempt + 2
        full_jitter(attempt)


def takes(slots: TakeSlot, business: BusinessSettings, span: Span, number: int) -> bool:
    """Whether that customer has a slot."""
    now = utc_now()
    job_id = job_id_for(business.tenant, f"booking-{number}", now)
    schedule = Schedule(window_start=span[0], window_end=span[1])
    try:
        slots.take(a_job(job_id=job_id, tenant=business.tenant, schedule=schedule), now)
    except SlotFull:
        return False
    return True


def attempts(laptop: Laptop) -> None:
    print("\nAttempts at the day's sheet, where every customer competes with all the others:\n")
    print("| customers at once | places | attempts each, mean | most | seconds | slots a second |")
    print("|---|---|---|---|---|---|")
    for customers, places in ((1, 1), (10, 10), (CUSTOMERS, PLACES), (CUSTOMERS, CUSTOMERS)):
        business = a_business(laptop, places)
        span = a_window(business).span
        counted = Attempts()
        tenants = FakeTenants(Bucket(), business)
        slots = TakeSlot(
            sheets_of(laptop), FakeRoster(), FakeJobs(Bucket()), tenants, counted.pause
        )
        have, seconds = at_once(
            [partial(takes, slots, business, span, number) for number in range(customers)]
        )
        made = list(counted.made.values())
        mean = (sum(made) + customers - len(made)) / customers
        assert have == places
        print(
            f"| {customers} | {places} | {mean:.1f} | {max(made, default=1)} | {seconds:.2f} "
            f"| {places / seconds:.0f} |"
        )


if __name__ == "__main__":
    main()
