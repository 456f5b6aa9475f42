"""Random scenarios: every kind of answer and signal, in any order."""

from random import Random
from typing import Any

from tests.tracking.scenario_player import Scenario

Line = dict[str, Any]

PACES = [10, 0.5, 2, 7.5, 60, 300, 1e9, -1, None, "x", [30]]
AGES = ["0", "3", "60", "-4", "x", "99999999999", " 12 "]
WAITS = [
    "0",
    "1",
    "30",
    "7200",
    "-3",
    "1.5",
    "soon",
    "",
    "99999999999999",
    "Sat, 21 Nov 2026 10:00:40 GMT",
    "Sat, 21 Nov 2026 11:00:00 GMT",
    "Sun, 21 Nov 2026 10:00:40 GMT",
    "Saturday, 21-Nov-26 10:00:40 GMT",
]
DATES = ["Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2026 09:59:00 GMT", "x"]
GARBAGE = [
    "",
    "{",
    "null",
    "[]",
    "<html>",
    '{"rev":1e3,"status":"x","terminal":false}',
    '{"rev":7.0,"status":"x","terminal":false}',
    '{"rev":9007199254740993,"status":"x","terminal":false}',
    '{"rev":true,"status":"x","terminal":false}',
    '{"rev":NaN,"status":"x","terminal":false}',
    '\ufeff{"rev":3,"status":"x","terminal":true}',
]


def any_scenario(random: Random) -> Scenario:
    rev = random.randint(1, 9)
    answers: list[Line] = []
    for _ in range(random.choice([3, 20, 60])):
        rev += random.choice([0, 0, 0, 1])
        takes_ms = random.choice([1, 37, 100, 433, 2_501, 9_999])
        answers.append(any_answer(random, rev) | {"takes_ms": takes_ms})
    end = {"status": 200, "view": {"rev": rev + 1, "terminal": True}, "times": "forever"}
    scenario: Scenario = {
        "name": "by chance",
        "random": {"seed": random.randint(0, 2**32 - 1)},
        "signals": any_signals(random),
        "answers": [*answers, end],
        "until_ms": 900_000,
    }
    if random.random() < 0.3:
        scenario["memory"] = any_memory(random)
    if random.random() < 0.3:
        scenario["policy"] = {
            "prepare_budget_s": random.choice([0, 5, 60]),
            "gone_budget_s": random.choice([0, 20]),
            "fallback_pause_s": random.choice([0, 30]),
            "fast_for_s": random.choice([0, 20]),
        }
    return scenario


def any_answer(random: Random, rev: int) -> Line:
    kinds = [any_view] * 7 + [any_unchanged] * 2 + [any_refusal] * 6 + [any_failure] * 4
    return random.choice(kinds)(random, rev)


def any_view(random: Random, rev: int) -> Line:
    """A copy of the view: the newest one, or an older one from a cache."""
    rev = max(1, rev - random.choice([0, 0, 0, 1, 2, 5]))
    headers = {"etag": f'"{rev}"'} if random.random() < 0.6 else {}
    headers |= {"age": random.choice(AGES)} if random.random() < 0.4 else {}
    terminal = random.random() < 0.05
    view = {"rev": rev, "poll_s": random.choice(PACES), "terminal": terminal}
    return {"status": 200, "view": view, "headers": headers}


def any_unchanged(random: Random, rev: int) -> Line:
    return {"status": 304, "headers": {"age": "5"} if random.random() < 0.5 else {}}


def any_refusal(random: Random, rev: int) -> Line:
    status = random.choice([403, 404, 404, 429, 429, 503, 503, 410, 400, 302, 206])
    headers = {"retry-after": random.choice(WAITS)} if random.random() < 0.7 else {}
    headers |= {"date": random.choice(DATES)} if random.random() < 0.4 else {}
    return {"status": status, "headers": headers}


def any_failure(random: Random, rev: int) -> Line:
    if random.random() < 0.4:
        return {"status": random.choice([500, 502, 504])}
    return random.choice([{"fails": "network"}, {"status": 200, "body": random.choice(GARBAGE)}])


def any_signals(random: Random) -> list[Line]:
    at_ms = 0
    signals = []
    for _ in range(random.choice([0, 0, 8, 30])):
        at_ms += random.randint(0, 30_000)
        names = ["hidden", "visible", "visible", "offline", "online", "online", "retry"]
        signals.append({"at_ms": at_ms, "signal": random.choice(names)})
    return signals


def any_memory(random: Random) -> Line:
    checked_at_ms = random.choice([-5_000, -100_000, 99_999])
    view = {"rev": random.randint(1, 9), "poll_s": random.choice([10, 60])}
    return {"view": view, "etag": random.choice([None, '"m"']), "checked_at_ms": checked_at_ms}
