"""Play a scenario on a virtual clock, and leave a trace of all that the reader did and showed.

`tracking/scenarios/README.md` has the format. To record traces again, then read every change:

    python -m tests.tracking.scenario_player --record tracking/scenarios/*.json
"""

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

from tracking.display import Display
from tracking.polling_policy import Policy
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep, Stop
from tracking.responses import Response, rev_of
from tracking.saved_view import SavedView, saved_view_in

Scenario = dict[str, Any]
Trace = list[dict[str, Any]]

SCENARIOS = Path(__file__).parents[2] / "tracking" / "scenarios"
EPOCH_MS = 1_795_255_200_000
"""2026-11-21T10:00:00Z, the time 0 of every scenario."""
VIEW = {
    "rev": 7,
    "job_id": "261121-7k3m2q",
    "flow": "haul",
    "status": "in_progress",
    "terminal": False,
    "poll_s": 10,
    "updated_at": "2026-11-21T10:00:00.000Z",
}
TAKES_MS = 100
NEVER = math.inf


def scenarios() -> list[Scenario]:
    files = [json.loads(path.read_text()) for path in sorted(SCENARIOS.glob("*.json"))]
    return [scenario for file in files for scenario in file]


def play(scenario: Scenario) -> Trace:
    return Player(scenario).play()


def mulberry32(seed: int) -> Callable[[], float]:
    """A small random generator that gives the same numbers in JavaScript (Tommy Ettinger, 2017)."""
    state = seed & 0xFFFFFFFF

    def following() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        mixed = _imul(state ^ state >> 15, state | 1)
        mixed ^= (mixed + _imul(mixed ^ mixed >> 7, mixed | 61)) & 0xFFFFFFFF
        return (mixed ^ mixed >> 14) / 2**32

    return following


def _imul(one: int, other: int) -> int:
    return one * other & 0xFFFFFFFF


def random_of(scenario: Scenario) -> Callable[[], float]:
    """The scenario's numbers, repeated, or those of its seed; 0.5 without any."""
    numbers = scenario.get("random", [0.5])
    if isinstance(numbers, dict):
        return mulberry32(numbers["seed"])
    endless = cycle(numbers)
    return lambda: float(next(endless))


def policy_of(scenario: Scenario) -> Policy:
    """Without `fast_for_s`, the pace is that of the view: most scenarios are about other rules."""
    return replace(Policy(), **{"fast_for_s": 0} | scenario.get("policy", {}))


def view_of(overrides: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    return {key: value for key, value in (VIEW | overrides).items() if key not in without}


def memory_text_of(scenario: Scenario) -> str | None:
    memory = scenario.get("memory")
    if memory is None:
        return scenario.get("memory_text")
    checked_at_ms = EPOCH_MS + memory["checked_at_ms"]
    return SavedView(view_of(memory["view"]), memory.get("etag"), checked_at_ms).to_text()


def answers_of(scenario: Scenario) -> Iterator[dict[str, Any]]:
    for answer in scenario["answers"]:
        times = answer.get("times", 1)
        while times == "forever":
            yield answer
        yield from [answer] * times


def answer_in(line: dict[str, Any]) -> Response | None:
    """The HTTP answer that `line` describes; None if the request fails."""
    if "fails" in line:
        return None
    body = line.get("body", "")
    if "view" in line:
        body = json.dumps(view_of(line["view"], tuple(line.get("without", ()))))
    return Response(line["status"], line.get("headers", {}), body)


def shown_in_trace(shown: Display, at_ms: int) -> dict[str, Any]:
    line: dict[str, Any] = {"at_ms": at_ms, "show": shown.kind}
    if shown.view is not None:
        checked = shown.checked_at_ms
        line |= {"rev": rev_of(shown.view)}
        line |= {"checked_at_ms": None if checked is None else checked - EPOCH_MS}
    return line | ({"reason": shown.reason} if shown.reason else {})


def asked_in_trace(
    source: str, etag: str | None, at_ms: int, rev: int | None = None
) -> dict[str, Any]:
    line = {"at_ms": at_ms, "get": source} | ({"hinted": rev} if rev is not None else {})
    return line | ({"if_none_match": etag} if etag is not None else {})


class Player:
    """At the same moment, the order is: answer, signals, what is shown, step."""

    def __init__(self, scenario: Scenario) -> None:
        self.trace: Trace = []
        self.shown: list[Display] = []
        self._answers = answers_of(scenario)
        self._signals = list(scenario.get("signals", []))
        self._until_ms = scenario.get("until_ms", NEVER)
        self._coming: tuple[int, dict[str, Any]] | None = None
        remembered = saved_view_in(memory_text_of(scenario))
        self._reader = Reader(EPOCH_MS, policy_of(scenario), random_of(scenario), remembered)

    @property
    def kept(self) -> str | None:
        """The text that would be stored now."""
        remembered = self._reader.remembered
        return None if remembered is None else remembered.to_text()

    def play(self) -> Trace:
        now_ms = 0.0
        while now_ms <= self._until_ms and now_ms != NEVER:
            now_ms = self._moment(int(now_ms))
        return self.trace

    def _moment(self, now_ms: int) -> float:
        """Does everything that happens at `now_ms`; returns the next time."""
        if self._coming is not None and self._coming[0] == now_ms:
            line, self._coming = self._coming[1], None
            self._reader.receive(answer_in(line), EPOCH_MS + now_ms)
        while self._signals and self._signals[0]["at_ms"] == now_ms:
            self._take(self._signals.pop(0), EPOCH_MS + now_ms)
        self._note_shown(now_ms)
        wake_ms = self._step(now_ms)
        signal_ms = self._signals[0]["at_ms"] if self._signals else NEVER
        return min(wake_ms, signal_ms, self._coming[0] if self._coming is not None else NEVER)

    def _take(self, line: dict[str, Any], now_ms: int) -> None:
        if "hint" in line:
            self._reader.hint(line["hint"], now_ms)
        else:
            self._reader.signal(line["signal"], now_ms)

    def _note_shown(self, now_ms: int) -> None:
        shown = self._reader.shown
        if not self.shown or shown != self.shown[-1]:
            self.shown.append(shown)
            self.trace.append(shown_in_trace(shown, now_ms))

    def _step(self, now_ms: int) -> float:
        step = self._reader.step(EPOCH_MS + now_ms)
        if isinstance(step, Fetch):
            self.trace.append(asked_in_trace(step.source, step.if_none_match, now_ms, step.rev))
            line = next(self._answers)
            self._coming = (now_ms + line.get("takes_ms", TAKES_MS), line)
        elif isinstance(step, Sleep) and step.ms is not None:
            return now_ms + step.ms
        elif isinstance(step, Stop) and "stop" not in self.trace[-1]:
            self.trace.append({"at_ms": now_ms, "stop": True})
        return NEVER


def text_of(played: list[Scenario]) -> str:
    """A scenario file with a line for each event, so that diffs are readable."""
    return "[\n" + ",\n".join(_text_of_one(one) for one in played) + "\n]\n"


def _text_of_one(scenario: Scenario) -> str:
    fields = ",\n".join(f"  {json.dumps(key)}: {_value(value)}" for key, value in scenario.items())
    return " {\n" + fields + "\n }"


def _value(value: Any) -> str:
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return json.dumps(value)
    return "[\n" + ",\n".join(f"    {json.dumps(line)}" for line in value) + "\n  ]"


def record(path: Path) -> None:
    played = [one | {"trace": play(one)} for one in json.loads(path.read_text())]
    path.write_text(text_of(played))


if __name__ == "__main__":
    if sys.argv[1:2] != ["--record"]:
        sys.exit(__doc__)
    for name in sys.argv[2:]:
        record(Path(name))
