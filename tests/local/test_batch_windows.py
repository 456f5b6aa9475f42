"""When the laptop's engine takes a batch from a queue with a batching window."""

from collections.abc import Callable
from typing import Any

from local.batch_windows import LONGEST_S, BatchWindows

BOARD: dict[str, Any] = {"UUID": "board", "BatchSize": 3, "MaximumBatchingWindowInSeconds": 1}
ADVANCE: dict[str, Any] = {"UUID": "advance", "BatchSize": 3}


class Engine:
    """Two batches may be in flight; time passes when told."""

    def __init__(self) -> None:
        self.now, self.timers, self.woken = 0.0, list[tuple[float, Callable[[], None]]](), 0
        self.taken = list[str]()
        self.windows = BatchWindows(
            lambda *_: 2,
            lambda uuid, *_: self.taken.append(uuid),
            self._wake,
            clock=lambda: self.now,
            after=lambda seconds, wake: self.timers.append((seconds, wake)),
        )

    def _wake(self) -> None:
        self.woken += 1

    def allows(self, mapping: dict[str, Any], messages: int = 1) -> bool:
        return self.windows.allowed(mapping, {}, {}, {"messages": [{}] * messages}) > 0

    def takes(self, mapping: dict[str, Any]) -> None:
        self.windows.dispatch(mapping["UUID"], None, mapping)


def test_the_first_message_after_a_pause_is_taken_at_once() -> None:
    assert Engine().allows(BOARD)


def test_those_of_the_window_that_follows_wait_until_it_ends() -> None:
    engine = Engine()
    engine.takes(BOARD)
    engine.now = LONGEST_S - 0.01
    assert not engine.allows(BOARD)
    engine.now = LONGEST_S
    assert engine.allows(BOARD)


def test_messages_that_fill_a_batch_do_not_wait() -> None:
    engine = Engine()
    engine.takes(BOARD)
    assert engine.allows(BOARD, messages=3)


def test_a_queue_without_a_window_does_not_wait() -> None:
    engine = Engine()
    engine.takes(ADVANCE)
    assert engine.allows(ADVANCE)


def test_one_queue_does_not_wait_for_another() -> None:
    engine = Engine()
    engine.takes(BOARD)
    assert engine.allows({**BOARD, "UUID": "edge"})


def test_the_engine_is_woken_when_the_window_ends() -> None:
    engine = Engine()
    engine.takes(BOARD)
    [(seconds, wake)] = engine.timers
    assert seconds == LONGEST_S
    wake()
    assert engine.woken == 1


def test_every_batch_is_passed_on() -> None:
    engine = Engine()
    engine.takes(BOARD)
    assert engine.taken == ["board"]
