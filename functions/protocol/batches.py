"""A batch of messages from a queue: parse, handle, acknowledge last.

done                         → acknowledged
permanent error              → dead-letter queue with its reason, acknowledged
object not there yet         → retried soon, for 15 minutes; then a permanent error
any other error              → reported as a batch item failure, so that the queue delivers it again
all failed, all unforeseen   → the same, and the call fails, so that the function's alarm counts it
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from events import TEXTS_SOURCE, Request
from functions.protocol.clock import utc_now
from functions.protocol.field_errors import field_errors
from functions.protocol.partners import WrongPartner, check_source
from functions.protocol.ports import (
    Corrupt,
    DeadLetters,
    HaulwayError,
    Logger,
    UnknownJob,
    UnknownTenant,
)
from statemachine.flows import UnknownFlow
from statemachine.job.record_limits import RecordsFull
from statemachine.rules.edits import EditRefused
from statemachine.values.values import (
    RESERVED,
    JobId,
    Tenant,
    is_reserved,
)

Event = TypeVar("Event", bound=BaseModel)
Record = dict[str, Any]
"""One message of a batch, as the event source mapping of SQS hands it over."""


class BatchFailed(Exception):
    """Every message of a batch failed with an unforeseen error: look at the code.

    The queue delivers the messages again. Lambda counts the call as an error, and the alarms on
    those errors roll new code back.
    """


class Permanent(HaulwayError):
    """A message that can never succeed; the text says what its sender has to change."""


NOT_THERE_YET = (UnknownJob, UnknownTenant)
"""Queues keep no order: a move can arrive before its booking, and a booking before its business."""
PERMANENT_ERRORS = (
    Permanent,
    *NOT_THERE_YET,
    UnknownFlow,
    Corrupt,
    RecordsFull,
    EditRefused,
)
"""A direct caller gets these at once; from a queue, `NOT_THERE_YET` is retried first."""
MISSING_FOR = timedelta(minutes=15)
"""How long an object may be missing, counted from the first try of the message.

Not from when it was sent: after an outage, the message would be too old at its first try, while its
booking waits in another queue. The count starts again for a message that someone redrives.
"""
LONGEST_DELAY_S = 120


class Redelivery(Protocol):
    """When a queue delivers a failed message again."""

    def delay(self, record: Record, seconds: int) -> None:
        """Deliver `record` again after `seconds` instead of the queue's visibility timeout.

        Raises Unavailable; then the visibility timeout applies.
        """


@dataclass(frozen=True)
class _ParsedRecord(Generic[Event]):
    """A record, and either its event or the error from parsing it."""

    record: Record
    event: Event | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class BatchConsumer(Generic[Event]):
    """The messages of one queue, each an EventBridge envelope around an `Event`."""

    event: type[Event]
    dead_letters: DeadLetters
    log: Logger
    parse: "Callable[[type[Event], str], Event] | None" = None
    """For messages that are not EventBridge events with everything in `detail`."""
    redelivery: Redelivery | None = None
    clock: Callable[[], datetime] = utc_now

    def deliver(self, batch: dict[str, Any], handle: Callable[[Event], object]) -> dict[str, Any]:
        """Pass every message to `handle`; the response lists those to be delivered again.

        Raises BatchFailed.
        """
        return self.deliver_together(batch, lambda events: [failure(handle, e) for e in events])

    def deliver_together(
        self, batch: dict[str, Any], handle: Callable[[list[Event]], Sequence[Exception | None]]
    ) -> dict[str, Any]:
        """Pass all messages to `handle` at once; it returns for each its error or None.

        An exception from `handle` counts as the error of every message. Raises BatchFailed.
        """
        parsed = [self._parse(record) for record in batch["Records"]]
        errors = iter(_errors(handle, [each.event for each in parsed if each.event is not None]))
        outcomes = [(each.record, each.error or next(errors)) for each in parsed]
        failures = [self._failure(record, error) for record, error in outcomes]
        return _response(batch["Records"], failures)

    def _parse(self, record: Record) -> _ParsedRecord[Event]:
        try:
            return _ParsedRecord(
                record, event=(self.parse or parse_event)(self.event, record["body"])
            )
        except Exception as error:  # whatever a sender wrote, the other messages are parsed
            return _ParsedRecord(record, error=error)

    def _failure(self, record: Record, error: Exception | None) -> Exception | None:
        """The error for which the message is to be delivered again; None if it is done."""
        try:
            if isinstance(error, NOT_THERE_YET) and not self._is_old(record):
                self._retry_soon(record)
            elif isinstance(error, PERMANENT_ERRORS):
                self._dead_letter(record, error)
                return None
        except Exception as failed:  # no message may be lost or stop the others
            error = failed
        if error:
            self.log.error("retried", error=type(error).__name__, why=str(error)[:200])
        return error

    def _is_old(self, record: Record) -> bool:
        """True, too, for a message without a time stamp, because its retries would never end."""
        attributes = record.get("attributes", {})
        first_ms = attributes.get(
            "ApproximateFirstReceiveTimestamp", attributes.get("SentTimestamp")
        )
        if self.redelivery is None or first_ms is None:
            return True
        return self.clock() - datetime.fromtimestamp(int(first_ms) / 1000, UTC) > MISSING_FOR

    def _retry_soon(self, record: Record) -> None:
        receives = int(record["attributes"].get("ApproximateReceiveCount", 1))
        if self.redelivery:
            self.redelivery.delay(record, retry_delay_s(receives))

    def _dead_letter(self, record: Record, error: Exception) -> None:
        reason = type(error).__name__
        self.dead_letters.put(record["body"], reason, str(error))
        self.log.error("dead-lettered", reason=reason, message_id=record["messageId"])


def retry_delay_s(receives: int) -> int:
    """The delay after so many receives: 1, 2, 4 … 64, 120, 120 …"""
    return min(LONGEST_DELAY_S, 1 << min(receives - 1, 10))


def failure(handle: Callable[[Event], object], event: Event) -> Exception | None:
    """What `handle` raised for `event`, or None."""
    try:
        handle(event)
    except Exception as error:  # unforeseen errors, too; the caller handles them
        return error
    return None


def failures_by_group(
    handle: Callable[[Event], object],
    events: Sequence[Event],
    group: Callable[[Event], Hashable],
    at_once: int,
) -> list[Exception | None]:
    """What `handle` raised for each of `events`, or None. So many groups are handled at once, and
    the events of each one after another."""
    groups: defaultdict[Hashable, list[int]] = defaultdict(list)
    for index, event in enumerate(events):
        groups[group(event)].append(index)
    failed: list[Exception | None] = [None] * len(events)

    def one_by_one(indices: list[int]) -> None:
        for index in indices:
            failed[index] = failure(handle, events[index])

    with ThreadPoolExecutor(at_once) as groups_at_once:
        list(groups_at_once.map(one_by_one, groups.values()))
    return failed


def _errors(
    handle: Callable[[list[Event]], Sequence[Exception | None]], events: list[Event]
) -> Sequence[Exception | None]:
    """For each of `events`, its error or None."""
    try:
        errors = handle(events)
    except Exception as error:  # it may be any event's, so all of them are retried
        return [error] * len(events)
    if len(errors) != len(events):
        raise TypeError(f"{len(errors)} results for {len(events)} messages")
    return errors


def _response(records: Sequence[Record], failures: Sequence[Exception | None]) -> dict[str, Any]:
    first = next(iter(failures), None)
    if first and all(failure and not isinstance(failure, HaulwayError) for failure in failures):
        raise BatchFailed(f"none of {len(failures)} messages: {_kinds(failures)}") from first
    again = [record["messageId"] for record, f in zip(records, failures, strict=True) if f]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _kinds(failures: Sequence[object]) -> str:
    """Only their types, because an error's message may contain a name, number, or token."""
    return ", ".join(sorted({type(failure).__name__ for failure in failures}))


class JobRef(BaseModel):
    """The job that a fact is about; writers of derived state use nothing else from the fact."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    rev: int = 0


def parse_event(event: type[Event], body: str) -> Event:
    """The event in the envelope, as strict as the API: `true` is no number, and "no" no answer.

    Raises Permanent, which says what is wrong and where.
    """
    try:
        envelope = json.loads(body)
        check_source(envelope)
        parsed = event.model_validate_json(json.dumps(envelope["detail"]), strict=True)
        if isinstance(parsed, Request) and envelope.get("source") != TEXTS_SOURCE:
            check_outside(parsed)
        return parsed
    except ValidationError as error:
        raise Permanent("; ".join(field_errors(error))) from error
    except WrongPartner as error:
        raise Permanent(str(error)) from error
    except (AttributeError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("the message is not an EventBridge event with a `detail`") from error


def check_outside(request: Request) -> None:
    """Raises Permanent if a request from outside uses an event id reserved for the server."""
    if is_reserved(request.event_id):
        raise Permanent(
            f"event_id: ids that begin with {RESERVED!r} are reserved; choose another id"
        )
