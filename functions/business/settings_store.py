"""Where the settings of businesses are kept, as a port."""

from collections.abc import Iterator
from typing import Protocol

from functions.protocol.ports import Stored
from statemachine.settings.business_changes import BusinessRecord, SettingsChange
from statemachine.values.values import Frozen, Utc


class NumberOwner(Frozen):
    """The business that last took a number for its texts. Its settings decide: it has the number
    from their `version` on, if that is stored as it was wanted."""

    tenant: str
    version: int = 0
    taken_at: Utc | None = None


class SettingsStore(Protocol):
    """Every write of settings is conditional: no one's change is overwritten."""

    def read(self, tenant: str) -> Stored[BusinessRecord]:
        """Raises UnknownTenant, Corrupt, Unavailable."""

    def create(self, record: BusinessRecord) -> None:
        """Raises Conflict where a business of that id exists already (perhaps this very one)."""

    def replace(self, record: BusinessRecord, etag: str) -> None:
        """Raises Conflict unless the stored ETag is still `etag`."""

    def is_erased(self, tenant: str) -> bool:
        """Whether there was a business of that id that was erased. Raises Unavailable."""

    def names(self) -> Iterator[str]:
        """The ids of all businesses."""

    def owner_of(self, number: str) -> Stored[NumberOwner] | None:
        """Raises Unavailable, Corrupt."""

    def set_owner(self, number: str, owner: NumberOwner, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""

    def add_to_history(self, tenant: str, change: SettingsChange) -> None:
        """By its version; again it changes nothing. Raises Unavailable."""

    def from_history(self, tenant: str, version: int) -> SettingsChange | None: ...
