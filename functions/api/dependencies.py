"""What the API consists of: the same use cases that the bus feeds, and what only it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.advance_job import AdvanceJob
from functions.api.crew_cards import CrewCards
from functions.api.problems import too_many
from functions.business.change_settings import ChangeSettings
from functions.create_job import CreateJob
from functions.edit_job import EditJob
from functions.people.accounts import Accounts, Limit, Limits
from functions.people.crew_location import ShareLocation
from functions.people.known_devices import KnownDevices
from functions.people.roster import Roster
from functions.people.sessions import Sessions
from functions.people.sign_in import SignIn
from functions.photos.add_photo import AddPhoto
from functions.protocol.metrics import Metrics
from functions.protocol.ports import BoardCopies, Jobs, Logger, Tenants, Views

if TYPE_CHECKING:
    from functions.ops.wiring import Ops


@dataclass(frozen=True)
class Api:
    """`create`, `advance` and `edit` are the very code behind the bus: one rule, one record."""

    jobs: Jobs
    boards: BoardCopies
    crews: CrewCards
    views: Views
    tenants: Tenants
    change_settings: ChangeSettings
    create: CreateJob
    advance: AdvanceJob
    edit: EditJob
    accounts: Accounts
    roster: Roster
    add_photo: AddPhoto
    share_location: ShareLocation
    sign_in: SignIn
    sessions: Sessions
    devices: KnownDevices
    limits: Limits
    edge_url: Callable[[], str]
    """Where customers reach us, without a slash at its end."""
    new_id: Callable[[], str]
    ops: "Callable[[], Ops]"
    """Made when someone of ops asks for the first time, so that no one else waits for it."""
    log: Logger
    metrics: Metrics
    shows_docs: bool = False

    def origin(self, address: str, now: datetime) -> str:
        """A name for an address, so that no one reads addresses in the table of counters."""
        return self.sessions.keys.keyed_hash(address, now)

    def count(self, limit: Limit, whose: str, now: datetime) -> None:
        """One more. Raises Problem where there is no room, with the true time to wait."""
        if not self.limits.take(limit, whose, now):
            raise too_many(self.limits.wait(limit, whose, now))
