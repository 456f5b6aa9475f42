"""Many readers on one virtual clock, against a server that the test provides."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.tracking.scenario_player import EPOCH_MS
from tracking.display import Display
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep
from tracking.responses import Response

Server = Callable[[int, Fetch], tuple[Response | None, int]]
"""The answer to a request that is sent at a time (ms from 0), and how long it takes (ms)."""


@dataclass
class Visit:
    """One reader in the fleet, and what it did."""

    reader: Reader
    server: Server
    answer: Response | None = None
    answers_at_ms: int | None = None
    asked_at_ms: list[int] = field(default_factory=list)
    shown: list[tuple[int, Display]] = field(default_factory=list)

    def turn(self, now_ms: int) -> int | None:
        """Does everything that happens now; returns the next time, or None for never."""
        if self.answers_at_ms == now_ms:
            self.reader.receive(self.answer, EPOCH_MS + now_ms)
            self.answers_at_ms = None
        if not self.shown or self.reader.shown != self.shown[-1][1]:
            self.shown.append((now_ms, self.reader.shown))
        step = self.reader.step(EPOCH_MS + now_ms)
        if isinstance(step, Fetch):
            self.asked_at_ms.append(now_ms)
            self.answer, takes_ms = self.server(now_ms, step)
            self.answers_at_ms = now_ms + takes_ms
            return self.answers_at_ms
        return now_ms + step.ms if isinstance(step, Sleep) and step.ms is not None else None


def run(visits: list[Visit], until_ms: int, starts_ms: Callable[[], int]) -> None:
    """Starts each visit at its own time and plays all of them until `until_ms`."""
    moments = [(starts_ms(), number) for number in range(len(visits))]
    heapq.heapify(moments)
    while moments and moments[0][0] <= until_ms:
        now_ms, number = heapq.heappop(moments)
        again_ms = visits[number].turn(now_ms)
        if again_ms is not None:
            heapq.heappush(moments, (again_ms, number))
