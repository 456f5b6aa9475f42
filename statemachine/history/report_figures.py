"""The figures of a report: of one job, of a day, of all. They add up, except for the average."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import Field

from statemachine.history.job_figures import JobFigures
from statemachine.job.prices import LoadSize, PaymentMethod
from statemachine.money.price_guide import rounded
from statemachine.values.values import Frozen

Count = Annotated[int, Field(ge=0)]


class Figures(Frozen):
    """The figures of one row, or of all jobs. Amounts are whole cents."""

    jobs: Count = 0
    erased: Count = 0
    """Those of the jobs that are erased: only these counts are left of them."""
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
    """Of the jobs that are done."""
    methods: dict[PaymentMethod, Count] = Field(default_factory=dict)
    """Of the jobs that are done: how many were paid how. One that was paid in parts may be two."""
    with_arrival: Count = 0
    """Jobs with a window to which a crew came."""
    on_time: Count = 0
    """Of those, the crew was there before the end of the window."""
    texts: Count = 0
    """Sent on these days, whatever day their job is on."""


NAMED = ("loads", "methods")
"""Figures that are counts by name."""
ADDED = tuple(Figures.model_fields.keys() - {"average_price_cents", *NAMED})
"""Figures that are single counts and add up."""


class DayFigures(NamedTuple):
    """Figures of a day of the business, not of one job: of erased jobs, or of texts."""

    day: date
    figures: Figures


def figures_of(job: JobFigures) -> Figures:
    """An open or a cancelled job brings no revenue, owes nothing, and has no load."""
    done, price = job.end == "done", job.price_cents
    priced = done and price is not None
    return Figures(
        jobs=1,
        done=int(done),
        cancelled=int(job.end == "cancelled"),
        failed_attempts=len(job.failed_for),
        revenue_cents=job.revenue_cents,
        paid_cents=job.revenue_cents - job.unpaid_cents,
        unpaid_cents=job.unpaid_cents,
        unpaid_jobs=int(job.unpaid_cents > 0),
        priced=int(priced),
        average_price_cents=price if priced else None,
        loads={job.load_size: 1} if done and job.load_size else {},
        methods=dict.fromkeys(job.methods, 1) if done else {},
        with_arrival=int(job.on_time is not None),
        on_time=int(job.on_time is True),
    )


def sum_of(each: Sequence[Figures]) -> Figures:
    counts = {name: sum(getattr(figures, name) for figures in each) for name in ADDED}
    priced = counts["priced"]
    average = rounded(Decimal(counts["revenue_cents"]) / priced) if priced else None
    named = {name: _added(getattr(figures, name) for figures in each) for name in NAMED}
    return Figures.model_validate({**counts, **named, "average_price_cents": average})


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    added: Counter[str] = Counter()
    for names in counts:
        added.update(names)
    return dict(sorted(added.items()))
