"""Mistakes put into the code, one line each, in memory: the simulation has to find every one.

    python -m tests.simulation.mistakes [NAME]

prints for each the rule that it breaks and the smallest run that shows it.
"""

import importlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from tests.simulation.play import Outcome, play_seed, report, simplest

SEEDS, STEPS = 60, 300


@dataclass(frozen=True)
class Mistake:
    """In the function `at`, `right` becomes `wrong`; a run then breaks `rule`."""

    name: str
    at: str
    right: str
    wrong: str
    rule: str
    seed: int
    """The first one to try: the lowest that found the mistake when someone last looked."""

    def found_in_code(self) -> FunctionType:
        """`package.module:Class.method`, or `package.module:function`."""
        module, _, path = self.at.partition(":")
        found: Any = importlib.import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        assert isinstance(found, FunctionType)
        return found


MISTAKES = (
    Mistake(
        "a write without its condition",
        "functions.protocol.compare_and_swap:commit",
        "jobs.replace(job, stored.etag)",
        "jobs.replace(job, jobs.read(tenant, job_id).etag)",
        "a version is higher than the one before",
        0,
    ),
    Mistake(
        "a copy of a move is judged again",
        "statemachine.rules.lifecycle:judge",
        "if copy_of(job, request):",
        "if False:",
        "an event counts once",
        3,
    ),
    Mistake(
        "an older wait wins",
        "functions.jobs.wait:_registered",
        "not epoch.newer_than(job.wait.epoch)",
        "False",
        "newer waits win",
        0,
    ),
    Mistake(
        "only the last of several moves is announced",
        "functions.jobs.settle:SettleJob.settled",
        "for each in unsettled]",
        "for each in unsettled[-1:]]",
        "moves are announced in order",
        4,
    ),
    Mistake(
        "a view is written over a newer one",
        "functions.views.write_view:write_view",
        "if rev >= view.rev:",
        "if rev == view.rev:",
        "a view never goes back",
        19,
    ),
    Mistake(
        "an older card replaces a newer one",
        "statemachine.views.views:Board.merged",
        "known.rev < card.rev",
        "known.rev != card.rev",
        "a card never goes back",
        14,
    ),
    Mistake(
        "an older copy of the view is shown",
        "tracking.reader:Reader._there",
        "new.rev < known.rev",
        "new.rev < 0",
        "what a customer sees never goes back",
        23,
    ),
    Mistake(
        "the last slot is given without counting",
        "functions.jobs.take_slot:TakeSlot._room",
        "if offered.left(others):",
        "if offered.capacity:",
        "no window is oversold",
        6,
    ),
    Mistake(
        "a crew is reserved whatever else it has to do",
        "functions.people.reserve:Reserve._stale",
        "if not _obstacles(mine, theirs):",
        "if True:",
        "all jobs can be done",
        23,
    ),
    Mistake(
        "an opt-out is not looked up",
        "functions.messages.customer_sms:SendSms._refusal",
        "if read.stopped:",
        "if False:",
        "no text after STOP",
        0,
    ),
    Mistake(
        "quiet hours are those of UTC",
        "statemachine.business.business:quiet_until",
        "ZoneInfo(tenant.time_zone)",
        'ZoneInfo("UTC")',
        "no text in quiet hours",
        0,
    ),
)


@contextmanager
def made(mistake: Mistake) -> Iterator[None]:
    """The code with the mistake. Everyone who has imported the function runs it."""
    function = mistake.found_in_code()
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(mistake.right) == 1, f"{mistake.at} has no {mistake.right!r}"
    names: dict[str, Any] = {}
    code = "from __future__ import annotations\n" + source.replace(mistake.right, mistake.wrong)
    exec(compile(code, mistake.at, "exec"), function.__globals__, names)
    right, function.__code__ = function.__code__, names[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = right


def found(first: int = 0) -> tuple[int, Outcome] | None:
    """A seed that breaks a rule, and what became of it; `first` is tried before all others."""
    for seed in (first, *range(SEEDS)):
        outcome = play_seed(seed, STEPS)
        if outcome.broken:
            return seed, outcome
    return None


def main(names: list[str]) -> int:
    missed = 0
    for mistake in MISTAKES:
        if names and mistake.name not in names:
            continue
        with made(mistake):
            hit = found()
            print(f"\n== {mistake.name}: {mistake.at}")
            if hit is None:
                print("   NOT FOUND")
                missed += 1
                continue
            seed, outcome = hit
            small = simplest(outcome, STEPS)
            size = f"{len(outcome.choices)} choices, made smaller to {len(small.choices)}"
            print(f"   seed {seed}: {outcome.rule}; {size}", flush=True)
            print(textwrap.indent(report(small), "   "), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
