"""Reports from the index equal what the raw job objects say: to the cent and the job."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.views.job_index import IndexJob
from functions.views.read_report import ReadReport, TooMuch, jobs_between
from statemachine.business.business import BusinessSettings
from statemachine.history.report import Grouping, Report, report_of
from statemachine.job.deliveries import DeliveryName
from statemachine.job.job import Assigned, Job, Schedule
from statemachine.job.prices import LoadSize, Payment
from tests.support.builders import DRIVER, NOON, a_job
from tests.support.fakes import Bucket, FakeTenants, no_pause
from tests.support.faults import Faults
from tests.support.index_fakes import FakeJobIndex
from tests.support.message_fakes import FakeSentTexts

YEAR = 2026
ZONES = ("America/Los_Angeles", "Europe/Madrid", "Pacific/Auckland")
STATUSES = ("completed", "completed", "completed", "cancelled", "ready_for_pickup", "in_progress")
LOADS: tuple[LoadSize | None, ...] = (None, "minimum", "quarter", "half", "full")
JOBS = 450


def a_year(seed: int = 17) -> Iterator[Job]:
    """Jobs at every hour of the year, so that many are on another day in another zone."""
    chance = random.Random(seed)
    for number in range(JOBS):
        start = datetime(YEAR, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(525_600))
        price = chance.choice([None, *(chance.randrange(1, 100_000) for _ in range(4))])
        paid = chance.choice([None, price, (price or 2) // 2])
        window = Schedule(window_start=start, window_end=start + timedelta(hours=2))
        job = a_job(chance.choice(STATUSES), job_id=f"260101-{number:06d}", token=f"{number:022d}")
        pace = chance.randrange(10, 120)
        crew = (DRIVER, Assigned(role="first_mate", member="ben", first_name="Ben"))
        yield job.with_(
            schedule=window if chance.random() < 0.9 else Schedule(),
            created_at=start - timedelta(days=2),
            ledger=tuple(_moved(entry, start, pace) for entry in job.ledger),
            price_cents=price,
            payments=parts_of(paid, chance),
            load_size=chance.choice(LOADS),
            crew=crew[: chance.randrange(3)],
            truck=chance.choice([None, "t1", "t2"]),
        )


def parts_of(paid: int | None, chance: random.Random) -> tuple[Payment, ...]:
    """At once or, one time in three, in two parts."""
    if not paid:
        return ()
    first = chance.choice([paid, paid, paid // 2])
    parts = (("cash", first), ("check", paid - first))
    return tuple(Payment(method=how, amount_cents=cents) for how, cents in parts if cents)


def _moved(entry: Any, start: datetime, pace: int) -> Any:
    """Moves that follow each other after `pace` minutes; the second is the arrival."""
    at = start + timedelta(minutes=pace * entry.seq)
    return entry.with_(occurred_at=at, recorded_at=at + timedelta(minutes=1))


@cache
def the_year() -> tuple[tuple[Job, ...], FakeJobIndex]:
    jobs, index = tuple(a_year()), FakeJobIndex()
    write = IndexJob(index, no_pause)
    for job in jobs:
        write(job)
    return jobs, index


def reported(zone: str, by: Grouping, first: date, last: date) -> Report:
    _, index = the_year()
    entries = jobs_between(index, "main", first, last, ZoneInfo(zone))
    return report_of((entry.figures() for entry in entries), by, ZoneInfo(zone))


def counted(jobs: tuple[Job, ...], zone: str) -> dict[str, dict[str, int]]:
    """By local day, straight from the job objects."""
    days: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for job in jobs:
        local = (job.schedule.window_start or job.created_at).astimezone(ZoneInfo(zone))
        day = days[f"{local:%Y-%m-%d}"]
        day["jobs"] += 1
        day["cancelled"] += job.status == "cancelled"
        if job.status == "completed":
            price = job.price_cents or 0
            paid = sum(payment.amount_cents for payment in job.payments)
            day["done"] += 1
            day["revenue_cents"] += price
            day["unpaid_cents"] += price - paid if paid < price else 0
            day["unpaid_jobs"] += paid < price
        starts = [entry.occurred_at for entry in job.ledger if entry.to == "in_progress"]
        if starts and job.schedule.window_end:
            day["with_arrival"] += 1
            day["on_time"] += starts[0] <= job.schedule.window_end
    return days


COUNTED = (
    "jobs",
    "done",
    "cancelled",
    "revenue_cents",
    "unpaid_cents",
    "unpaid_jobs",
    "with_arrival",
    "on_time",
)


@pytest.mark.parametrize("zone", ZONES)
def test_each_day_of_a_year_equals_a_fold_of_the_raw_jobs(zone: str) -> None:
    jobs, _ = the_year()
    first, last = date(YEAR - 1, 12, 20), date(YEAR + 1, 1, 2)
    halves = [(first, date(YEAR, 6, 30)), (date(YEAR, 7, 1), last)]
    rows = [row for half in halves for row in reported(zone, "day", *half).rows]
    told = {row.key: {name: getattr(row.figures, name) for name in COUNTED} for row in rows}
    raw = {day: {name: n[name] for name in COUNTED} for day, n in counted(jobs, zone).items()}
    assert told == raw
    assert sum(each["jobs"] for each in told.values()) == JOBS


def test_the_zones_differ() -> None:
    """Otherwise the test above would hold with any clock."""
    jobs, _ = the_year()
    assert len({str(sorted(counted(jobs, zone).items())) for zone in ZONES}) == len(ZONES)


@pytest.mark.parametrize("by", ["week", "month"])
def test_weeks_and_months_add_up_to_the_total(by: Grouping) -> None:
    report = reported(ZONES[0], by, date(YEAR, 1, 1), date(YEAR, 12, 31))
    for name in COUNTED:
        assert sum(getattr(row.figures, name) for row in report.rows) == getattr(report.total, name)


@pytest.mark.parametrize("zone", ZONES)
def test_after_erasures_whose_answers_were_lost_each_day_has_the_same_figures(zone: str) -> None:
    """Every third job is erased, twice; also texts are in the report of their day."""
    jobs, _ = the_year()
    index = FakeJobIndex()
    index_job, texts = IndexJob(index, no_pause), FakeSentTexts()
    for job in jobs:
        index_job(job)
    index.faults = Faults({"TransactWriteItems": ["after", None] * JOBS})
    for job in jobs[::3] * 2:
        index_job.erase("main", job.job_id, ZoneInfo(zone))
    for number, job in enumerate(jobs):
        texts.add(a_text_about(job), datetime(YEAR, 7, 1, tzinfo=UTC) + timedelta(hours=number))
    business = BusinessSettings.model_validate({"tenant": "main", "name": "H", "time_zone": zone})
    read = ReadReport(index, FakeTenants(Bucket(), business), lambda _: (), texts)
    halves = [(date(YEAR - 1, 12, 20), date(YEAR, 6, 30)), (date(YEAR, 7, 1), date(YEAR + 1, 1, 2))]
    rows = [row for half in halves for row in read("main", *half, "day", NOON).rows]
    told = {row.key: {name: getattr(row.figures, name) for name in COUNTED} for row in rows}
    raw = counted(jobs, zone)
    assert {day: n for day, n in told.items() if n["jobs"]} == {
        day: {name: n[name] for name in COUNTED} for day, n in raw.items()
    }
    assert sum(row.figures.erased for row in rows) == len(jobs[::3])
    sent = Counter(f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d}" for at in texts.known.values())
    assert {row.key: row.figures.texts for row in rows if row.figures.texts} == sent


def a_text_about(job: Job) -> DeliveryName:
    return DeliveryName(
        tenant="main", about=job.job_id, mark="1", channel="sms", recipient="customer"
    )


def test_days_between_are_those_of_the_business() -> None:
    zone = ZoneInfo(ZONES[2])
    _, index = the_year()
    day = date(YEAR, 4, 5)  # 25 hours long there: the clocks change
    entries = list(jobs_between(index, "main", day, day + timedelta(9), zone))
    assert entries
    assert {day + timedelta(n) for n in range(10)} >= {
        entry.at.astimezone(zone).date() for entry in entries
    }


def test_a_report_of_more_than_a_year_is_refused() -> None:
    with pytest.raises(TooMuch, match="366 days"):
        list(
            jobs_between(
                FakeJobIndex(), "main", date(2025, 1, 1), date(2026, 1, 2), ZoneInfo("UTC")
            )
        )
