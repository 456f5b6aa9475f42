"""No test waits by the clock for long: it waits for what it asks for, or has a clock of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LONGEST_S = 2.0
SECONDS = {"sleep": 1.0, "wait_for_timeout": 0.001}
"""By the name of a call that waits, one unit of its argument in seconds."""
FILES = sorted(Path(__file__).parent.rglob("*.py"))


def waits(tree: ast.AST) -> Iterator[tuple[int, float]]:
    """The line and the seconds of every call that waits for a time that is written there."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        unit, length = SECONDS.get(node.func.attr), node.args[0]
        if unit and isinstance(length, ast.Constant) and isinstance(length.value, int | float):
            yield node.lineno, length.value * unit


def test_no_test_waits_by_the_clock_for_more_than_two_seconds() -> None:
    found = [
        f"{path.name}:{line} waits {seconds:g} s"
        for path in FILES
        for line, seconds in waits(ast.parse(path.read_text(encoding="utf-8")))
        if seconds > LONGEST_S
    ]
    assert found == []


@pytest.mark.parametrize("call", ["time.sleep(6)", "page.wait_for_timeout(6000)"])
def test_a_long_wait_is_found(call: str) -> None:
    assert list(waits(ast.parse(call))) == [(1, 6.0)]
