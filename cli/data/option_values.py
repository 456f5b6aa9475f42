"""What is typed for the options of `haul job`, as values: amounts, phone numbers, times, ids."""

import sys
import uuid
from datetime import datetime, timezone
from typing import Annotated, Optional

import typer

from cli.output.output import UsageError
from statemachine.job.bounds import OTHER_YEAR
from statemachine.money.money import parse_money
from statemachine.values.phones import parse_phone
from statemachine.values.values import RESERVED, YEARS, is_reserved

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Agreed = Annotated[
    Optional[bool],
    typer.Option(
        "--agreed-to-texts/--no-agreed-to-texts",
        help="What the customer said when you asked. Without it, no text is sent.",
    ),
]
Duration = Annotated[
    Optional[int],
    typer.Option(
        help="Minutes that the job takes crew and truck, with the drive.", min=5, max=1440
    ),
]
JobArg = Annotated[str, typer.Argument(metavar="JOB", help="A job id, such as 261121-7k3m2q.")]


def cents(text: str | None) -> int | None:
    """`599.50` or `$1,200` in cents. Raises UsageError if the text is not an amount."""
    if text is None:
        return None
    try:
        return parse_money(text)
    except ValueError as error:
        raise UsageError(f"--price {text!r}: {error}") from None


def phone_number(text: str | None) -> str | None:
    """E.164. Raises UsageError."""
    if text is None:
        return None
    try:
        return parse_phone(text)
    except ValueError as error:
        raise UsageError(f"--phone: {error}") from None


def moment(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a time; write 2026-11-21T14:00-05:00") from None
    if parsed.tzinfo is None:
        raise UsageError(f"{option} {text!r} has no time zone; write {text}-05:00 or {text}Z")
    if parsed.year not in YEARS:
        raise UsageError(f"{option} {text!r}: {OTHER_YEAR}")
    return parsed.astimezone(timezone.utc)


def own_event_id(text: str | None) -> str | None:
    """The user's id, unchanged. Raises typer.BadParameter if ids like it are reserved."""
    if text and is_reserved(text):
        raise typer.BadParameter(f"ids that begin with {RESERVED!r} are reserved; choose another")
    return text


def fresh_id() -> str:
    return str(uuid.uuid4())


def asked_consent(phone: str | None, agreed: bool | None) -> bool | None:
    """At a terminal, the question that there must be an answer to before anyone is texted."""
    if phone is None or agreed is not None or not sys.stdin.isatty():
        return agreed
    return typer.confirm("Did the customer agree to text messages about this job?")


Event = Annotated[
    Optional[str],
    typer.Option(
        "--event-id",
        help="An id for this command. Repeated with the same id, it takes effect once.",
        callback=own_event_id,
    ),
]
