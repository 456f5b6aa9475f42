"""What `haul` prints, and how it ends.

Exit codes: 0 done · 1 something broke · 2 the command's words are off · 3 refused on the record ·
4 no such job or link · 5 no running copy · 6 not known in time
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import click
import typer
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from pydantic import ValidationError
from rich.markup import escape

from cli.output.error_log import unforeseen, wants_tracebacks
from cli.output.safe_text import terminal
from functions.ops.dead_letters import NotRedrivable, UnknownQueue
from functions.protocol.batches import PERMANENT_ERRORS, field_errors
from functions.protocol.ports import (
    Conflict,
    Corrupt,
    Unavailable,
    Unforeseen,
    UnknownJob,
    UnknownTenant,
)
from statemachine.edits import WRITTEN_EARLIER
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job import Schedule

console = terminal()
error_console = terminal(stderr=True)

BROKEN, USAGE, REFUSED, MISSING, NO_COPY, NOT_KNOWN = 1, 2, 3, 4, 5, 6


class CliError(Exception):
    """Something the person at the keyboard has to know; `code` is how the command ends."""

    code = BROKEN


class UsageError(CliError):
    code = USAGE


class Rejected(CliError):
    code = REFUSED


class NotFound(CliError):
    code = MISSING


class NotRunning(CliError):
    code = NO_COPY


class TimedOut(CliError):
    code = NOT_KNOWN


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn what went wrong into one sentence on standard error and the right exit code."""
    try:
        yield
    except CliError as complaint:
        _end(str(complaint), complaint.code)
    except ValidationError as error:
        _end("; ".join(field_errors(error)), USAGE)
    except UnknownTenant as error:
        _end(f"{error}; `haul business list` shows the businesses there are", MISSING)
    except UnknownJob as error:
        _end(f"{error}; `haul job list` shows the jobs there are", MISSING)
    except UnknownQueue as error:
        _end(str(error), MISSING)
    except NotRedrivable as error:
        _end(str(error), REFUSED)
    except Corrupt as error:
        _end(f"{error}; it is left as it is, `corrupt` in docs/runbook.md says what to do", REFUSED)
    except Unforeseen as error:
        _end(f"{error}; the job is on the list of `haul ops stuck`", BROKEN)
    except PERMANENT_ERRORS as error:
        _end(str(error), REFUSED)
    except Unavailable as error:
        _end(f"{error}; try again", NOT_KNOWN)
    except ClientError as error:
        _end(f"AWS refused it: {error}; check what these credentials may do", BROKEN)
    except Conflict as error:
        _end(f"someone was faster ({error}); try again", NOT_KNOWN)
    except ReadTimeoutError:
        _end("no answer in time; it may be done all the same, so look again", NOT_KNOWN)
    except BotoCoreError as error:
        _end(f"AWS, or the copy on this laptop, does not answer: {error}", NOT_KNOWN)
    except (typer.Exit, typer.Abort, click.ClickException, BrokenPipeError):
        raise
    except Exception as error:
        if wants_tracebacks():
            raise
        _end(unforeseen(error), BROKEN)


def _end(sentence: str, code: int) -> None:
    error_console.print(f"[bold red]haul:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    """ASCII alone, every other character escaped: nothing in it can be a terminal's command."""
    text = json.dumps(document, indent=2, default=_plain)
    typer.echo(text.replace("\x7f", "\\u007f"))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def status_text(flow: str, status: str) -> str:
    """Label and colour as Rich markup; the name alone where this version does not know it."""
    try:
        known = load_flow(flow).status(status)
    except UnknownFlow:
        return escape(status)
    return f"[{known.colour}]●[/] {escape(known.label.en)}"


def money(cents: int | None) -> str:
    return "" if cents is None else f"${cents / 100:,.2f}"


def local_time(moment: datetime) -> str:
    return in_zone(moment).strftime("%a %H:%M")


def in_zone(moment: datetime, zone: tzinfo | None = None) -> datetime:
    """By that clock, or the terminal's; as it is where the calendar of that clock has no such day
    (year 1 or 9999): one job's date must not hide a whole list."""
    try:
        return moment.astimezone(zone)
    except (OverflowError, ValueError, OSError):
        return moment


def clock(moment: datetime, zone: tzinfo) -> str:
    """`08:00` of that zone."""
    return f"{in_zone(moment, zone):%H:%M}"


def day_of(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """`Tue Dec 1` of that zone, with the year where it is not the present one."""
    local = in_zone(moment, zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a %b} {local.day}{year}"


def window_text(schedule: Schedule, zone: tzinfo, now: datetime) -> str:
    """`Tue Dec 1 08:00–12:00`; both days where it ends on another, `from …` or `until …` alone."""
    start, end = schedule.window_start, schedule.window_end
    begins = f"{day_of(start, zone, now)} {clock(start, zone)}" if start else ""
    if not end:
        return f"from {begins}" if begins else ""
    ends = f"{day_of(end, zone, now)} {clock(end, zone)}"
    if not start:
        return f"until {ends}"
    same_day = in_zone(start, zone).date() == in_zone(end, zone).date()
    return f"{begins}–{clock(end, zone) if same_day else ends}"


def zone_text(zone: ZoneInfo, now: datetime) -> str:
    """`America/New_York, EST`."""
    return f"{zone.key}, {now.astimezone(zone):%Z}"


def true_time(occurred_at: datetime | None, recorded_at: datetime) -> str:
    """When it was done and, where we heard of it more than a minute later, when it was sent."""
    if occurred_at is None or recorded_at - occurred_at <= WRITTEN_EARLIER:
        return local_time(recorded_at)
    return f"{local_time(occurred_at)}, sent {local_time(recorded_at)}"
