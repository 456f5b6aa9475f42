"""The freshness budget: views are invalidated while the month's paths last, short-lived after.

    spent   0 ─────────────── 90 % ─────── 100 % of the month's paths ───
    views   long at the edge    │ two seconds
    edge    told of each change                │ told no more

The last tenth is there so that when the telling ends, hardly a long-lived view is left out there.
Two batches at the same moment can go over the budget by one of them.
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
AMPLE = 0.9
ASKED_AGAIN = timedelta(minutes=1)


class MonthlyUsage(Frozen):
    """`ops/invalidations/{month}.json`: how many paths the edge was told to forget."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    paths: Annotated[int, Field(ge=0)] = 0


class InvalidationUsage(Protocol):
    def read(self, month: str) -> Stored[MonthlyUsage] | None:
        """None where nothing was spent yet. Raises Corrupt, Unavailable."""

    def write(self, spent: MonthlyUsage, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: only if absent); else Conflict."""


def month_of(now: datetime) -> str:
    """CloudFront counts its free paths by the month, in UTC."""
    return f"{now:%Y-%m}"


def usage_of(usage: InvalidationUsage, month: str) -> int:
    stored = usage.read(month)
    return stored.value.paths if stored else 0


def record_usage(
    usage: InvalidationUsage, month: str, paths: int, pause: Pause = full_jitter
) -> None:
    """Count them; once too often where an answer was lost. Raises Unavailable past the bound."""
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

    Where the count cannot be read, the view is short-lived: its writing must not wait for it.
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
            self._ttl_s, self._until = self._looked_up(now), now + ASKED_AGAIN
        return self._ttl_s

    def _looked_up(self, now: datetime) -> int:
        try:
            ample = self.budget > 0 and (usage_of(self.usage, month_of(now)) < AMPLE * self.budget)
        except (Corrupt, Unavailable):
            ample = False
        return self.long_s if ample else min(SHORT_TTL_S, self.long_s)
