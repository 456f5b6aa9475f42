"""Mutation testing: small changes of the code, each of which some test has to notice.

    python -m tests.mutants [AREA …]     `make mutants AREAS="fit deadlines"`; all areas without one

mutmut makes the mutants and runs the tests of an area in forks, in a copy of the tree. A mutant
that changes nothing anyone can see is listed with its reason in `equivalent_mutants.txt`.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".build" / "mutants"
EQUIVALENT = Path(__file__).parent / "equivalent_mutants.txt"
LONGEST_S = 1500
"""For one area; what is not tried by then is named."""
PROCESSES = os.environ.get("PROCESSES", "2")


@dataclass(frozen=True)
class Area:
    """Files whose mutants are made, and the tests that have to notice them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


DOMAIN = "tests/statemachine"
AREAS = {
    "lifecycle": Area(
        ("statemachine/rules/lifecycle.py", "statemachine/rules/undo.py"),
        (
            f"{DOMAIN}/rules/test_lifecycle.py",
            f"{DOMAIN}/test_event_orders.py",
            f"{DOMAIN}/rules/test_undo.py",
            f"{DOMAIN}/rules/test_proof_of_service.py",
            f"{DOMAIN}/rules/test_reschedule.py",
            "tests/functions/test_advance_job.py",
            "tests/functions/test_edit_job.py",
        ),
    ),
    "fit": Area(
        ("statemachine/schedule/fit.py", "statemachine/schedule/reservations.py"),
        (f"{DOMAIN}/schedule/test_fit.py", f"{DOMAIN}/test_crew.py", "tests/functions/people"),
    ),
    "deadlines": Area(
        ("statemachine/rules/deadlines.py",),
        (f"{DOMAIN}/rules/test_deadlines.py", f"{DOMAIN}/rules/test_lifecycle.py"),
    ),
    "protocol": Area(
        (
            "functions/protocol/compare_and_swap.py",
            "functions/protocol/resume_execution.py",
            "functions/protocol/batches.py",
            "functions/jobs/wait.py",
            "functions/jobs/settle.py",
        ),
        (
            "tests/functions/protocol/test_compare_and_swap.py",
            "tests/functions/protocol/test_batches.py",
            "tests/functions/protocol/test_protocol.py",
            "tests/functions/test_register_wait.py",
            "tests/functions/test_settle_job.py",
        ),
    ),
    "slots": Area(
        ("statemachine/schedule/slots.py", "functions/jobs/take_slot.py"),
        (f"{DOMAIN}/schedule/test_slots.py", "tests/functions/test_take_slot.py"),
    ),
    "messages": Area(
        ("functions/messages/sms_once.py", "statemachine/messages/owed_texts.py"),
        ("tests/functions/messages",),
    ),
    "watchdog": Area(
        (
            "functions/repair/watch.py",
            "functions/repair/repair_job.py",
            "functions/repair/repair_execution.py",
        ),
        ("tests/functions/test_watch_jobs.py", "tests/functions/repair"),
    ),
    "hooks": Area(
        (
            "functions/messages/webhook_delivery.py",
            "functions/messages/webhook_schedule.py",
            "functions/messages/fan_out.py",
        ),
        ("tests/functions/messages",),
    ),
    "people": Area(
        (
            "functions/people/reserve.py",
            "functions/people/assign_crew.py",
            "functions/people/sessions.py",
            "functions/people/sign_in.py",
        ),
        ("tests/functions/people", "tests/api/test_sign_in.py", "tests/api/test_sessions.py"),
    ),
    "reader": Area(("tracking/reader.py", "tracking/polling_policy.py"), ("tests/tracking",)),
}
NOTICED = ("killed", "caught by type check", "segfault", "timeout")


def settings_of(area: Area) -> str:
    """For mutmut. Only mutated files are in `only_mutate`; the rest is copied as it is."""
    packages = ["cli", "deploy", "events", "functions", "local", "statemachine", "tracking"]
    others = ["bench", "docs", "edge", "spec", "web", "template.yaml", "README.md"]
    # moto runs in one process for all forks, so that it would know what an earlier one has stored.
    marks = ["-m", "not engine and not browser", "-k", "not moto", "-p", "no:cacheprovider"]
    lines = {
        "source_paths": packages,
        "only_mutate": list(area.files),
        "also_copy": [*others, "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "locks"],
        "pytest_add_cli_args": marks,
        "pytest_add_cli_args_test_selection": list(area.tests),
    }
    return "\n[tool.mutmut]\n" + "".join(f"{key} = {value!r}\n" for key, value in lines.items())


def copied_tree() -> Path:
    """The files of the tree, changed or not, in a folder of their own."""
    shutil.rmtree(WORK, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (WORK / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, WORK / name)
    return WORK


def equivalent() -> set[str]:
    """`function | line before | line after`; a reason follows in the file."""
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines()
    rows = (line.split(" | ") for line in lines if line and not line.startswith("#"))
    return {" | ".join(row[:3]) for row in rows}


def mutmut(*arguments: str, longest_s: float = 600) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=WORK, capture_output=True, text=True, timeout=longest_s, check=False,
    )  # fmt: skip
    return ran.stdout + ran.stderr


def outcomes() -> Iterator[tuple[str, str]]:
    """Each mutant's name and what became of it."""
    for line in mutmut("results", "--all", "true").splitlines():
        if found := re.fullmatch(r"\s+(\S+__mutmut_\d+): (.+)", line):
            yield found[1], found[2]


def described(name: str) -> str:
    """`function | line before | line after`, which stays the same while the line does."""
    diff = mutmut("show", name).splitlines()
    gone = [line[1:].strip() for line in diff if line.startswith("-") and line[:3] != "---"]
    come = [line[1:].strip() for line in diff if line.startswith("+") and line[:3] != "+++"]
    changed = [(a, b) for a, b in zip(gone, come, strict=False) if a != b] or [("?", "?")]
    function = name.rpartition("__mutmut_")[0].rpartition(".")[2].lstrip("x_").replace("ǁ", ".")
    return f"{function.strip('.')} | {changed[0][0]} | {changed[0][1]}"


def try_area(name: str) -> bool:
    """Print the survivors; whether there are none but equivalent ones."""
    began, area = time.monotonic(), AREAS[name]
    project = copied_tree() / "pyproject.toml"
    project.write_text(project.read_text(encoding="utf-8") + settings_of(area), encoding="utf-8")
    try:
        said = mutmut("run", "--max-children", PROCESSES, longest_s=LONGEST_S)
    except subprocess.TimeoutExpired:
        said = f"not finished in {LONGEST_S} s"
    made = dict(outcomes())
    tried = {mutant: outcome for mutant, outcome in made.items() if outcome != "not checked"}
    if not tried:
        print(f"{name}: no mutant was tried:\n{said[-2000:]}")
        return False
    known, survivors = equivalent(), list[str]()
    for mutant, outcome in tried.items():
        if outcome not in NOTICED:
            line = described(mutant)
            if line not in known:
                survivors.append(f"  {outcome}: {line}   ({mutant})")
    noticed = sum(outcome in NOTICED for outcome in tried.values())
    same = len(tried) - noticed - len(survivors)
    share = 100 * noticed / max(1, len(tried) - same)
    print(
        f"{name}: {len(tried)} of {len(made)} mutants tried, {noticed} noticed, {same} equivalent, "
        f"{len(survivors)} survive ({share:.1f} % noticed) in {time.monotonic() - began:.0f} s"
    )
    print("\n".join(survivors), flush=True)
    return not survivors


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in AREAS]
    if unknown:
        print(f"no area {unknown[0]}; there are: {', '.join(AREAS)}")
        return 2
    tried = [try_area(name) for name in names or AREAS]
    return 0 if all(tried) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
