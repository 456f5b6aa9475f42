"""The history of a job that AWS keeps by itself: object versions, invalidations, executions.

It is read only to explain a job, never while a job moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from statemachine.job.job import Job
from statemachine.views.evidence import ExecutionRun, ObjectVersion
from statemachine.views.views import View

T = TypeVar("T")

MOST_READS = 60
"""At most this many boards are read to find when a job's changes were first on it."""

KEPT_AT_LEAST = timedelta(days=1)
"""S3 keeps every version at least this long after the next one, whatever its size."""


@dataclass(frozen=True)
class HistoryPage(Generic[T]):
    """Oldest first. `cut` means that there are older items that were not read."""

    items: tuple[T, ...]
    cut: bool = False


@dataclass(frozen=True)
class VersionStamp:
    """A version of an object that has not been read."""

    version_id: str
    at: datetime


class History(Protocol):
    """The versions of our objects. Every method raises Unavailable."""

    def of_job(self, tenant: str, job_id: str) -> HistoryPage[ObjectVersion[Job]]:
        """A version that cannot be read is left out, and `cut` is set."""

    def of_view(self, digest: str) -> HistoryPage[ObjectVersion[View]]: ...

    def of_board(self, tenant: str) -> HistoryPage[VersionStamp]: ...

    def card_rev(self, tenant: str, version_id: str, job_id: str) -> int:
        """The `rev` of the job's card in that version of the board; 0 if it has no card."""


class InvalidationTimes(Protocol):
    def times(self, path: str, around: Sequence[datetime]) -> HistoryPage[datetime]:
        """When `path` was invalidated, shortly after one of the times in `around`."""


class ExecutionRuns(Protocol):
    def of(
        self, flow: str, tenant: str, job_id: str, generations: Sequence[int]
    ) -> list[ExecutionRun]:
        """Those of the executions that Step Functions still has. Raises Unavailable."""


class TooManyReads(Exception):
    """The search has read its maximum number of boards."""


@dataclass
class BoardSearch:
    """Finds when a `rev` was first on the board by binary search: a card's rev never falls.

    It begins at the time of the change with small steps, because the board follows in seconds.
    """

    stamps: Sequence[VersionStamp]
    rev_in: Callable[[VersionStamp], int]
    most_reads: int = MOST_READS

    def __post_init__(self) -> None:
        self.known: dict[int, int] = {}

    def first_with(self, rev: int, since: datetime) -> ObjectVersion[int] | None:
        """The time of the first version with `rev` or a later one, and its rev. Raises
        TooManyReads."""
        low = next((n for n, s in enumerate(self.stamps) if s.at >= since), len(self.stamps))
        high, stride = low, 1
        while high < len(self.stamps) and self._rev(high) < rev:
            low, high, stride = high + 1, high + stride, stride * 2
        high = min(high, len(self.stamps))
        while low < high:
            middle = (low + high) // 2
            if self._rev(middle) >= rev:
                high = middle
            else:
                low = middle + 1
        if low == len(self.stamps):
            return None
        return ObjectVersion(self.stamps[low].at, self._rev(low))

    def newest(self) -> int:
        """The rev on the latest version; 0 if there is none."""
        return self._rev(len(self.stamps) - 1) if self.stamps else 0

    def _rev(self, number: int) -> int:
        if number not in self.known:
            if len(self.known) >= self.most_reads:
                raise TooManyReads
            self.known[number] = self.rev_in(self.stamps[number])
        return self.known[number]
