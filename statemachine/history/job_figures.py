"""What reports need of one job, without a person: money, load, times, and how it ended."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from statemachine.flows import FAILED_ATTEMPT, Flow
from statemachine.job.job import Job
from statemachine.job.prices import LoadSize, PaymentMethod, PriceCents
from statemachine.job.records import LedgerEntry
from statemachine.money.job_money import owed_cents, paid_in
from statemachine.values.values import Frozen, JobId, Name, Utc

REASON_LENGTH = 80
Reason = Annotated[str, Field(max_length=REASON_LENGTH)]


class ReportFacts(Frozen):
    """What the index of all jobs holds of a job for reports, beside what its card says."""

    end: Literal["done", "cancelled"] | None = None
    paid_cents: Annotated[int, Field(ge=0)] = 0
    methods: tuple[PaymentMethod, ...] = ()
    """How it was paid; several where it was paid in parts."""
    arrived_at: Utc | None = None
    """When the job was first under way."""
    cancelled_for: Reason | None = None
    failed_for: tuple[Reason, ...] = ()
    """The reason of each failed attempt."""
    minutes: dict[Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """How long the job was in each status that it has left, in whole minutes."""


class JobFigures(ReportFacts):
    """One job in a report. Its day is the day of `at`, by the business's clock."""

    job_id: JobId
    at: Utc
    """The beginning of the arrival window, or the booking if there is no window."""
    flow: Name
    status: Name
    crew: tuple[Name, ...] = ()
    truck: Name | None = None
    load_size: LoadSize | None = None
    price_cents: PriceCents | None = None
    window_end: Utc | None = None

    @property
    def revenue_cents(self) -> int:
        """What a job that is done brings; an open or a cancelled one brings nothing."""
        return self.price_cents or 0 if self.end == "done" else 0

    @property
    def unpaid_cents(self) -> int:
        return owed_cents(self.price_cents, self.paid_cents) if self.end == "done" else 0

    @property
    def on_time(self) -> bool | None:
        """Whether the crew was there before the window's end; None if there was no window, or the
        job was never under way."""
        if self.window_end is None or self.arrived_at is None:
            return None
        return self.arrived_at <= self.window_end


def facts_of(job: Job, flow: Flow) -> ReportFacts:
    steps = tuple(_steps(job))
    return ReportFacts(
        end=flow.status(job.status).end,
        paid_cents=paid_in(job.payments),
        methods=tuple(dict.fromkeys(each.method for each in job.payments)),
        arrived_at=next((at for entry, at in steps if flow.is_under_way(entry.to)), None),
        cancelled_for=_cancelled_for(job, flow),
        failed_for=tuple(_short(each) for each in job.standing if each.move == FAILED_ATTEMPT),
        minutes=_minutes(job, steps),
    )


def _steps(job: Job) -> Iterator[tuple[LedgerEntry, datetime]]:
    """Each move and when it happened: not before the one before it, and not after its record,
    because a phone without signal reports late and by its own clock."""
    at = job.created_at
    for entry in job.standing:
        at = max(at, min(entry.occurred_at, entry.recorded_at))
        yield entry, at


def _minutes(job: Job, steps: tuple[tuple[LedgerEntry, datetime], ...]) -> dict[str, int]:
    """Each stay is rounded down to the minute."""
    minutes: dict[str, int] = {}
    since = job.created_at
    for entry, at in steps:
        stayed = int((at - since).total_seconds() // 60)
        minutes[entry.origin] = minutes.get(entry.origin, 0) + stayed
        since = at
    return minutes


def _cancelled_for(job: Job, flow: Flow) -> str | None:
    if not job.standing or flow.status(job.status).end != "cancelled":
        return None
    return _short(job.standing[-1])


def same_reason(reason: str, other: str) -> bool:
    """Whether a report counts both as one."""
    return _cut(reason).casefold() == _cut(other).casefold()


def _short(entry: LedgerEntry) -> str:
    return _cut(entry.reason or "")


def _cut(reason: str) -> str:
    return " ".join(reason.split())[:REASON_LENGTH]
