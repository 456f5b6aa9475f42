"""Which tests of a failed run get one more try."""

import json
from pathlib import Path

import pytest

from tests.support import run_again


def last_failed(folder: Path, count: int) -> Path:
    path = folder / "lastfailed"
    path.write_text(json.dumps({f"tests/test_{n}.py::test_it": True for n in range(count)}))
    return path


@pytest.mark.parametrize(("failed", "runs"), [(1, True), (10, True), (11, False), (0, False)])
def test_a_few_failed_tests_run_again_and_many_do_not(
    failed: int, runs: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    def ran(args: list[str]) -> int:
        calls.append(args)
        return 0

    monkeypatch.setattr(run_again, "LAST_FAILED", last_failed(tmp_path, failed))
    monkeypatch.setattr(pytest, "main", ran)
    assert run_again.main() == (0 if runs else 1)
    assert bool(calls) is runs


def test_what_fails_again_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_again, "LAST_FAILED", last_failed(tmp_path, 1))
    monkeypatch.setattr(pytest, "main", lambda args: pytest.ExitCode.TESTS_FAILED)
    assert run_again.main() == 1
