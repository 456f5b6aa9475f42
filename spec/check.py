"""Check the models with SPIN: every state that they can come to.

    python -m spec.check            everything, in some minutes: `make spec`
    python -m spec.check --quick    what the tests check, in less than a minute

A deliberate mistake in a model has to be found; a sound model must have none.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
MEMORY_MB = 8000
LONGEST_S = 1800


@dataclass(frozen=True)
class Check:
    """One run of the checker. `flags` are the model's macros; `mistake` is one it must find.

    `optimization` is gcc's: what is searched in a second takes longer to optimize than to search.
    """

    model: str
    flags: tuple[str, ...] = ()
    mistake: str | None = None
    optimization: int = 0

    @property
    def title(self) -> str:
        return " ".join([self.model, *self.flags, *([self.mistake] if self.mistake else [])])

    @property
    def macros(self) -> list[str]:
        mistake = [f"MISTAKE_{self.mistake}"] if self.mistake else []
        return [f"-D{macro}" for macro in (*self.flags, *mistake)]


@dataclass(frozen=True)
class Found:
    """How many states there are, and the property that one of them violates, or None."""

    states: int
    seconds: float
    violated: str | None


QUICK = (
    Check("job", ("SCENARIO=1", "FAULTS=0")),
    Check("job", ("SCENARIO=2", "FAULTS=0")),
    Check("job", ("SCENARIO=4", "FAULTS=2")),
    Check("text", ("FAULTS=2",)),
    Check("merge"),
    Check("reader"),
    Check("reader", ("HINTS_NAME_THE_COPY",)),
    Check("slot", ("FAULTS=1",)),
)
FULL = (
    Check("job", ("SCENARIO=1", "FAULTS=1"), optimization=1),
    Check("job", ("SCENARIO=2", "FAULTS=1"), optimization=1),
    Check("job", ("SCENARIO=3", "FAULTS=0"), optimization=1),
    Check("job", ("SCENARIO=3", "FAULTS=1"), optimization=1),
    Check("job", ("SCENARIO=4", "FAULTS=3"), optimization=1),
    Check("job", ("SCENARIO=4", "FAULTS=1", "ROUNDS=2"), optimization=1),
    Check("text", ("FAULTS=4",), optimization=1),
    Check("merge", ("REVS=5",), optimization=1),
    Check("reader", ("REVS=5", "FALSE_HINTS=2"), optimization=1),
    Check("slot", ("FAULTS=2",), optimization=1),
)
MISTAKES = (
    Check("job", ("SCENARIO=2",), "UNCONDITIONAL_WRITE"),
    Check("job", ("SCENARIO=1",), "NO_IDEMPOTENCY"),
    Check("job", ("SCENARIO=1",), "TOKEN_BEFORE_WRITE"),
    Check("job", ("SCENARIO=1", "FAULTS=0"), "EARLY_FORGOTTEN"),
    Check("job", ("SCENARIO=1", "FAULTS=0"), "NO_LOOK_AFTER_WAIT"),
    Check("job", ("SCENARIO=1",), "OLD_WAIT_WINS"),
    Check("job", ("SCENARIO=2",), "VIEW_GOES_BACK"),
    Check("job", ("SCENARIO=4", "ROUNDS=2"), "ANY_GENERATION_REPLACED"),
    Check("text", (), "EXPIRED_CLAIM_SENT_AGAIN"),
    Check("text", (), "UNKNOWN_TRIED_AGAIN"),
    Check("text", (), "CLAIM_UNCONDITIONAL"),
    Check("text", (), "QUESTION_AFTER_SEND"),
    Check("text", (), "PAST_IS_SENT"),
    Check("merge", (), "NO_MERGE"),
    Check("merge", (), "WRITE_WITHOUT_CONDITION"),
    Check("reader", (), "OLDER_IS_SHOWN"),
    Check("reader", (), "HINT_IS_BELIEVED"),
    Check("reader", (), "WAITS_FOR_A_HINT"),
    Check("slot", (), "COUNTED_BEFORE_READ"),
    Check("slot", (), "GIVEN_BACK_FIRST"),
    Check("slot", (), "ABANDONED_FOR_EVER"),
)


def run_checker(check: Check, files: Sequence[Path] = (), longest_s: float = LONGEST_S) -> Found:
    """Build the checker of one model and run it. `files` are included by the model.

    Raises RuntimeError with what the tool said if the model cannot be built, or not be searched
    completely.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in (FOLDER / f"{check.model}.pml", *files):
            (folder / file.name).write_bytes(file.read_bytes())
        _said(["spin", *check.macros, "-a", f"{check.model}.pml"], folder)
        build = [f"-O{check.optimization}", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={MEMORY_MB}"]
        _said(["gcc", *build, "-o", "pan", "pan.c"], folder)
        # A trace blocks whatever it does not have: that is no deadlock.
        ends = ["-E"] if "TRACE" in check.flags else []
        said = _said(["./pan", "-m200000", *ends], folder, longest_s)
    states = re.search(r"([\d.e+]+) states, stored", said)
    if states is None or "max search depth too small" in said or "out of memory" in said:
        raise RuntimeError(f"{check.title}: the search is not complete:\n{said[-2000:]}")
    violated = re.search(r"pan:1: (.*)", said)
    seconds = time.monotonic() - began
    return Found(int(float(states[1])), seconds, violated[1] if violated else None)


def _said(command: Sequence[str], folder: Path, longest_s: float = 300) -> str:
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=longest_s, check=False
    )
    if ran.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{ran.stdout[-1000:]}{ran.stderr[-1000:]}")
    return ran.stdout


def main(arguments: Sequence[str]) -> int:
    checks = [*QUICK, *(() if "--quick" in arguments else FULL), *MISTAKES]
    wrong, states = 0, 0
    print(f"{'model':60} {'states':>12} {'seconds':>8}  result")
    for check in checks:
        found = run_checker(check)
        right = (found.violated is None) == (check.mistake is None)
        result = {(True, True): "mistake found", (False, True): "holds"}.get(
            (check.mistake is not None, right), f"WRONG: {found.violated or 'mistake not found'}"
        )
        print(f"{check.title:60} {found.states:12,} {found.seconds:8.1f}  {result}", flush=True)
        wrong, states = wrong + (not right), states + found.states
    print(f"{len(checks)} runs, {states:,} states, {wrong} not as expected")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
