"""What AWS remembers of a job by itself, for those who want to know how it came to be.

Reading it costs a few requests and is done when someone asks, never along the way of a job.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from statemachine.evidence import ExecutionRun, ObjectVersion
from statemachine.job import Job
from statemachine.views import View

T = TypeVar("T")

LOOKS = 60
"""So many boards are read at most to find when a job's changes came onto it."""


KEPT_AT_LEAST = timedelta(days=1)
"""S3 keeps a version for that long after the next one came, also of a large object."""


@dataclass(frozen=True)
class HistoryPage(Generic[T]):
    """Oldest first. `cut` where there is more than was read, from before the first."""

    items: tuple[T, ...]
    cut: bool = False


@dataclass(frozen=True)
class VersionStamp:
    """A version that was not read yet."""

    version_id: str
    at: datetime


class History(Protocol):
    """The versions of our objects. Every method raises Unavailable."""

    def of_job(self, tenant: str, job_id: str) -> HistoryPage[ObjectVersion[Job]]:
        """A version that cannot be read is left out, and the answer is cut."""

    def of_view(self, digest: str) -> HistoryPage[ObjectVersion[View]]: ...

    def of_board(self, tenant: str) -> HistoryPage[VersionStamp]: ...

    def card_rev(self, tenant: str, version_id: str, job_id: str) -> int:
        """The `rev` of the job's card in that version of the board; 0 where it has none."""


class InvalidationTimes(Protocol):
    def times(self, path: str, around: Sequence[datetime]) -> HistoryPage[datetime]:
        """When the edge was told to forget `path`, shortly after one of the times `around`."""


class ExecutionRuns(Protocol):
    def of(
        self, flow: str, tenant: str, job_id: str, generations: Sequence[int]
    ) -> list[ExecutionRun]:
        """Those of the executions that Step Functions still knows. Raises Unavailable."""


class TooManyLooks(Exception):
    """The answer may be further on, but enough was read."""


@dataclass
class BoardSearch:
    """Finds when a `rev` came onto the board: it never goes back, so halving finds it.

    From a change's own time on the steps get longer, because the board follows within seconds.
    """

    stamps: Sequence[VersionStamp]
    rev_in: Callable[[VersionStamp], int]
    looks: int = LOOKS

    def __post_init__(self) -> None:
        self.known: dict[int, int] = {}

    def first_with(self, rev: int, since: datetime) -> ObjectVersion[int] | None:
        """The first version with `rev` or a later one, and which. Raises TooManyLooks."""
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
        """The rev that stands on the latest version; 0 where there is none."""
        return self._rev(len(self.stamps) - 1) if self.stamps else 0

    def _rev(self, number: int) -> int:
        if number not in self.known:
            if len(self.known) >= self.looks:
                raise TooManyLooks
            self.known[number] = self.rev_in(self.stamps[number])
        return self.known[number]
