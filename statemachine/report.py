"""How the business did: a fold of its jobs' figures by day, week, month, crew, or truck.

Days, weeks (which begin on Monday), and months are those of the business's calendar. Revenue is the
price of the jobs that are done; unpaid is what of it is not paid yet. A job counts once for each
member of its crew and for its truck, so that only the rows of a calendar add up to the total.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from statemachine.job_figures import JobFigures
from statemachine.price_guide import rounded
from statemachine.prices import LoadSize
from statemachine.values import Frozen, Name

Grouping = Literal["day", "week", "month", "crew", "truck"]
NO_ONE = ""
"""The key of jobs without crew, or without a truck."""
MOST_REASONS = 20
Count = Annotated[int, Field(ge=0)]


class Figures(Frozen):
    """The figures of one row, or of all jobs. Amounts are whole cents."""

    jobs: Count = 0
    done: Count = 0
    cancelled: Count = 0
    failed_attempts: Count = 0
    revenue_cents: Count = 0
    paid_cents: Count = 0
    """What was paid for jobs that are done, at most their price."""
    unpaid_cents: Count = 0
    unpaid_jobs: Count = 0
    priced: Count = 0
    """Done jobs with a price: those that the average is of."""
    average_price_cents: Count | None = None
    """Rounded half up to a cent; null without a job that has a price."""
    loads: dict[LoadSize, Count] = Field(default_factory=dict)
    with_arrival: Count = 0
    """Jobs with a window to which a crew came."""
    on_time: Count = 0
    """Of those, the crew was there before the end of the window."""


class Row(Frozen):
    """`key` is the day, the first day of the week, the month as 2026-11, a member, or a truck."""

    key: str
    figures: Figures


class ReasonCount(Frozen):
    reason: str
    jobs: Count


class StatusTime(Frozen):
    """How long jobs stayed in a status before they left it: the average, in whole minutes."""

    flow: Name
    status: Name
    jobs: Count
    average_minutes: Count


class Report(Frozen):
    """`rows` are in the order of their keys; a calendar has no row for a day without jobs."""

    by: Grouping
    total: Figures
    rows: tuple[Row, ...]
    methods: dict[str, Count]
    """Of the paid jobs that are done: how many were paid how."""
    cancelled_for: tuple[ReasonCount, ...]
    failed_for: tuple[ReasonCount, ...]
    times: tuple[StatusTime, ...]


def report_of(jobs: Iterable[JobFigures], by: Grouping, zone: ZoneInfo) -> Report:
    known = tuple(jobs)
    groups: dict[str, list[JobFigures]] = {}
    for job in known:
        for key in keys_of(job, by, zone):
            groups.setdefault(key, []).append(job)
    done = [job for job in known if job.end == "done"]
    return Report(
        by=by,
        total=figures_in(known),
        rows=tuple(Row(key=key, figures=figures_in(groups[key])) for key in sorted(groups)),
        methods=dict(sorted(Counter(job.method for job in done if job.method).items())),
        cancelled_for=_reasons(job.cancelled_for for job in known if job.cancelled_for is not None),
        failed_for=_reasons(reason for job in known for reason in job.failed_for),
        times=tuple(_times(known)),
    )


def keys_of(job: JobFigures, by: Grouping, zone: ZoneInfo) -> tuple[str, ...]:
    """The rows in which the job counts."""
    if by == "crew":
        return tuple(dict.fromkeys(job.crew)) or (NO_ONE,)
    if by == "truck":
        return (job.truck or NO_ONE,)
    return (period_of(job.at.astimezone(zone).date(), by),)


def period_of(day: date, by: Grouping) -> str:
    """`2026-11-21` by day, `2026-11-16` by week, `2026-11` by month."""
    if by == "month":
        return f"{day:%Y-%m}"
    return str(day - timedelta(day.weekday()) if by == "week" else day)


def figures_in(jobs: Iterable[JobFigures]) -> Figures:
    known = tuple(jobs)
    done = [job for job in known if job.end == "done"]
    prices = [job.price_cents for job in done if job.price_cents is not None]
    punctual = [job.on_time for job in known if job.on_time is not None]
    revenue, unpaid = (
        sum(job.revenue_cents for job in done),
        sum(job.unpaid_cents for job in done),
    )
    return Figures(
        jobs=len(known),
        done=len(done),
        cancelled=sum(job.end == "cancelled" for job in known),
        failed_attempts=sum(len(job.failed_for) for job in known),
        revenue_cents=revenue,
        paid_cents=revenue - unpaid,
        unpaid_cents=unpaid,
        unpaid_jobs=sum(job.unpaid_cents > 0 for job in done),
        priced=len(prices),
        average_price_cents=rounded(Decimal(sum(prices)) / len(prices)) if prices else None,
        loads=dict(sorted(Counter(job.load_size for job in done if job.load_size).items())),
        with_arrival=len(punctual),
        on_time=sum(punctual),
    )


def _reasons(reasons: Iterable[str]) -> tuple[ReasonCount, ...]:
    """The most frequent ones first; reasons that differ only in case count as one."""
    told: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reason in reasons:
        told.setdefault(reason.casefold(), reason)
        counts[reason.casefold()] += 1
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(ReasonCount(reason=told[key], jobs=n) for key, n in ordered[:MOST_REASONS])


def _times(jobs: Iterable[JobFigures]) -> Iterator[StatusTime]:
    stays: dict[tuple[str, str], list[int]] = {}
    for job in jobs:
        for status, minutes in job.minutes.items():
            stays.setdefault((job.flow, status), []).append(minutes)
    for (flow, status), minutes_each in sorted(stays.items()):
        average = rounded(Decimal(sum(minutes_each)) / len(minutes_each))
        yield StatusTime(flow=flow, status=status, jobs=len(minutes_each), average_minutes=average)
