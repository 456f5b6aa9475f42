"""What the functions need from the world, as they would request to say it. `aws.py` provides it.

The errors are few and say what to do:

    UnknownJob, UnknownTenant   nothing of that name: never retry, tell the sender
    Corrupt                     a stored object is not ours to read: never overwrite, call a person
    Conflict                    someone wrote first, or our own answer was lost: read again, look
    Unavailable                 the service did not do it: try again later
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import Field

from events import Fact, Request, StuckReason
from functions.protocol.open_index import OpenIndex
from statemachine.business import BusinessSettings
from statemachine.job import Job
from statemachine.values import Frozen, JobId, Tenant, Utc
from statemachine.views import Board, View


class HaulwayError(Exception):
    """The root of every error that a function raises on purpose."""


class UnknownJob(HaulwayError):
    """No such job; nothing was created. Check tenant and job id."""


class UnknownTenant(HaulwayError):
    """No such business; create it with `haul business add`, or check the event's `tenant`."""


class Unforeseen(HaulwayError):
    """One job broke our code in a way that no one foresaw. It is on the list of stuck jobs.

    The text says the kind of the error and its place in the code, and nothing of the job.
    """


class Corrupt(HaulwayError):
    """A stored object cannot be read. It is left as it is; an earlier version is in S3.

    Only what is derived may be put in its place: if its ETag is still `etag`.
    """

    def __init__(self, message: str, etag: str | None = None) -> None:
        super().__init__(message)
        self.etag = etag


class Conflict(HaulwayError):
    """Someone wrote first, or our own write's answer was lost. Read again and look."""


class Unavailable(HaulwayError):
    """The service did not do it. Try again later."""


T = TypeVar("T")


@dataclass(frozen=True)
class Stored(Generic[T]):
    """A document and the ETag under which it was read."""

    value: T
    etag: str


class Jobs(Protocol):
    """The job objects. Every write is conditional: no one is ever overwritten."""

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        """Raises UnknownJob, Corrupt, Unavailable."""

    def create(self, job: Job) -> None:
        """Raises Conflict where an object of that id exists already (perhaps this very one)."""

    def replace(self, job: Job, etag: str) -> None:
        """Raises Conflict unless the stored ETag is still `etag`."""

    def mark_open(self, tenant: str, job_id: str) -> None:
        """Enter the job into the index of open jobs, so that the watchdog looks after it soon.

        Done before every write after which others have something to do, also where it is there.
        """

    def mark_ended(self, tenant: str, job_id: str) -> None: ...

    def mark_due(self, tenant: str, job_id: str, at: datetime) -> None:
        """Have the watchdog look at the job in its first round after `at`.

        Done before the write that makes it necessary; twice is once.
        """

    def clear_due(self, tenant: str, name: str) -> None:
        """Remove an entry that was seen to, by its name in `OpenIndex.due`."""

    def open_index(self, tenant: str) -> OpenIndex:
        """The index of open jobs with the moments at which some have to be looked at."""

    def open_jobs(self, tenant: str) -> dict[str, datetime]:
        """The index of open jobs: when each was last entered into it."""

    def all_ids(self, tenant: str) -> Iterator[str]: ...

    def written(self, tenant: str) -> dict[str, datetime]:
        """Every job: when its object was last written, by the store's own clock, to the second."""


class StuckJob(Frozen):
    """A job that the watchdog cannot help: a person has to look."""

    tenant: Tenant
    job_id: JobId
    why: StuckReason
    since: Utc
    detail: Annotated[str, Field(max_length=300)] | None = None
    """What exactly, in words for a person: kinds of errors and places, nothing that was stored."""


class Stuck(Protocol):
    """The jobs that a person was called for, until they go again."""

    def all(self, tenant: str) -> list[StuckJob]: ...

    def read(self, tenant: str, job_id: str) -> StuckJob | None: ...

    def add(self, stuck: StuckJob) -> None:
        """Where it is there already, it stays as it is."""

    def remove(self, tenant: str, job_id: str) -> None: ...


class Views(Protocol):
    """The public views, by digest."""

    def read(self, digest: str) -> Stored[View] | None:
        """None where there is none yet. Raises Corrupt where it is not a view."""

    def write(self, digest: str, view: View, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: only if absent); else Conflict."""


class Boards(Protocol):
    """`jobs.json`, one for each tenant."""

    def read(self, tenant: str) -> Stored[Board] | None:
        """None where there is none yet. Raises Corrupt where it is not a board."""

    def write(self, tenant: str, board: Board, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: only if absent); else Conflict."""

    def overwrite(self, tenant: str, board: Board) -> None:
        """Replace an unreadable board by a rebuilt one; the old bytes stay as a version."""


class BoardCopies(Protocol):
    """`jobs.json` for those who only look."""

    def latest(self, tenant: str) -> Stored[Board]:
        """The board as it is now; empty where none was written yet. Raises Unavailable."""


class Tenants(Protocol):
    def read(self, tenant: str) -> BusinessSettings:
        """Raises UnknownTenant."""

    def names(self, after: str = "") -> Iterator[str]:
        """In one fixed order; with `after`, those behind that one."""


class TaskOutput(Frozen):
    """What a waiting execution is told: the ledger entry it goes on with."""

    seq: int
    to: str


class TaskTokens(Protocol):
    def send_success(self, token: str, answer: TaskOutput) -> None:
        """Wake the execution. Whether the token still lives proves nothing, so no one is told."""


class Executions(TaskTokens, Protocol):
    def start(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        """Idempotent by name: an execution of that generation that exists already is success.

        False where nothing was started, as far as Step Functions says.
        """

    def stop(self, flow: str, tenant: str, job_id: str, generation: int) -> None:
        """End one that no one can wake; where it has ended or never was, nothing happens."""

    def is_running(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        """Asks Step Functions, whose quota for this is small: for suspects only."""


class Bus(Protocol):
    def announce(self, facts: Sequence[Fact]) -> None:
        """Every fact is on the bus, or Unavailable was raised; some may be there twice."""


class Requests(Protocol):
    def ask(self, requests: Sequence[Request]) -> None:
        """Every request is on the bus, or Unavailable was raised; some may be there twice."""


class Cdn(Protocol):
    def forget(self, paths: Iterable[str], batch: str) -> None:
        """One invalidation of `paths`; asked twice for the same `batch` it stays one.

        The batch names what has changed, not only where: the next change of the same paths is
        another batch, or CloudFront would take it for the one it already did.

        Raises Unavailable when CloudFront throttles: keep the batch and come back.
        """


class DeadLetterCounts(Protocol):
    def __call__(self) -> dict[str, int]:
        """How many messages lie in each queue of dead letters, by its function's name."""


class DeadLetters(Protocol):
    def put(self, body: str, reason: str, detail: str) -> None:
        """Put a message that can never succeed where people find it, with its reason."""


class Logger(Protocol):
    """One line per outcome, with keys; never a token, phone number or name."""

    def info(self, msg: str, **keys: Any) -> None: ...

    def error(self, msg: str, **keys: Any) -> None: ...
