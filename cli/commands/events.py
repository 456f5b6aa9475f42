"""`haul events …`: put events on the bus as a partner would, and play a recording of them."""

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
from events import REQUESTS_SOURCE, JobEditRequested, JobMoveRequested, JobRequested
from functions.aws.eventbridge import put_events
from functions.aws.s3_stores import S3Jobs
from functions.protocol.field_errors import field_errors
from functions.protocol.ports import Unavailable, UnknownJob
from statemachine.ids import job_id_for

app = typer.Typer(no_args_is_help=True, help="Send events to the bus, play recordings of them.")

REQUESTS: dict[str, type[BaseModel]] = {
    kind.__name__: kind for kind in (JobRequested, JobMoveRequested, JobEditRequested)
}
BOOKING_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Recorded:
    """One event of a recording, `at_s` seconds after its beginning."""

    kind: str
    detail: dict[str, Any]
    at_s: float = 0.0


@app.command()
def send(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSON: an event, or a list; '-' reads stdin.")],
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Send it even where it breaks its contract.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put the events of a file on the bus: `{"detail-type": …, "detail": {…}}` each."""
    with report_errors():
        events = list(_read(file, unchecked))
        put(context.obj.place, events)
        _report({"sent": len(events)}, as_json)


@app.command()
def play(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One event a line (JSONL), or a JSON list.")],
    duplicate: Annotated[bool, typer.Option("--duplicate", help="Send every event twice.")] = False,
    reorder: Annotated[
        bool, typer.Option("--reorder", help="Shuffle the moves and edits.")
    ] = False,
    drop: Annotated[float, typer.Option(min=0, max=1, help="Lose this share of the moves.")] = 0.0,
    speed: Annotated[float, typer.Option(min=0, help="Times as fast as `at`; 0: at once.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed plays the same way.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play a recording onto the bus, as well-behaved or as badly as a real day.

    Bookings are sent first and waited for: no one can move a job before its booking has given it
    an id. Everything after them may be doubled, shuffled and lost.
    """
    with report_errors():
        dice = random.Random(seed)  # noqa: S311 - a repeatable mess, not a secret
        events = list(_read(file, unchecked=False))
        bookings = [event for event in events if event.kind == "JobRequested"]
        rest = [event for event in events if event.kind != "JobRequested"]
        kept = [event for event in rest if dice.random() >= drop]
        lost = len(rest) - len(kept)
        bookings, kept = (list(_doubled(part, duplicate)) for part in (bookings, kept))
        if reorder:
            dice.shuffle(kept)
        put(context.obj.place, bookings)
        _wait_for(context.obj.place, bookings)
        _play(context.obj.place, kept, speed, in_order=not reorder)
        _report({"sent": len(bookings) + len(kept), "lost": lost, "seed": seed}, as_json)


def put(place: Connection, events: list[Recorded]) -> None:
    """Every event is on the bus, or TimedOut was raised; only what failed is sent again."""
    try:
        put_events(place.client("events"), [_entry(place, event) for event in events])
    except Unavailable as error:
        raise TimedOut("the bus did not take all events; send the file again") from error


def _entry(place: Connection, event: Recorded) -> dict[str, str]:
    return {
        "EventBusName": place.outputs["BusName"],
        "Source": REQUESTS_SOURCE,
        "DetailType": event.kind,
        "Detail": json.dumps(event.detail),
    }


def _play(place: Connection, events: list[Recorded], speed: float, in_order: bool) -> None:
    if not speed:
        put(place, events)
        return
    begun = time.monotonic()
    for event in events if not in_order else sorted(events, key=lambda event: event.at_s):
        time.sleep(max(0.0, event.at_s / speed - (time.monotonic() - begun)) if in_order else 0.01)
        put(place, [event])


def _doubled(events: list[Recorded], duplicate: bool) -> Iterator[Recorded]:
    for event in events:
        yield event
        if duplicate:
            yield event


def _wait_for(place: Connection, bookings: list[Recorded]) -> None:
    jobs = S3Jobs(place.client("s3"), place.outputs["JobsBucket"])
    deadline = time.monotonic() + BOOKING_PATIENCE_S
    for booking in bookings:
        request = JobRequested.model_validate(booking.detail)
        derived = job_id_for(request.tenant, request.event_id, request.occurred_at)
        while not _exists(jobs, request.tenant, request.job_id or derived):
            if time.monotonic() > deadline:
                raise TimedOut(f"booking {request.event_id} is not there; look into dead letters")
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
            event = Recorded(kind, document["detail"], float(document.get("at_s", 0)))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f'{file}, event {number}: needs "detail-type" and "detail"') from error
        if not unchecked:
            _check(file, number, event)
        yield event


def _check(file: Path, number: int, event: Recorded) -> None:
    if event.kind not in REQUESTS:
        known = ", ".join(REQUESTS)
        raise UsageError(f"{file}, event {number}: unknown kind {event.kind!r}; there are {known}")
    try:
        REQUESTS[event.kind].model_validate(event.detail)
    except ValidationError as error:
        raise UsageError(f"{file}, event {number}: {'; '.join(field_errors(error))}") from error


def _documents(file: Path) -> Iterator[tuple[int, Any]]:
    """Events with their number: of a JSON list, of one JSON object, or of lines of JSON."""
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
    for number, line in enumerate(text.splitlines(), 1):
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
