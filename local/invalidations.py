"""Invalidations: noticed at the engine, and taking effect at the edge some time later.

    CreateInvalidation ──── lag_s ────▶ every copy an edge cache holds at that moment is dropped
            fill begins ───────────────────────▶ its answer arrives: kept, although it is old

That second line is real: CloudFront does not stop a fill that is under way, so an old answer can be
cached again after the invalidation. It is why the reader never trusts one answer (protocol, T22).
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local.cache import EdgeCache, Key, is_named
from local.distribution import ControlPlane, Invalidation

LONGEST_HOLD_S = 30.0
HOLD_STEP_S = 0.005


@dataclass
class Controls:
    """Faults on tap. May be changed at any time, from any thread.

    `losing` names the caches (0, 1, …) that never hear of an invalidation taking effect now.
    """

    lag_s: float
    losing: frozenset[int] = frozenset()
    _held: dict[str, threading.Event] = field(default_factory=dict)

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """The origin's answers for `path` (`*` at the end allowed) arrive when the block ends."""
        released = self._held[path] = threading.Event()
        try:
            yield
        finally:
            released.set()
            self._held.pop(path, None)

    async def arrival(self, key: Key) -> None:
        """Returns when an answer for `key` may arrive; at the latest after LONGEST_HOLD_S."""
        holds = [held for path, held in list(self._held.items()) if is_named(path, key)]
        for _ in range(int(LONGEST_HOLD_S / HOLD_STEP_S)):
            if all(held.is_set() for held in holds):
                return
            await asyncio.sleep(HOLD_STEP_S)


@dataclass
class Invalidations:
    """The invalidations one edge has heard of.

    Older than `since` counts as done: the caches were empty then. The engine reports whole
    seconds, so an invalidation can take effect up to one second before its lag is over.
    """

    control: ControlPlane
    controls: Controls
    caches: list[EdgeCache]
    since: float
    _known: set[str] = field(default_factory=set)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _pending: list[tuple[Invalidation, tuple[str, ...]]] = field(default_factory=list)

    async def look(self) -> None:
        """Ask the engine for new ones. Raises what the control plane raises."""
        async with self._looking:
            for found in await asyncio.to_thread(self.control.invalidations):
                if found.invalidation_id in self._known:
                    continue
                if found.created_at + 1 + self.controls.lag_s >= self.since:
                    paths = await asyncio.to_thread(self.control.paths, found.invalidation_id)
                    self._pending.append((found, paths))
                self._known.add(found.invalidation_id)

    def take_effect(self, now: float) -> None:
        """Apply what is due to every cache that is not losing it."""
        due = [p for p in self._pending if p[0].created_at + self.controls.lag_s <= now]
        for each in due:
            self._pending.remove(each)
            for number, cache in enumerate(self.caches):
                if number not in self.controls.losing:
                    cache.forget(each[1])
