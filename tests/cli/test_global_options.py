"""Commands get their global options untyped, through Typer's context: this checks their names."""

import re
from pathlib import Path

from cli.main import GlobalOptions

CLI = Path(__file__).parents[2] / "cli"


def test_commands_use_only_options_that_there_are() -> None:
    sources = [path.read_text(encoding="utf-8") for path in CLI.rglob("*.py")]
    used = {name for text in sources for name in re.findall(r"\bobj\.([a-z_]+)", text)}
    known = {*GlobalOptions.__dataclass_fields__, *vars(GlobalOptions)}
    assert used
    assert used - known == set()
