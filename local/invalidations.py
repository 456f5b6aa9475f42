"""Invalidations: found at the engine, applied at the edge after a lag.

    CreateInvalidation ──── lag_s ────▶ every copy in an edge cache at that moment is dropped
            fill begins ───────────────────────▶ its response arrives: cached, although it is old

The second line is real: CloudFront does not stop a fill in progress, so an old response can be
cached after the invalidation. Therefore the reader never trusts a single response (protocol, T22).
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.cache import EdgeCache, Key, matches_path
from local.distribution import ControlPlane, Invalidation

LONGEST_HOLD_S = 30.0
HOLD_STEP_S = 0.005


@dataclass
class Controls:
    """Injects faults. May be changed at any time, from any thread.

    `losing` has the numbers of the caches that miss invalidations.
    """

    lag_s: float
    losing: frozenset[int] = frozenset()
    pushes: bool = True
    """Whether pages can listen for hints."""
    _held: dict[str, threading.Event] = field(default_factory=dict)

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Delay the origin's responses for `path` (may end with `*`) until the block ends."""
        released = self._held[path] = threading.Event()
        try:
            yield
        finally:
            released.set()
            self._held.pop(path, None)

    async def arrival(self, key: Key) -> None:
        """Returns when a response for `key` may arrive, at the latest after LONGEST_HOLD_S."""
        holds = [held for path, held in list(self._held.items()) if matches_path(path, key)]
        for _ in range(int(LONGEST_HOLD_S / HOLD_STEP_S)):
            if all(held.is_set() for held in holds):
                return
            await asyncio.sleep(HOLD_STEP_S)


@dataclass
class Invalidations:
    """The invalidations known to one edge.

    Those before `since` are done, because the caches were empty then. The engine reports whole
    seconds, so an invalidation can take effect up to one second before its lag is over.
    """

    control: ControlPlane
    controls: Controls
    caches: list[EdgeCache]
    since: float
    _known: set[str] = field(default_factory=set)
    _polling: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pending: list[tuple[Invalidation, tuple[str, ...]]] = field(default_factory=list)

    async def poll(self) -> None:
        """Read new invalidations from the engine. Raises what the control plane raises."""
        async with self._polling:
            for found in await asyncio.to_thread(self.control.invalidations):
                if found.invalidation_id in self._known:
                    continue
                if found.created_at + 1 + self.controls.lag_s >= self.since:
                    paths = await asyncio.to_thread(self.control.paths, found.invalidation_id)
                    self._pending.append((found, paths))
                self._known.add(found.invalidation_id)

    def take_effect(self, now: float) -> None:
        """Apply due invalidations to every cache, except those in `losing`."""
        due = [p for p in self._pending if p[0].created_at + self.controls.lag_s <= now]
        for each in due:
            self._pending.remove(each)
            for number, cache in enumerate(self.caches):
                if number not in self.controls.losing:
                    cache.invalidate(each[1])
