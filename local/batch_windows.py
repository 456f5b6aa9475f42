"""Has the laptop's engine gather a batch where a queue has a batching window, as AWS does.

MiniStack (1.5.33) stores `MaximumBatchingWindowInSeconds` and takes each message as it comes, so
many moves at once are as many calls of each function behind a window. Here the first message after
a pause is taken at once; those of the window that follows are taken together when it ends, or as
soon as they fill a batch.

    messages   1     2 3  4              5
    batches    1     └─ 2 3 4            5
               ├─ window ─┤
"""

import threading
import time
from collections.abc import Callable
from typing import Any

LONGEST_S = 0.5
"""Shorter than most windows of the template: people watch what one move does on a laptop."""

Mapping = dict[str, Any]
"""An event source mapping, as MiniStack keeps it."""


def _wake_after(seconds: float, wake: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, wake)
    timer.daemon = True
    timer.start()


class BatchWindows:
    """`allowed` is MiniStack's number of batches that may be in flight, `dispatch` starts one, and
    `wake` has it look at the queues."""

    def __init__(
        self,
        allowed: Callable[..., int],
        dispatch: Callable[..., None],
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        after: Callable[[float, Callable[[], None]], None] = _wake_after,
    ) -> None:
        self._allowed, self._dispatch, self._wake = allowed, dispatch, wake
        self._clock, self._after = clock, after
        self._ends: dict[str, float] = {}

    def allowed(
        self, mapping: Mapping, function: Any, config: Any, queue: Mapping | None = None
    ) -> int:
        """0 while the messages of a window are gathered and do not fill a batch."""
        gathered = len((queue or {}).get("messages", ()))
        full = mapping.get("BatchSize", 10)
        if gathered < full and self._clock() < self._ends.get(mapping["UUID"], 0):
            return 0
        return self._allowed(mapping, function, config, queue)

    def dispatch(self, uuid: str, run: Any, mapping: Mapping, *batch: Any) -> None:
        window_s = min(mapping.get("MaximumBatchingWindowInSeconds") or 0, LONGEST_S)
        if window_s:
            self._ends[uuid] = self._clock() + window_s
            self._after(window_s, self._wake)
        self._dispatch(uuid, run, mapping, *batch)


def gather_batches(lambda_svc: Any) -> None:
    windows = BatchWindows(
        lambda_svc._sqs_esm_concurrency, lambda_svc._dispatch_esm_batch, lambda_svc._esm_wake.set
    )
    lambda_svc._sqs_esm_concurrency = windows.allowed
    lambda_svc._dispatch_esm_batch = windows.dispatch
