"""A business's jobs as a CSV file for its accountant: one row per job, without persons and tokens.

docs/reports.md describes the columns. Amounts have a decimal point and no sign of the currency.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from statemachine.history.job_figures import JobFigures
from statemachine.values.csv_cells import csv_text

COLUMNS = (
    "date",
    "job",
    "flow",
    "status",
    "ended",
    "crew",
    "truck",
    "load",
    "currency",
    "price",
    "paid",
    "unpaid",
    "methods",
    "on_time",
    "failed_attempts",
    "cancelled_for",
)
YES_NO: Mapping[bool | None, str] = {True: "yes", False: "no", None: ""}


def report_csv(jobs: Iterable[JobFigures], zone: ZoneInfo, currency: str) -> str:
    """Sorted by date and job. Dates are by the business's calendar."""
    ordered = sorted(jobs, key=lambda job: (job.at, job.job_id))
    return csv_text(COLUMNS, (_row(job, zone, currency) for job in ordered))


def _row(job: JobFigures, zone: ZoneInfo, currency: str) -> tuple[str, ...]:
    return (
        f"{job.at.astimezone(zone).date()}",
        job.job_id,
        job.flow,
        job.status,
        job.end or "",
        " ".join(job.crew),
        job.truck or "",
        job.load_size or "",
        currency,
        "" if job.price_cents is None else amount(job.price_cents),
        amount(job.paid_cents),
        amount(job.unpaid_cents),
        " ".join(job.methods),
        YES_NO[job.on_time],
        str(len(job.failed_for)),
        job.cancelled_for or "",
    )


def amount(cents: int) -> str:
    """`1240.50`."""
    return f"{Decimal(cents) / 100:.2f}"
