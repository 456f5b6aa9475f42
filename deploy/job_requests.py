"""Requests about jobs, as `haul` and a deployment's verification send them to a stage.

Bookings go to the function that creates jobs, because only its caller learns the tracking token.
Moves and edits go over the bus, as any partner's do.
"""

import json
from collections.abc import Sequence
from typing import Any

from events import REQUESTS_SOURCE, JobEditRequested, JobMoveRequested, JobRequested
from functions.aws import eventbridge

BusEvent = tuple[str, str]
"""Detail type and detail, as JSON."""


class BookingRefused(Exception):
    """The request breaks a rule; the text says which."""


class BookingFailed(Exception):
    """The function failed; the text has its error."""


def book_job(lambda_client: Any, function: str, request: JobRequested) -> dict[str, Any]:
    """`{job_id, tracking_token, …}`. Raises BookingRefused, BookingFailed."""
    answer = lambda_client.invoke(FunctionName=function, Payload=request.model_dump_json().encode())
    booked: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise BookingFailed(booked.get("errorMessage", "no reason given"))
    if "error" in booked:
        raise BookingRefused(booked["detail"])
    return booked


def send_request(events: Any, bus: str, request: JobMoveRequested | JobEditRequested) -> None:
    """Raises Unavailable if the bus did not take it."""
    put_events(events, bus, [(type(request).__name__, request.model_dump_json(exclude_none=True))])


def put_events(events: Any, bus: str, messages: Sequence[BusEvent]) -> None:
    """Raises Unavailable if the bus did not take all of them."""
    eventbridge.put_events(events, [_entry(bus, *message) for message in messages])


def _entry(bus: str, kind: str, detail: str) -> dict[str, str]:
    return {"EventBusName": bus, "Source": REQUESTS_SOURCE, "DetailType": kind, "Detail": detail}
