"""Many long runs of the simulated world, and what they did: `make soak`.

    python -m tests.simulation.soak [RUNS] [STEPS] [FIRST SEED]

A seed that breaks a rule is printed with its smallest run, and the others go on.
"""

import sys
import time
from collections import Counter

from tests.simulation.play import play_seed, report, simplest

RUNS, STEPS = 1000, 500


def main(arguments: list[str]) -> int:
    given = [int(argument) for argument in arguments]
    runs, steps, first = [*given, *(RUNS, STEPS, 0)[len(given) :]]
    began, broken = time.monotonic(), list[int]()
    done: Counter[str] = Counter()
    injected: Counter[str] = Counter()
    for seed in range(first, first + runs):
        outcome = play_seed(seed, steps)
        injected += outcome.injected
        done["steps with faults"] += outcome.steps
        done["steps at rest"] += outcome.steps_at_rest
        done["steps in which another handler went first"] += outcome.interleaved
        if outcome.broken:
            broken.append(seed)
            small = simplest(outcome, steps)
            print(f"\nseed {seed} breaks: {outcome.rule}\n{report(small)}", flush=True)
    print(f"{runs:,} runs in {time.monotonic() - began:.0f} s")
    for what, count in done.items():
        print(f"{count:12,} {what}")
    for what, count in sorted(injected.items()):
        print(f"{count:12,} × {what}")
    print(f"{len(broken)} runs broke a rule: {broken}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
