"""The index of all jobs in memory, with DynamoDB's rules: a change is all or nothing."""

import threading
from collections.abc import Iterable, Iterator
from datetime import date

from functions.aws.job_index import DynamoJobIndex
from functions.protocol.ports import Conflict
from functions.views.job_index import IndexChange, IndexJob, Listing, Weeks
from statemachine.history.job_search import Entry
from statemachine.history.report_figures import DayFigures, Figures, sum_of
from tests.support.aws_calls import taking
from tests.support.fakes import TABLE, no_pause
from tests.support.faults import Faults


class FakeJobIndex:
    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.known: dict[tuple[str, str], Entry] = {}
        self.listings: dict[str, set[Listing]] = {}
        self.erased: dict[tuple[str, date], Figures] = {}
        self.spans: dict[str, Weeks] = {}
        self._lock = threading.Lock()

    def read(self, tenant: str, job_id: str) -> Entry | None:
        return self.faults.around(
            "GetItem", lambda: self.known.get((tenant, job_id)), Conflict("lost")
        )

    def entries(self, tenant: str, job_ids: Iterable[str]) -> dict[str, Entry]:
        found = {job_id: self.known.get((tenant, job_id)) for job_id in job_ids}
        return {job_id: entry for job_id, entry in found.items() if entry}

    def listed(self, name: str, before: str, most: int) -> list[str]:
        with self._lock:
            here = [
                each.place
                for listings in self.listings.values()
                for each in listings
                if each.list == name
            ]
        return sorted((place for place in here if place < before), reverse=True)[:most]

    def change(self, tenant: str, change: IndexChange) -> None:
        DynamoJobIndex(taking("dynamodb"), TABLE).change(tenant, change)

        def all_or_nothing() -> None:
            with self._lock:
                known = self.known.get((tenant, change.job_id))
                if (known.rev if known else None) != change.replacing:
                    raise Conflict("TransactionCanceledException")
                self.known.pop((tenant, change.job_id), None)
                if change.entry:
                    self.known[tenant, change.job_id] = change.entry
                listings = self.listings.setdefault(tenant, set())
                listings |= change.added
                listings -= change.removed
                if change.counted:
                    self._count(tenant, change.counted)

        self.faults.around("TransactWriteItems", all_or_nothing, Conflict("lost"))

    def _count(self, tenant: str, new: DayFigures) -> None:
        known = self.erased.get((tenant, new.day), Figures())
        self.erased[tenant, new.day] = sum_of([known, new.figures])

    def erased_jobs(self, tenant: str, first: date, last: date) -> list[DayFigures]:
        return [
            DayFigures(day, figures)
            for (of, day), figures in sorted(self.erased.items(), key=lambda each: each[0])
            if of == tenant and first <= day <= last
        ]

    def weeks(self, tenant: str) -> Weeks | None:
        return self.spans.get(tenant)

    def set_weeks(self, tenant: str, weeks: Weeks, before: Weeks | None) -> None:
        with self._lock:
            if self.spans.get(tenant) != before:
                raise Conflict("weeks")
            self.spans[tenant] = weeks

    def replace_weeks(self, tenant: str, weeks: Weeks) -> None:
        self.spans[tenant] = weeks

    def stored(self, tenant: str) -> Iterator[Listing | str]:
        yield from list(self.listings.get(tenant, ()))
        yield from [job_id for of, job_id in list(self.known) if of == tenant]


def an_index() -> IndexJob:
    return IndexJob(FakeJobIndex(), no_pause)
