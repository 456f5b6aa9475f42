"""Puts facts and requests on the bus."""

from collections.abc import Sequence
from typing import Any

from events import FACTS_SOURCE, TEXTS_SOURCE, Fact, Request
from functions.aws.errors import retryable
from functions.aws.metrics import LogMetrics, count_facts
from functions.aws.tracing import trace_header
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Unavailable

PER_CALL = 10
ROUNDS = 4


def put_events(events: Any, entries: Sequence[dict[str, str]]) -> None:
    """Put `entries` on the bus with the boto client `events`.

    EventBridge answers 200 even if some entries failed; only those are sent again. Raises
    Unavailable if some still fail after `ROUNDS` rounds.
    """
    for start in range(0, len(entries), PER_CALL):
        _put_some(events, list(entries[start : start + PER_CALL]))


def _put_some(events: Any, entries: list[dict[str, str]]) -> None:
    for _ in range(ROUNDS):
        with retryable():
            answer = events.put_events(Entries=entries)
        if not answer["FailedEntryCount"]:
            return
        results = zip(entries, answer["Entries"], strict=True)
        entries = [entry for entry, result in results if result.get("ErrorCode")]
    raise Unavailable(f"{len(entries)} events not taken by the bus in {ROUNDS} rounds")


class _Bus:
    source: str

    def __init__(self, events: Any, bus_name: str) -> None:
        self.events, self.bus_name = events, bus_name

    def _put_all(self, messages: Sequence[Fact | Request]) -> None:
        put_events(self.events, [self._entry(message) for message in messages])

    def _entry(self, message: Fact | Request) -> dict[str, str]:
        return {
            "EventBusName": self.bus_name,
            "Source": self.source,
            "DetailType": type(message).__name__,
            "Detail": message.model_dump_json(exclude_none=True),
        } | ({"TraceHeader": trace} if (trace := trace_header()) else {})


class EventBridgeBus(_Bus):
    source = FACTS_SOURCE

    def __init__(self, events: Any, bus_name: str, metrics: Metrics | None = None) -> None:
        super().__init__(events, bus_name)
        self.metrics = metrics or LogMetrics()

    def announce(self, facts: Sequence[Fact]) -> None:
        self._put_all(facts)
        count_facts(self.metrics, facts)


class EventBridgeRequests(_Bus):
    """Requests from customers' texts."""

    source = TEXTS_SOURCE

    def ask(self, requests: Sequence[Request]) -> None:
        self._put_all(requests)
