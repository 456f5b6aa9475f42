"""Runs the tests that failed once more, alone: `python -m tests.support.run_again`.

A machine that builds for others stops a process for seconds at times, and a test on engine and
browser that waits for it fails. Such a test passes alone. One that fails again is broken, and if
many failed, the machine is not the reason.
"""

import json
import sys
from pathlib import Path

import pytest

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
MOST = 10


def failed_tests(path: Path) -> list[str]:
    """The ids of the tests that failed in the last run."""
    return sorted(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def main() -> int:
    failed = failed_tests(LAST_FAILED)
    if not 0 < len(failed) <= MOST:
        return 1
    sys.stdout.write("\n".join(["These failed and run once more, alone:", *failed, ""]))
    sys.stdout.flush()
    return int(pytest.main(["--last-failed", "--last-failed-no-failures=none", "-v"]))


if __name__ == "__main__":
    sys.exit(main())
