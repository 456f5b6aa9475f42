"""Add a business, change its settings, and read what was changed.

The settings and their last change are one object and one conditional write. The history beside it
has one object per change. It is written after the settings, and before the next change once more:

    read v7, change 7 ── history 7 ── PUT settings v8 with change 8, If-Match ── history 8
                                                                          ╰ lost: with change 9
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.business.settings_store import NumberOwner, SettingsStore
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, HaulwayError, Stored, Unavailable, UnknownTenant
from statemachine.business.business import BusinessSettings, is_internal
from statemachine.schedule.reservations import ABANDONED_AFTER
from statemachine.settings.business_changes import BusinessRecord, SettingsChange, changed, created

LONGEST_PAGE = 50
COMMAND_LINE = "haul"


class SettingsChanged(HaulwayError):
    """Someone else changed the settings; read them again, and decide again."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the settings are at version {version} now")
        self.version = version


class BusinessExists(HaulwayError):
    """There is a business of that id; choose another id, or change that business."""


class NumberTaken(HaulwayError):
    """Another business has this number for its texts, or all share it."""


class ReservedId(HaulwayError):
    """The id is one of those that a stage uses itself, or of a business that was erased."""


@dataclass(frozen=True)
class ChangeSettings:
    store: SettingsStore
    pause: Pause = full_jitter
    shared_number: str | None = None
    """The stage's number for texts, if it is known; no business can have it for itself."""

    def __call__(
        self,
        tenant: str,
        wanted: Mapping[str, Any],
        by: str,
        now: datetime,
        expected: int | None = None,
    ) -> BusinessRecord:
        """The settings with `wanted`, if their version is still `expected` (None: whatever it is).

        Where nothing differs nothing is written. Raises SettingsChanged, ValidationError with the
        field, NumberTaken, UnknownTenant, Unavailable.
        """
        for attempt in range(ATTEMPTS):
            stored = self.store.read(tenant)
            known = stored.value
            following = changed(known, wanted, by, now)
            if expected not in (None, known.version) and not _is_copy(
                known, following, by, expected
            ):
                raise SettingsChanged(known.version)
            if following is known or self._replaced(stored, following, now):
                return following
            self.pause(attempt)
        raise Unavailable(f"{tenant}: no write in {ATTEMPTS} attempts; try again")

    def _replaced(
        self, stored: Stored[BusinessRecord], following: BusinessRecord, now: datetime
    ) -> bool:
        """Whether `following` is stored now: by this write, or by one whose answer was lost."""
        known, tenant = stored.value, following.tenant
        if following.sms_number != known.sms_number:
            self._take_number(following, now)
        if known.last_change:
            self.store.add_to_history(tenant, known.last_change)
        try:
            self.store.replace(following, stored.etag)
        except Conflict:
            if self.store.read(tenant).value.last_change != following.last_change:
                return False
        self._add_to_history(following)
        return True

    def _take_number(self, record: BusinessRecord, now: datetime) -> None:
        """Before the settings have it, so that a number that is being taken is no one else's.

        Raises NumberTaken, Unavailable.
        """
        number = record.sms_number
        if number is None:
            return
        if number == self.shared_number:
            raise NumberTaken("sms_number: it is the number that all share; leave it empty")
        wanted = NumberOwner(tenant=record.tenant, version=record.version, taken_at=now)
        for attempt in range(ATTEMPTS):
            stored = self.store.owner_of(number)
            if stored and self._is_taken(number, stored.value, wanted):
                raise NumberTaken("sms_number: another business here has this number for its texts")
            try:
                self.store.set_owner(number, wanted, stored.etag if stored else None)
            except Conflict:
                self.pause(attempt)
                continue
            return
        raise Unavailable(f"{record.tenant}: no write in {ATTEMPTS} attempts; try again")

    def _is_taken(self, number: str, owner: NumberOwner, wanted: NumberOwner) -> bool:
        """Whether another business has the number, or is storing settings with it right now."""
        if owner.tenant == wanted.tenant:
            return False
        try:
            known: BusinessRecord | None = self.store.read(owner.tenant).value
        except UnknownTenant:
            known = None
        if known and known.sms_number == number:
            return True
        is_stored = known is not None and known.version >= owner.version
        if is_stored or owner.taken_at is None or wanted.taken_at is None:
            return False
        return wanted.taken_at - owner.taken_at < ABANDONED_AFTER

    def add(self, settings: BusinessSettings, by: str, now: datetime) -> BusinessRecord:
        """A new business. Raises BusinessExists, ReservedId, ValidationError, Unavailable."""
        if is_internal(settings.tenant):
            raise ReservedId(f"{settings.tenant} is reserved; choose another id")
        if self.store.is_erased(settings.tenant):
            raise ReservedId(
                f"{settings.tenant} was erased here, and its id is not used again; choose another"
            )
        record = created(settings, by, now)
        self._take_number(record, now)
        try:
            self.store.create(record)
        except Conflict as error:
            if self._known(settings.tenant) != record:
                raise BusinessExists(f"there is a business {settings.tenant} already") from error
        self._add_to_history(record)
        return record

    def _known(self, tenant: str) -> BusinessRecord:
        """After a conflict; a conflict with nothing there was a request that got lost."""
        try:
            return self.store.read(tenant).value
        except UnknownTenant as error:
            raise Unavailable(f"{tenant} could not be stored; try again") from error

    def _add_to_history(self, record: BusinessRecord) -> None:
        """The change is made and counts; what is lost here is written with the next one."""
        if record.last_change:
            with suppress(Unavailable):
                self.store.add_to_history(record.tenant, record.last_change)

    def history(
        self, tenant: str, after: int | None, limit: int
    ) -> tuple[tuple[SettingsChange, ...], int | None]:
        """The changes, newest first, from the one before version `after` on; and what to ask with
        for those before them. Raises UnknownTenant, Unavailable."""
        record = self.store.read(tenant).value
        newest = min(record.version, record.version if after is None else after - 1)
        oldest = max(newest - min(limit, LONGEST_PAGE) + 1, 1)
        found = (self._change(record, version) for version in range(newest, oldest - 1, -1))
        return tuple(each for each in found if each), oldest if oldest > 1 else None

    def _change(self, record: BusinessRecord, version: int) -> SettingsChange | None:
        last = record.last_change
        if last and last.version == version:
            return last
        return self.store.from_history(record.tenant, version)


def _is_copy(
    known: BusinessRecord, following: BusinessRecord, by: str, expected: int | None
) -> bool:
    """Whether the change is there already, made by the same one from that very version: the
    answer to an earlier copy of the request was lost."""
    last = known.last_change
    return following is known and last is not None and (last.by, last.version - 1) == (by, expected)
