"""No test sleeps for long: it waits for a condition, or has its own clock."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MAX_WAIT_S = 2.0
SECONDS = {"sleep": 1.0, "wait_for_timeout": 0.001}
"""The calls that wait, each with the unit of its argument in seconds."""
FILES = sorted(Path(__file__).parent.rglob("*.py"))


def waits(tree: ast.AST) -> Iterator[tuple[int, float]]:
    """The line and the seconds of every call that waits for a literal time."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        unit, length = SECONDS.get(node.func.attr), node.args[0]
        if unit and isinstance(length, ast.Constant) and isinstance(length.value, int | float):
            yield node.lineno, length.value * unit


def test_no_test_sleeps_for_more_than_two_seconds() -> None:
    texts = {str(path): path.read_text(encoding="utf-8") for path in FILES}
    found = [
        f"{name}:{line} waits {seconds:g} s"
        for name, text in texts.items()
        if any(call in text for call in SECONDS)  # parsing all of them takes seconds
        for line, seconds in waits(ast.parse(text))
        if seconds > MAX_WAIT_S
    ]
    assert found == []


@pytest.mark.parametrize("call", ["time.sleep(6)", "page.wait_for_timeout(6000)"])
def test_a_long_wait_is_found(call: str) -> None:
    assert list(waits(ast.parse(call))) == [(1, 6.0)]
