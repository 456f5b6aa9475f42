"""What the functions need from the outside, as Protocols; `functions/aws/` implements them.

The errors are few and say what to do:

    UnknownJob, UnknownTenant   nothing has that name: do not retry, tell the sender
    Corrupt                     a stored object cannot be read: do not overwrite it, call a person
    Conflict                    someone wrote first, or our own answer was lost: read again
    Unavailable                 the service did not do it: try again later
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import Field

from events import Fact, Request, StuckReason
from functions.protocol.open_index import OpenIndex
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Job
from statemachine.values.values import Frozen, JobId, Tenant, Utc
from statemachine.views.views import Board, View


class HaulwayError(Exception):
    """The root of every error that a function raises on purpose."""


class UnknownJob(HaulwayError):
    """No such job; nothing was created. Check tenant and job id."""


class UnknownTenant(HaulwayError):
    """No such business; create it with `haul business add`, or check the event's `tenant`."""


class Unforeseen(HaulwayError):
    """Our code failed on one job in an unforeseen way. The job is on the list of stuck jobs.

    The text gives the type of the error and its place in the code, but nothing from the job.
    """


class Corrupt(HaulwayError):
    """A stored object cannot be read. It is left as it is; an earlier version is in S3.

    Only a derived object may be replaced, if its ETag is still `etag`.
    """

    def __init__(self, message: str, etag: str | None = None) -> None:
        super().__init__(message)
        self.etag = etag


class Conflict(HaulwayError):
    """Someone wrote first, or the answer to our own write was lost. Read again and check."""


class Unavailable(HaulwayError):
    """The service did not do it. Try again later."""


T = TypeVar("T")


@dataclass(frozen=True)
class Stored(Generic[T]):
    """A document and the ETag under which it was read."""

    value: T
    etag: str


class Jobs(Protocol):
    """The job objects. Every write is conditional, so no writer overwrites another."""

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        """Raises UnknownJob, Corrupt, Unavailable."""

    def create(self, job: Job) -> None:
        """Raises Conflict if an object of that id exists already (perhaps this one)."""

    def replace(self, job: Job, etag: str) -> None:
        """Raises Conflict unless the stored ETag is still `etag`."""

    def mark_open(self, tenant: str, job_id: str) -> None:
        """Enter the job into the index of open jobs, so that the watchdog checks it soon.

        Called before every write that others have to follow up, even if the entry exists.
        """

    def mark_ended(self, tenant: str, job_id: str) -> None: ...

    def mark_due(self, tenant: str, job_id: str, at: datetime) -> None:
        """Have the watchdog check the job in its first round after `at`.

        Called before the write that makes it necessary; idempotent.
        """

    def clear_due(self, tenant: str, name: str) -> None:
        """Remove an entry that was handled, by its name in `OpenIndex.due`."""

    def open_index(self, tenant: str) -> OpenIndex:
        """The index of open jobs, with the times at which some have to be checked."""

    def open_jobs(self, tenant: str) -> dict[str, datetime]:
        """The open jobs, and when each was last entered into the index."""

    def all_ids(self, tenant: str) -> Iterator[str]: ...

    def written(self, tenant: str) -> dict[str, datetime]:
        """When the object of each job was last written, by the store's clock, in whole seconds."""


class StuckJob(Frozen):
    """A job that the watchdog cannot repair: a person has to look."""

    tenant: Tenant
    job_id: JobId
    why: StuckReason
    since: Utc
    detail: Annotated[str, Field(max_length=300)] | None = None
    """Details for a person: types of errors and places in the code, no stored data."""


class Stuck(Protocol):
    """The jobs that were reported as stuck, until they are repaired."""

    def all(self, tenant: str) -> list[StuckJob]: ...

    def read(self, tenant: str, job_id: str) -> StuckJob | None: ...

    def add(self, stuck: StuckJob) -> None:
        """An existing entry stays as it is."""

    def remove(self, tenant: str, job_id: str) -> None: ...


class Views(Protocol):
    """The public views, by digest."""

    def read(self, digest: str) -> Stored[View] | None:
        """None if there is none yet. Raises Corrupt if it is not a view."""

    def write(self, digest: str, view: View, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: if absent); else raises Conflict."""

    def remove(self, digest: str) -> None:
        """Idempotent, even if there was none. Raises Unavailable."""


class Hints(Protocol):
    """Hints to pages that something has changed; all of them may be lost."""

    def send(self, channel: str, rev: int) -> None:
        """Tell who listens that `rev` can be read now. Never raises, and takes a second at most."""


class LinkEnds(Protocol):
    """When the links of ended jobs end, in the order of time."""

    def add(self, tenant: str, job_id: str, at: datetime) -> None:
        """Idempotent. Raises Unavailable."""

    def due(self, tenant: str, now: datetime) -> Iterator[tuple[str, JobId]]:
        """The entries of links that have ended by `now`: name and job. Raises Unavailable."""

    def remove(self, tenant: str, name: str) -> None: ...


class Boards(Protocol):
    """`jobs.json`, one for each tenant."""

    def read(self, tenant: str) -> Stored[Board] | None:
        """None if there is none yet. Raises Corrupt if it is not a board."""

    def write(self, tenant: str, board: Board, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: if absent); else raises Conflict."""

    def overwrite(self, tenant: str, board: Board) -> None:
        """Replace an unreadable board with a rebuilt one; S3 keeps the old version."""


class BoardCopies(Protocol):
    """`jobs.json` for readers."""

    def latest(self, tenant: str) -> Stored[Board]:
        """The current board; empty if none was written yet. Raises Unavailable."""


class BoardChannels(Protocol):
    """On which channel the office hears of changes of its board. Neither raises.

    The name is random, because who knows it learns when the board changes.
    """

    def read(self, tenant: str) -> str | None:
        """None if there is none yet, or if it cannot be read now."""

    def ensure(self, tenant: str) -> str | None:
        """As `read`, but made if there is none."""


class Tenants(Protocol):
    def read(self, tenant: str) -> BusinessSettings:
        """Raises UnknownTenant."""

    def names(self, after: str = "") -> Iterator[str]:
        """In a fixed order; with `after`, only those after that name."""

    def owner_of(self, number: str) -> str | None:
        """The business that last took this number for its texts; its settings may say otherwise."""


class TaskOutput(Frozen):
    """What a waiting execution receives: the ledger entry that it continues with."""

    seq: int
    to: str


class TaskTokens(Protocol):
    def send_success(self, token: str, output: TaskOutput) -> None:
        """Resume the execution. No error if the token has expired, because that proves nothing."""


class Executions(TaskTokens, Protocol):
    def start(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        """Start the execution of that generation; idempotent, because its name is unique.

        False if one exists already.
        """

    def stop(self, flow: str, tenant: str, job_id: str, generation: int) -> None:
        """End an execution that cannot be resumed; nothing happens if there is none."""

    def is_running(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        """Asks Step Functions, whose quota for this is small, so only call it for suspects."""


class Bus(Protocol):
    def announce(self, facts: Sequence[Fact]) -> None:
        """Put every fact on the bus, some perhaps twice, or raise Unavailable."""


class Requests(Protocol):
    def ask(self, requests: Sequence[Request]) -> None:
        """Put every request on the bus, some perhaps twice, or raise Unavailable."""


class Cdn(Protocol):
    def invalidate(self, paths: Iterable[str], batch: str) -> None:
        """One invalidation of `paths`; a second call for the same `batch` makes no other.

        `batch` identifies the changes, not only the paths: the next change of the same paths is
        another batch, because CloudFront would otherwise ignore it as a duplicate.

        Raises Unavailable if CloudFront throttles: retry the batch later.
        """


class DeadLetterCounts(Protocol):
    def __call__(self) -> dict[str, int]:
        """How many messages are in each dead-letter queue, by the name of its function."""


class DeadLetters(Protocol):
    def put(self, body: str, reason: str, detail: str) -> None:
        """Put a message that can never succeed in the dead-letter queue, with its reason."""


class Logger(Protocol):
    """One line for each outcome, with keys; never a token, phone number, or name."""

    def info(self, msg: str, **keys: Any) -> None: ...

    def error(self, msg: str, **keys: Any) -> None: ...
