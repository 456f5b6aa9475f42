"""Facts onto the bus."""

from collections.abc import Sequence
from typing import Any

from events import FACTS_SOURCE, Fact
from functions.aws.failures import retryable
from functions.ports import Unavailable

PER_CALL = 10
ROUNDS = 4


class EventBridgeBus:
    """`put_events` answers 200 also where entries failed; only those are sent again."""

    def __init__(self, events: Any, bus_name: str) -> None:
        self.events, self.bus_name = events, bus_name

    def announce(self, facts: Sequence[Fact]) -> None:
        entries = [self._entry(fact) for fact in facts]
        for start in range(0, len(entries), PER_CALL):
            self._put(entries[start : start + PER_CALL])

    def _put(self, entries: list[dict[str, str]]) -> None:
        for _ in range(ROUNDS):
            with retryable():
                answer = self.events.put_events(Entries=entries)
            if not answer["FailedEntryCount"]:
                return
            results = zip(entries, answer["Entries"], strict=True)
            entries = [entry for entry, result in results if result.get("ErrorCode")]
        raise Unavailable(f"{len(entries)} facts not taken by the bus in {ROUNDS} rounds")

    def _entry(self, fact: Fact) -> dict[str, str]:
        return {
            "EventBusName": self.bus_name,
            "Source": FACTS_SOURCE,
            "DetailType": type(fact).__name__,
            "Detail": fact.model_dump_json(exclude_none=True),
        }
