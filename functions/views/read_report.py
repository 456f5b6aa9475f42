"""Reads the jobs of some days from the index, and makes the report of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import Field

from functions.messages.sms_once import SentTexts
from functions.people.roster import Truck
from functions.protocol.ports import HaulwayError, Tenants
from functions.views.find_jobs import find_jobs
from functions.views.job_index import JobIndex
from statemachine.history.job_search import Entry, Question
from statemachine.history.report import Grouping, Report, report_of
from statemachine.history.report_csv import report_csv
from statemachine.history.report_figures import DayFigures, Figures
from statemachine.job.prices import PriceCents
from statemachine.schedule.roster import day_span
from statemachine.values.values import Frozen, JobId, Utc

PAGE = 500
MOST_JOBS = 20_000
"""A report of more would take longer than a request may."""
MOST_DAYS = 366
MOST_UNPAID = 100


class TooMuch(HaulwayError):
    """The report would read more than one request can; ask for fewer days."""


class UnpaidJob(Frozen):
    """A job that is done, and whose price is not paid in full."""

    job_id: JobId
    customer: str
    at: Utc
    price_cents: PriceCents
    unpaid_cents: PriceCents


class ReportDocument(Report):
    """A report of the days from `first` to `last`, both included, by the business's clock."""

    first: date
    last: date
    time_zone: str
    currency: str
    """ISO 4217; all amounts are in it."""
    names: dict[str, str] = Field(default_factory=dict)
    """Of crew members and trucks, by the keys of the rows."""
    unpaid: tuple[UnpaidJob, ...] = ()
    """The oldest first, at most a hundred; the total says how many there are."""
    as_of: Utc


@dataclass(frozen=True)
class ReadReport:
    index: JobIndex
    tenants: Tenants
    trucks: Callable[[str], Iterable[Truck]]
    texts: SentTexts

    def __call__(
        self, tenant: str, first: date, last: date, by: Grouping, now: datetime
    ) -> ReportDocument:
        """Raises TooMuch, UnknownTenant, Corrupt, Unavailable."""
        business = self.tenants.read(tenant)
        zone = ZoneInfo(business.time_zone)
        entries = tuple(jobs_between(self.index, tenant, first, last, zone))
        known = (entry.figures() for entry in entries)
        return ReportDocument(
            **report_of(known, by, zone, self._apart(tenant, first, last, zone)).__dict__,
            first=first,
            last=last,
            time_zone=business.time_zone,
            currency=business.currency,
            names=dict(self._names(tenant, by, entries)),
            unpaid=tuple(unpaid_jobs(entries))[:MOST_UNPAID],
            as_of=now,
        )

    def csv(self, tenant: str, first: date, last: date) -> str:
        """One row per job, see docs/reports.md. Raises the same."""
        business = self.tenants.read(tenant)
        zone = ZoneInfo(business.time_zone)
        entries = jobs_between(self.index, tenant, first, last, zone)
        return report_csv((entry.figures() for entry in entries), zone, business.currency)

    def _apart(self, tenant: str, first: date, last: date, zone: ZoneInfo) -> Iterator[DayFigures]:
        """What is counted by day: jobs that were erased, and texts."""
        yield from self.index.erased_jobs(tenant, first, last)
        span = day_span(first, zone)[0], day_span(last, zone)[1]
        sent = Counter(at.astimezone(zone).date() for at in self.texts.between(tenant, *span))
        yield from (DayFigures(day, Figures(texts=count)) for day, count in sent.items())

    def _names(
        self, tenant: str, by: Grouping, entries: Sequence[Entry]
    ) -> Iterator[tuple[str, str]]:
        """A member who has left since has the name that their jobs know."""
        if by == "truck":
            yield from ((truck.truck, truck.name) for truck in self.trucks(tenant))
        if by == "crew":
            yield from ((each.member, each.first_name) for entry in entries for each in entry.crew)


def jobs_between(
    index: JobIndex, tenant: str, first: date, last: date, zone: ZoneInfo
) -> Iterator[Entry]:
    """The jobs of the days from `first` to `last` by the business's clock, the latest first.

    Raises TooMuch, Corrupt, Unavailable.
    """
    if (last - first).days >= MOST_DAYS:
        raise TooMuch(f"a report is of at most {MOST_DAYS} days; ask for fewer")
    question = Question(since=day_span(first, zone)[0], until=day_span(last, zone)[1])
    read, before = 0, None
    while True:
        page = find_jobs(index, tenant, question, PAGE, before)
        yield from page.entries
        read += len(page.entries)
        if page.following is None:
            return
        if read > MOST_JOBS:
            raise TooMuch(f"these days have more than {MOST_JOBS} jobs; ask for fewer days")
        before = page.following


def unpaid_jobs(entries: Iterable[Entry]) -> Iterator[UnpaidJob]:
    """The oldest first."""
    for entry in sorted(entries, key=lambda each: (each.at, each.job_id)):
        if owed := entry.figures().unpaid_cents:
            yield UnpaidJob(
                job_id=entry.job_id,
                customer=entry.customer,
                at=entry.at,
                price_cents=entry.price_cents or 0,
                unpaid_cents=owed,
            )
