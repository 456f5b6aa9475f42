"""Rate limits: how often someone may do something in a window of time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True)
class Limit:
    """At most `most` times in `window`. If it `slides`, every time begins the window again."""

    name: str
    most: int
    window: timedelta
    slides: bool = False


class Limits(Protocol):
    """Counters that expire by themselves; `key` names whose attempts are counted."""

    def take(self, limit: Limit, key: str, now: datetime) -> bool:
        """Counts one attempt. False, and nothing is counted, if the limit is reached."""

    def clear(self, limit: Limit, key: str) -> None: ...

    def wait(self, limit: Limit, key: str, now: datetime) -> timedelta:
        """How long until the counter has room again; zero if it has."""


def retry_after_s(wait: timedelta) -> int:
    """Whole seconds, rounded up, so that a client that waits so long is not refused again."""
    return max(1, -(-wait // timedelta(seconds=1)))
