"""Fakes for slots: their sheets, and `TakeSlot` on them."""

import threading
from collections.abc import Iterator
from datetime import date

from functions.aws.slots import DynamoSlots
from functions.jobs.take_slot import TakeSlot, Trucks
from functions.protocol.ports import Conflict, Jobs, Tenants, Unavailable
from statemachine.business.business import BusinessSettings
from statemachine.schedule.slots import SlotSheet
from tests.support.aws_calls import taking
from tests.support.fakes import TABLE, Bucket, FakeTenants, no_pause
from tests.support.faults import Faults
from tests.support.roster_fakes import FakeRoster


class FakeSlots:
    """One item for each day. A lost response of a write looks like a conflict."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.sheets: dict[tuple[str, str], SlotSheet] = {}
        self._lock = threading.Lock()

    def read(self, tenant: str, day: date) -> SlotSheet:
        return self.faults.around(
            "GetItem", lambda: self._stored(tenant, day.isoformat()), Unavailable("lost")
        )

    def between(self, tenant: str, first: date, last: date) -> Iterator[SlotSheet]:
        days = sorted(day for whose, day in self.sheets if whose == tenant)
        return (
            self.sheets[tenant, day] for day in days if first.isoformat() <= day <= last.isoformat()
        )

    def write(self, tenant: str, sheet: SlotSheet) -> None:
        DynamoSlots(taking("dynamodb"), TABLE).write(tenant, sheet)

        def if_unchanged() -> None:
            with self._lock:
                if self._stored(tenant, sheet.day).version != sheet.version - 1:
                    raise Conflict("ConditionalCheckFailedException")
                self.sheets[tenant, sheet.day] = sheet

        self.faults.around("PutItem", if_unchanged, Conflict("lost"))

    def _stored(self, tenant: str, day: str) -> SlotSheet:
        return self.sheets.get((tenant, day), SlotSheet(day=day))


def slots_on_fakes(
    jobs: Jobs,
    tenants: Tenants | None = None,
    sheets: FakeSlots | None = None,
    roster: Trucks | None = None,
) -> TakeSlot:
    known = tenants or FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
    return TakeSlot(sheets or FakeSlots(), roster or FakeRoster(), jobs, known, no_pause)
