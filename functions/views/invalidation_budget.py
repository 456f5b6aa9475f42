"""The invalidation budget: changed views are invalidated until the month's paths are used up.

    used          0 ─────────────── 90 % ─────── 100 % of the month's paths ───
    TTL           long                │ two seconds
    invalidation  of each change                   │ none

The TTL is short for the last tenth, so that hardly any view with a long TTL is left at the edge
when invalidation ends. Two batches at the same moment can exceed the budget by one of them.

A counter has the exact number. The functions that write views need no access to it: from the last
tenth on, the number is also a note beside the jobs, which most months never have.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import Corrupt, Unavailable
from statemachine.values.values import Frozen

SHORT_TTL_S = 2
LONG_TTL_SHARE = 0.9
LOOKUP_INTERVAL = timedelta(minutes=1)


class MonthlyUsage(Frozen):
    """`ops/invalidations/{month}.json`: how many paths were invalidated, once they are many."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    paths: Annotated[int, Field(ge=0)] = 0


class InvalidationCounter(Protocol):
    """How many paths of each month were invalidated. Both raise Unavailable."""

    def paths(self, month: str) -> int: ...

    def add(self, month: str, paths: int) -> int:
        """The number with these; they count twice if a response was lost."""


class InvalidationUsage(Protocol):
    """The note for the functions that write views."""

    def read(self, month: str) -> MonthlyUsage | None:
        """None in a month that has most of its budget left. Raises Corrupt, Unavailable."""

    def write(self, usage: MonthlyUsage) -> None:
        """Raises Unavailable."""


def month_of(now: datetime) -> str:
    """CloudFront counts its free paths by calendar month, in UTC."""
    return f"{now:%Y-%m}"


def is_nearly_spent(paths: int, budget: int) -> bool:
    return paths >= LONG_TTL_SHARE * budget


@dataclass
class ViewTtl:
    """How many seconds the edge may keep a view that is written now; looked up once a minute.

    If the usage cannot be read, the TTL is short, because writing the view must not wait.
    """

    usage: InvalidationUsage
    budget: int
    long_s: int
    clock: Callable[[], datetime]
    _until: datetime | None = field(default=None, init=False)
    _ttl_s: int = field(default=SHORT_TTL_S, init=False)

    def __call__(self) -> int:
        now = self.clock()
        if self._until is None or now >= self._until:
            self._ttl_s, self._until = self._lookup(now), now + LOOKUP_INTERVAL
        return self._ttl_s

    def _lookup(self, now: datetime) -> int:
        try:
            noted = self.usage.read(month_of(now)) if self.budget else None
            ample = not is_nearly_spent(noted.paths if noted else 0, self.budget)
        except (Corrupt, Unavailable):
            ample = False
        return self.long_s if ample else min(SHORT_TTL_S, self.long_s)
