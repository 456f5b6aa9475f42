"""`haul events …`: send events to the bus as a partner does, or play a recording of events."""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError

from cli.client.connection import Connection
from cli.output.output import TimedOut, UsageError, console, print_json, report_errors
from deploy.job_requests import put_events
from events import JobEditRequested, JobMoveRequested, JobRequested
from functions.aws.s3_stores import S3Jobs
from functions.protocol.field_errors import field_errors
from functions.protocol.ports import UnknownJob
from statemachine.values.ids import job_id_for

app = typer.Typer(no_args_is_help=True, help="Send events to the bus, for tests and migrations.")

REQUESTS: dict[str, type[BaseModel]] = {
    kind.__name__: kind for kind in (JobRequested, JobMoveRequested, JobEditRequested)
}
BOOKING_TIMEOUT_S = 120.0
LONGEST_S = 7 * 86_400.0
"""Of a recording that is played."""


@dataclass(frozen=True)
class Recorded:
    """One event of a recording, `at_s` seconds after its start."""

    kind: str
    detail: dict[str, Any]
    at_s: float = 0.0


@app.command()
def send(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON: an event or a list; '-' is standard input.")],
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not check the events against their schemas.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Send the events of a file to the bus. Each is `{"detail-type": …, "detail": {…}}`."""
    with report_errors():
        events = list(_read(file, unchecked))
        put(context.obj.connection, events)
        _report({"sent": len(events)}, as_json)


@app.command()
def play(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One event per line (JSONL), or a JSON list.")],
    duplicate: Annotated[bool, typer.Option("--duplicate", help="Send every event twice.")] = False,
    reorder: Annotated[
        bool, typer.Option("--reorder", help="Shuffle the moves and edits.")
    ] = False,
    drop: Annotated[float, typer.Option(min=0, max=1, help="Drop this share of them.")] = 0.0,
    speed: Annotated[float, typer.Option(min=0, help="1: as recorded; 0: without pauses.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same order.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play a recording to the bus; on request with duplicates, losses, and in another order.

    Bookings are sent first, and the command waits for their jobs, because a job needs an id before
    it can be moved. Moves and edits follow; only they are shuffled or dropped.
    """
    with report_errors():
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        events = list(_read(file, unchecked=False))
        bookings = [event for event in events if event.kind == "JobRequested"]
        rest = [event for event in events if event.kind != "JobRequested"]
        kept = [event for event in rest if rng.random() >= drop]
        lost = len(rest) - len(kept)
        bookings, kept = (list(_repeated(part, duplicate)) for part in (bookings, kept))
        if reorder:
            rng.shuffle(kept)
        put(context.obj.connection, bookings)
        _wait_for_jobs(context.obj.connection, bookings)
        _play(context.obj.connection, kept, speed, in_order=not reorder)
        _report({"sent": len(bookings) + len(kept), "lost": lost, "seed": seed}, as_json)


def put(connection: Connection, events: list[Recorded]) -> None:
    """Raises Unavailable if the bus did not take all events; they may be sent again."""
    messages = [(event.kind, json.dumps(event.detail)) for event in events]
    put_events(connection.client("events"), connection.outputs["BusName"], messages)


def _play(connection: Connection, events: list[Recorded], speed: float, in_order: bool) -> None:
    if not speed:
        put(connection, events)
        return
    begun = time.monotonic()
    for event in events if not in_order else sorted(events, key=lambda event: event.at_s):
        time.sleep(max(0.0, event.at_s / speed - (time.monotonic() - begun)) if in_order else 0.01)
        put(connection, [event])


def _repeated(events: list[Recorded], duplicate: bool) -> Iterator[Recorded]:
    for event in events:
        yield event
        if duplicate:
            yield event


def _wait_for_jobs(connection: Connection, bookings: list[Recorded]) -> None:
    jobs = S3Jobs(connection.client("s3"), connection.outputs["JobsBucket"])
    deadline = time.monotonic() + BOOKING_TIMEOUT_S
    for booking in bookings:
        request = JobRequested.model_validate(booking.detail)
        derived = job_id_for(request.tenant, request.event_id, request.occurred_at)
        while not _exists(jobs, request.tenant, request.job_id or derived):
            if time.monotonic() > deadline:
                raise TimedOut(f"no job for booking {request.event_id}; see `haul ops dlq list`")
            time.sleep(0.1)


def _exists(jobs: S3Jobs, tenant: str, job_id: str) -> bool:
    try:
        jobs.read(tenant, job_id)
        return True
    except UnknownJob:
        return False


def _read(file: Path, unchecked: bool) -> Iterator[Recorded]:
    for number, document in _documents(file):
        try:
            kind = document["detail-type"]
            event = Recorded(kind, document["detail"], _seconds(document.get("at_s", 0)))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f'{file}, event {number}: needs "detail-type" and "detail"') from error
        if not unchecked:
            _check(file, number, event)
        yield event


def _seconds(given: Any) -> float:
    """Raises ValueError for what no one can wait."""
    seconds = float(given)
    if not 0 <= seconds <= LONGEST_S:
        raise ValueError
    return seconds


def _check(file: Path, number: int, event: Recorded) -> None:
    if event.kind not in REQUESTS:
        known = ", ".join(REQUESTS)
        raise UsageError(f"{file}, event {number}: unknown type {event.kind!r}; types are {known}")
    try:
        REQUESTS[event.kind].model_validate_json(json.dumps(event.detail), strict=True)
    except ValidationError as error:
        raise UsageError(f"{file}, event {number}: {'; '.join(field_errors(error))}") from error


def _documents(file: Path) -> Iterator[tuple[int, Any]]:
    """Numbered events from a JSON list, one JSON object, or lines of JSON."""
    try:
        text = (
            typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8")
        )
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    try:
        whole = json.loads(text)
        yield from enumerate(whole if isinstance(whole, list) else [whole], 1)
        return
    except json.JSONDecodeError:
        pass
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise UsageError(f"{file}, line {number} is not JSON: {error.msg}") from error


def _report(counts: dict[str, int], as_json: bool) -> None:
    if as_json:
        print_json(counts)
    else:
        console.print(", ".join(f"{name}: {count}" for name, count in counts.items()))
