"""What `haul` prints, and how it ends.

Exit codes: 0 done · 1 failed · 2 usage error · 3 rejected · 4 not found · 5 not running ·
6 timed out or unavailable: the outcome is unknown, try again
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.markup import escape

from cli.output.business_clock import CLOCK
from cli.output.error_log import log_unexpected, wants_tracebacks
from cli.output.exit_codes import FAILED, NOT_FOUND, NOT_RUNNING, REJECTED, TIMED_OUT, USAGE
from cli.output.safe_text import terminal

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from statemachine.job.job import Schedule

console = terminal()
error_console = terminal(stderr=True)


class CliError(Exception):
    """An error for the user; `code` is the exit code of the command."""

    code = FAILED


class UsageError(CliError):
    code = USAGE


class Rejected(CliError):
    code = REJECTED


class NotFound(CliError):
    code = NOT_FOUND


class NotRunning(CliError):
    code = NOT_RUNNING


class TimedOut(CliError):
    code = TIMED_OUT


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn an error into one sentence on standard error and the matching exit code."""
    try:
        yield
    except CliError as error:
        _exit_with(str(error), error.code)
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as error:
        from cli.output.error_texts import text_of  # it imports everything that can fail

        if text := text_of(error):
            _exit_with(*text)
        if wants_tracebacks():
            raise
        _exit_with(log_unexpected(error), FAILED)


def _exit_with(sentence: str, code: int) -> NoReturn:
    error_console.print(f"[bold red]haul:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    """ASCII only, all else escaped, so that the text cannot contain a terminal command."""
    text = json.dumps(document, indent=2, default=_plain)
    typer.echo(text.replace("\x7f", "\\u007f"))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def status_text(flow: str, status: str) -> str:
    """Label and color as Rich markup; only the name if this version does not know the flow."""
    from statemachine.flows import UnknownFlow, load_flow

    try:
        known = load_flow(flow).status(status)
    except UnknownFlow:
        return escape(status)
    return f"[{known.colour}]●[/] {escape(known.label.en)}"


def money(cents: int | None, currency: str = "USD") -> str:
    """As English writes that currency (ISO 4217); empty for None."""
    if cents is None:
        return ""
    from babel.numbers import format_currency  # most commands print no amount

    return str(format_currency(Decimal(cents) / 100, currency, locale="en_US"))


def local_time(moment: datetime) -> str:
    """`Sat 13:05 EST`, by the business's clock."""
    return in_zone(moment, CLOCK.zone).strftime("%a %H:%M %Z")


def in_zone(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """In that zone, or the terminal's. Unchanged if the zone's calendar has no such day (year 1 or
    9999), because one job's date must not hide a whole list."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return moment


def clock(moment: datetime, zone: tzinfo) -> str:
    """`08:00`, in that zone."""
    return f"{in_zone(moment, zone):%H:%M}"


def day_of(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """`Tue Dec 1`, in that zone, with the year if it is not the current one."""
    local = in_zone(moment, zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a %b} {local.day}{year}"


def moment_text(moment: datetime, zone: "ZoneInfo", now: datetime) -> str:
    """`Tue Dec 1 08:00 EST`, in that zone, which it names."""
    named = f"{in_zone(moment, zone):%Z}"
    return f"{day_of(moment, zone, now)} {clock(moment, zone)} {named}"


def window_text(schedule: "Schedule", zone: tzinfo, now: datetime) -> str:
    """`Tue Dec 1 08:00–12:00`, with both days if they differ; or only `from …` or `until …`."""
    start, end = schedule.window_start, schedule.window_end
    begins = f"{day_of(start, zone, now)} {clock(start, zone)}" if start else ""
    if not end:
        return f"from {begins}" if begins else ""
    ends = f"{day_of(end, zone, now)} {clock(end, zone)}"
    if not start:
        return f"until {ends}"
    same_day = in_zone(start, zone).date() == in_zone(end, zone).date()
    return f"{begins}–{clock(end, zone) if same_day else ends}"


def zone_text(zone: "ZoneInfo", now: datetime) -> str:
    """`America/New_York, EST`."""
    return f"{zone.key}, {now.astimezone(zone):%Z}"


def event_time(occurred_at: datetime | None, recorded_at: datetime) -> str:
    """When it happened, and when it was sent if that was more than a minute later."""
    from statemachine.rules.edits import WRITTEN_EARLIER

    if occurred_at is None or recorded_at - occurred_at <= WRITTEN_EARLIER:
        return local_time(recorded_at)
    return f"{local_time(occurred_at)}, sent {local_time(recorded_at)}"
