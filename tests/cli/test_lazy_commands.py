"""The list of commands needs none of them; each says the same as the command itself."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.lazy_commands import COMMANDS, loaded
from cli.main import app

HEAVY = (
    "boto3",
    "botocore",
    "httpx",
    "pydantic",
    "events",
    "functions.api",
    "statemachine",
    "babel",
)
"""None of these has to do with what `haul` can do."""
IMPORTED = """
import json, sys
sys.argv = ["haul", *{words}]
from cli.main import app
try:
    app()
except SystemExit as ended:
    print(json.dumps([ended.code, sorted(sys.modules)]), file=sys.stderr)
"""


def imported(*words: str) -> tuple[int, set[str]]:
    """The exit code of `haul` with these words, and the modules that it has imported."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED.format(words=list(words))],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    code, modules = json.loads(run.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize("words", [("--help",), ()])
def test_the_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    _, modules = imported(*words)
    assert "cli.lazy_commands" in modules
    assert modules & set(HEAVY) == set()
    assert {each for each in modules if each.startswith("cli.commands.")} == set()


def test_a_command_imports_no_other_group() -> None:
    code, modules = imported("flow", "--help")
    assert code == 0
    assert "cli.commands.flow" in modules
    assert modules & {"boto3", "httpx", "cli.commands.job", "cli.commands.ops"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    told = (loaded(name).help or "").partition("\n\n")[0]
    assert " ".join(told.split()) == COMMANDS[name][1]


def test_the_list_has_every_command() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert [name for name in COMMANDS if f" {name} " not in shown] == []


def test_a_wrong_name_gets_the_nearest_one() -> None:
    answer = CliRunner().invoke(app, ["jbo"])
    assert answer.exit_code == 2
    assert "job" in answer.output
