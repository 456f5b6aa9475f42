"""What the API's handlers use: the same code that handles requests from the bus, and its own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.api.problems import too_many
from functions.business.change_settings import ChangeSettings
from functions.business.set_logo import SetLogo
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.jobs.take_slot import TakeSlot
from functions.messages.office_texts import SendOfficeText
from functions.messages.read_conversation import ReadConversation
from functions.messages.sms_once import SentTexts
from functions.messages.text_now import SendTextNow
from functions.people.accounts import Accounts
from functions.people.api_keys import KeyCheck
from functions.people.crew_location import ShareLocation
from functions.people.invitations import Invitations
from functions.people.known_devices import KnownDevices
from functions.people.manage_people import ManagePeople
from functions.people.rate_limits import Limit, Limits
from functions.people.roster import Roster
from functions.people.sessions import Sessions
from functions.people.sign_in import SignIn
from functions.photos.add_photo import AddPhoto
from functions.protocol.edge_secret import EdgeCheck
from functions.protocol.metrics import Metrics
from functions.protocol.ports import BoardCopies, Jobs, Logger, Tenants, Views
from functions.views.job_index import JobIndex

if TYPE_CHECKING:
    from functions.ops.wiring import Ops


@dataclass(frozen=True)
class Api:
    """`create`, `advance`, and `edit` also handle the bus: one set of rules, one record."""

    edge: EdgeCheck
    jobs: Jobs
    boards: BoardCopies
    board_channel: Callable[[str], str | None]
    """See BoardChannels."""
    index: JobIndex
    sent_texts: SentTexts
    views: Views
    tenants: Tenants
    change_settings: ChangeSettings
    set_logo: SetLogo
    slots: TakeSlot
    create: CreateJob
    advance: AdvanceJob
    edit: EditJob
    accounts: Accounts
    roster: Roster
    add_photo: AddPhoto
    share_location: ShareLocation
    read_conversation: ReadConversation
    send_office_text: Callable[[], SendOfficeText]
    send_text_now: Callable[[], SendTextNow]
    """Built at the first text, as the one before, so that no other request waits for the
    service's client."""
    sign_in: SignIn
    sessions: Sessions
    keys: KeyCheck
    people: ManagePeople
    invitations: Invitations
    devices: KnownDevices
    limits: Limits
    edge_url: Callable[[], str]
    """The site's address, without a trailing slash."""
    new_id: Callable[[], str]
    ops: "Callable[[], Ops]"
    """Built at the first ops request of a container, so that no other request waits for it."""
    log: Logger
    metrics: Metrics
    shows_docs: bool = False

    def address_hash(self, address: str, now: datetime) -> str:
        """A keyed hash, so that the table of counters holds no IP addresses."""
        return self.sessions.keys.keyed_hash(address, now)

    def count(self, limit: Limit, key: str, now: datetime) -> None:
        """Counts one request. Raises Problem with the time to wait if the limit is reached."""
        if not self.limits.take(limit, key, now):
            raise too_many(self.limits.wait(limit, key, now))

    def check_limit(self, limit: Limit, key: str, now: datetime) -> None:
        """Raises Problem as `count` does, and counts nothing; what comes of it is counted later."""
        if wait := self.limits.wait(limit, key, now):
            raise too_many(wait)
