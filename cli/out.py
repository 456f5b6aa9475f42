"""What `haul` prints, and how it ends.

Exit codes: 0 done · 1 something broke · 2 the command's words are off · 3 refused on the record ·
4 no such job or link · 5 no running copy · 6 not known in time
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import typer
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from functions.inbox import NEVER_AGAIN, problems
from functions.ops.dead_letters import NotReplayable, UnknownQueue
from functions.ports import Conflict, Corrupt, Unavailable, Unforeseen, UnknownJob, UnknownTenant
from statemachine.edits import WRITTEN_EARLIER
from statemachine.flows import UnknownFlow, load_flow

console = Console(highlight=False)
complaints = Console(stderr=True, highlight=False)

BROKEN, USAGE, REFUSED, MISSING, NO_COPY, NOT_KNOWN = 1, 2, 3, 4, 5, 6


class Complaint(Exception):
    """Something the person at the keyboard has to know; `code` is how the command ends."""

    code = BROKEN


class BadInput(Complaint):
    code = USAGE


class Declined(Complaint):
    code = REFUSED


class NotThere(Complaint):
    code = MISSING


class NoCopy(Complaint):
    code = NO_COPY


class NotKnown(Complaint):
    code = NOT_KNOWN


@contextmanager
def spoken_errors() -> Iterator[None]:
    """Turn what went wrong into one sentence on standard error and the right exit code."""
    try:
        yield
    except Complaint as complaint:
        _end(str(complaint), complaint.code)
    except ValidationError as error:
        _end("; ".join(problems(error)), USAGE)
    except (UnknownJob, UnknownTenant) as error:
        _end(f"{error}; `haul job list` shows the jobs there are", MISSING)
    except UnknownQueue as error:
        _end(str(error), MISSING)
    except NotReplayable as error:
        _end(str(error), REFUSED)
    except Corrupt as error:
        _end(f"{error}; it is left as it is, `corrupt` in docs/runbook.md says what to do", REFUSED)
    except Unforeseen as error:
        _end(f"{error}; the job is on the list of `haul ops stuck`", BROKEN)
    except NEVER_AGAIN as error:
        _end(str(error), REFUSED)
    except Unavailable as error:
        _end(f"{error}; try again", NOT_KNOWN)
    except ClientError as error:
        _end(f"AWS refused it: {error}; check what these credentials may do", BROKEN)
    except Conflict as error:
        _end(f"somebody was faster ({error}); try again", NOT_KNOWN)
    except ReadTimeoutError:
        _end("no answer in time; it may be done all the same, so look again", NOT_KNOWN)
    except BotoCoreError as error:
        _end(f"AWS, or the copy on this laptop, does not answer: {error}", NOT_KNOWN)


def _end(sentence: str, code: int) -> None:
    complaints.print(f"[bold red]haul:[/] {escape(sentence)}", soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, default=_plain))


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


def in_local_zone(moment: datetime) -> datetime:
    """As it is where the device's zone would lead out of the years that there are."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError):
        return moment


def local_time(moment: datetime) -> str:
    return in_local_zone(moment).strftime("%a %H:%M")


def true_time(occurred_at: datetime | None, recorded_at: datetime) -> str:
    """When it was done and, where we heard of it more than a minute later, when it was sent."""
    if occurred_at is None or recorded_at - occurred_at <= WRITTEN_EARLIER:
        return local_time(recorded_at)
    return f"{local_time(occurred_at)}, sent {local_time(recorded_at)}"
