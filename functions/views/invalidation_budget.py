"""The invalidation budget: changed views are invalidated until the month's paths are used up.

    used          0 ─────────────── 90 % ─────── 100 % of the month's paths ───
    TTL           long                │ two seconds
    invalidation  of each change                   │ none

The TTL is short for the last tenth, so that hardly any view with a long TTL is left at the edge
when invalidation ends. Two batches at the same moment can exceed the budget by one of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Stored, Unavailable
from statemachine.values import Frozen

SHORT_TTL_S = 2
LONG_TTL_SHARE = 0.9
LOOKUP_INTERVAL = timedelta(minutes=1)


class MonthlyUsage(Frozen):
    """`ops/invalidations/{month}.json`: how many paths were invalidated."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    paths: Annotated[int, Field(ge=0)] = 0


class InvalidationUsage(Protocol):
    def read(self, month: str) -> Stored[MonthlyUsage] | None:
        """None if nothing was used yet. Raises Corrupt, Unavailable."""

    def write(self, usage: MonthlyUsage, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: if absent); else raises Conflict."""


def month_of(now: datetime) -> str:
    """CloudFront counts its free paths by calendar month, in UTC."""
    return f"{now:%Y-%m}"


def usage_of(usage: InvalidationUsage, month: str) -> int:
    stored = usage.read(month)
    return stored.value.paths if stored else 0


def record_usage(
    usage: InvalidationUsage, month: str, paths: int, pause: Pause = full_jitter
) -> None:
    """Add `paths` to the month; twice if an answer was lost.

    Raises Unavailable if no attempt succeeds.
    """
    last: Exception | None = None
    for attempt in range(ATTEMPTS):
        try:
            stored = usage.read(month)
            known = stored.value if stored else MonthlyUsage(month=month)
            usage.write(known.with_(paths=known.paths + paths), stored.etag if stored else None)
            return
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"paths of {month}: not counted in {ATTEMPTS} attempts") from last


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
            ample = self.budget > 0 and (
                usage_of(self.usage, month_of(now)) < LONG_TTL_SHARE * self.budget
            )
        except (Corrupt, Unavailable):
            ample = False
        return self.long_s if ample else min(SHORT_TTL_S, self.long_s)
