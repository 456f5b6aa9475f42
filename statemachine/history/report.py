"""How the business did: a fold of its jobs' figures by day, week, month, crew, or truck.

Days, weeks (which begin on Monday), and months are those of the business's calendar. Revenue is the
price of the jobs that are done; unpaid is what of it is not paid yet. A job counts once for each
member of its crew and for its truck, so that only the rows of a calendar add up to the total.
Texts count on the day on which they were sent. Of erased jobs there are figures, but no reasons and
no times.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from statemachine.history.job_figures import JobFigures
from statemachine.history.report_figures import Count, DayFigures, Figures, figures_of, sum_of
from statemachine.money.price_guide import rounded
from statemachine.values.values import Frozen, Name

Grouping = Literal["day", "week", "month", "crew", "truck"]
NO_ONE = ""
"""The key of jobs without crew, or without a truck."""
MOST_REASONS = 20


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
    cancelled_for: tuple[ReasonCount, ...]
    failed_for: tuple[ReasonCount, ...]
    times: tuple[StatusTime, ...]


def report_of(
    jobs: Iterable[JobFigures], by: Grouping, zone: ZoneInfo, apart: Iterable[DayFigures] = ()
) -> Report:
    """`apart` are counts of days, not of single jobs; who worked on those is not known, so by crew
    and by truck only the total has them."""
    known = tuple(jobs)
    every: list[Figures] = []
    rows = defaultdict[str, list[Figures]](list)
    for job in known:
        figures = figures_of(job)
        every.append(figures)
        for key in keys_of(job, by, zone):
            rows[key].append(figures)
    for day, figures in apart:
        every.append(figures)
        if by not in ("crew", "truck"):
            rows[period_of(day, by)].append(figures)
    return Report(
        by=by,
        total=sum_of(every),
        rows=tuple(Row(key=key, figures=sum_of(rows[key])) for key in sorted(rows)),
        cancelled_for=_reasons(_one(job.cancelled_for) for job in known),
        failed_for=_reasons(job.failed_for for job in known),
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


def _reasons(jobs: Iterable[Iterable[str]]) -> tuple[ReasonCount, ...]:
    """From the reasons of each job. The most frequent ones first; reasons that differ only in case
    count as one, and once for each job."""
    told: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for reasons in jobs:
        own = {reason.casefold(): reason for reason in reasons}
        counts.update(own.keys())
        told = own | told
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(ReasonCount(reason=told[key], jobs=n) for key, n in ordered[:MOST_REASONS])


def _one(reason: str | None) -> tuple[str, ...]:
    return () if reason is None else (reason,)


def _times(jobs: Iterable[JobFigures]) -> Iterator[StatusTime]:
    stays: dict[tuple[str, str], list[int]] = {}
    for job in jobs:
        for status, minutes in job.minutes.items():
            stays.setdefault((job.flow, status), []).append(minutes)
    for (flow, status), minutes_each in sorted(stays.items()):
        average = rounded(Decimal(sum(minutes_each)) / len(minutes_each))
        yield StatusTime(flow=flow, status=status, jobs=len(minutes_each), average_minutes=average)
