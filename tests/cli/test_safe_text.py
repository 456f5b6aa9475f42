"""Text from strangers never reaches a terminal or a spreadsheet as a command."""

import csv
import io
import json
from datetime import datetime, timezone

import pytest
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from cli.commands.up import print_fact
from cli.data.roster_csv import read_people, write_people
from cli.output import safe_text
from cli.output.output import print_json
from functions.people.accounts import Account
from statemachine.values import csv_cells
from tests.support.builders import NOON

COMMANDS = [
    "\x1b]52;c;aGFja2Vk\x07", "\x1b[2J", "\x9b31m", "\x00", "\x08\x08", "\r", "\x7f",
    "\u202e", "\u2066", "\u2069", "\u200f", "\u2028",
    "\u200b", "\ufeff", "\U000e0041", "\ud800",
]  # fmt: skip
FORMULAS = [
    '=HYPERLINK("http://evil.example","x")', "+1+1", "-2+3", "@SUM(A1)", "'=1+1", "''@x", "+1 555",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)",
]  # fmt: skip


def printed(*what: object, width: int = 80) -> str:
    console: Console = safe_text.terminal()
    console.file, console._width = io.StringIO(), width
    console.print(*what)
    text: str = console.file.getvalue()
    return text


@pytest.mark.parametrize("command", COMMANDS, ids=ascii)
def test_a_command_character_is_replaced_on_a_terminal(command: str) -> None:
    table = Table("customer")
    table.add_row(f"Ann{escape(command)}Lee")
    for text in (printed(f"Ann{escape(command)}Lee"), printed(table), printed({"a": command})):
        assert safe_text.shown(text) == text
    assert f"Ann{safe_text.REPLACEMENT}Lee" == safe_text.shown("Ann\x1bLee")


def test_a_redrawn_frame_contains_no_command() -> None:
    console = safe_text.terminal()
    console.file, console._force_terminal = io.StringIO(), True
    with Live("Ann\x1b]0;x\x07Lee \u202e", console=console, auto_refresh=False) as live:
        live.update("Ann\x1b]52;c;x\x07", refresh=True)
    drawn = console.file.getvalue()
    assert "Ann" in drawn
    assert not any(command in drawn for command in ("\x1b]", "\x07", "\u202e"))


def test_ordinary_text_is_unchanged() -> None:
    text = "José Núñez 李 🚚 שלום\nline two"
    assert printed(text).strip() == text


@pytest.mark.parametrize("command", COMMANDS, ids=ascii)
def test_json_contains_no_command_and_keeps_the_text(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_json({"name": command})
    text = capsys.readouterr().out
    assert text.isascii()
    assert safe_text.shown(text) == text
    assert json.loads(text) == {"name": command}


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_exported_name_is_a_formula_and_the_import_restores_it(
    formula: str,
) -> None:
    who = Account(
        tenant="main", account="eve", name=formula, phone="+15555550123", roles=("driver",),
        password_since=datetime(2026, 11, 1, tzinfo=timezone.utc),
    )  # fmt: skip
    text = write_people([who])
    [_, cells] = csv.reader(io.StringIO(text))
    assert not any(
        cell[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
        for cell in cells
        if cell != who.phone
    )
    assert read_people(text)["eve"].name == formula


@pytest.mark.parametrize(
    "cell", ["\tx", "\r=1", "\n=1", "=", "-", "'", "plain", "it's", "+15555550123"]
)
def test_a_cell_survives_export_and_import(cell: str) -> None:
    assert csv_cells.from_cell(csv_cells.as_cell(cell)) == cell


def fact(**changes: object) -> str:
    detail: dict[str, object] = {
        "job_id": "261121-7k3m2q", "flow": "haul", "recorded_at": NOON.isoformat(),
        "from": "booking_confirmed", "to": "in_progress", "actor": {"kind": "crew", "id": "joe"},
    }  # fmt: skip
    kept = {key: value for key, value in (detail | changes).items() if value is not None}
    return json.dumps({"detail-type": "JobMoved", "detail": kept})


@pytest.mark.parametrize(
    "body",
    [
        "no JSON", "[]", "null", "{}", '{"detail-type": "JobMoved", "detail": null}',
        fact(recorded_at=None), fact(recorded_at="soon"), fact(recorded_at="9999-12-31T23:59:59Z"),
        fact(flow="nosuch"), fact(to="nosuch"), fact(actor=[]), fact(job_id=["[/x]"]),
        fact(actor={"kind": "[red]\x1b[2J"}), fact(job_id="[/]\x1b]0;x\x07"),
    ],
    ids=ascii,
)  # fmt: skip
def test_no_event_on_the_bus_stops_the_output(
    body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_fact(body)
    text = capsys.readouterr().out
    assert text.count("\n") >= 1
    assert safe_text.shown(text) == text
