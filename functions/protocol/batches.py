"""Messages from the bus, as a Lambda behind a queue gets them: parse, handle, acknowledge last.

done                         → acknowledged
permanent error              → dead-letter queue with its reason, acknowledged
object not there yet         → retried soon, for 15 minutes; then a permanent error
any other error              → reported back, so that the queue delivers it again
every message of a batch failed, each by an unforeseen error → the same, and the function fails:
                               its alarm counts that
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from events import TEXTS_SOURCE, Request
from functions.protocol.partners import WrongPartner, check_source
from functions.protocol.ports import (
    Corrupt,
    DeadLetters,
    HaulwayError,
    Logger,
    UnknownJob,
    UnknownTenant,
)
from statemachine.edits import EditRefused
from statemachine.flows import UnknownFlow
from statemachine.record_limits import RecordsFull
from statemachine.roster import CLOCK_PATTERN, DATE_PATTERN
from statemachine.values import (
    JOB_ID_PATTERN,
    NAME_PATTERN,
    PHONE_PATTERN,
    RESERVED,
    JobId,
    Tenant,
    is_reserved,
)

Event = TypeVar("Event", bound=BaseModel)
Wired = TypeVar("Wired")
Record = dict[str, Any]
"""One message of a batch, as the event source mapping of SQS hands it over."""


class BatchFailed(Exception):
    """Not one message of a batch could be handled, and no one foresaw why: look at the code.

    For the messages it is as if they were reported back; but Lambda counts the call as an error,
    on which the alarms stand that take new code back.
    """


class Permanent(HaulwayError):
    """A message that can never succeed; the text tells its sender what to change."""


NOT_THERE_YET = (UnknownJob, UnknownTenant)
"""The queues keep no order: a move can overtake its booking, and a booking its business."""
PERMANENT_ERRORS = (
    Permanent,
    *NOT_THERE_YET,
    UnknownFlow,
    Corrupt,
    RecordsFull,
    EditRefused,
)
"""What a direct caller is told at once; from a queue, what is not there yet is retried first."""
MISSING_FOR = timedelta(minutes=15)
"""How long an object may stay missing, counted from the first try of the message.

Not from its sending: where everything was late, the message would be too old at its first try,
with its booking right behind it in another queue. A message that a person redrives starts afresh.
"""
LONGEST_DELAY_S = 120


class Redelivery(Protocol):
    """When a queue delivers a message again that was reported back."""

    def delay(self, record: Record, seconds: int) -> None:
        """Deliver `record` again after `seconds`, whatever the queue's visibility timeout is.

        Raises Unavailable: then it comes after the visibility timeout.
        """


@dataclass(frozen=True)
class _Read(Generic[Event]):
    """A record and either the event in it or the error that it is none."""

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
    """Where the message is no EventBridge event with everything in its `detail`."""
    redelivery: Redelivery | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def deliver(self, batch: dict[str, Any], handle: Callable[[Event], object]) -> dict[str, Any]:
        """Hand every message to `handle`; the answer names those that shall come again.

        Raises BatchFailed.
        """
        return self.deliver_together(batch, lambda events: [failure(handle, e) for e in events])

    def deliver_together(
        self, batch: dict[str, Any], handle: Callable[[list[Event]], Sequence[Exception | None]]
    ) -> dict[str, Any]:
        """Hand all messages to `handle` at once; it answers for each with its error or None.

        What it raises instead is the error of all of them. Raises BatchFailed.
        """
        reads = [self._read(record) for record in batch["Records"]]
        errors = iter(_errors(handle, [read.event for read in reads if read.event is not None]))
        outcomes = [(read.record, read.error or next(errors)) for read in reads]
        left = [self._settled(record, error) for record, error in outcomes]
        return _answer(batch["Records"], left)

    def _read(self, record: Record) -> _Read[Event]:
        try:
            return _Read(record, event=(self.parse or parse_event)(self.event, record["body"]))
        except Exception as error:  # whatever a sender wrote, the others of the batch are read
            return _Read(record, error=error)

    def _settled(self, record: Record, error: Exception | None) -> Exception | None:
        """Why the message shall come again; None where it is settled."""
        try:
            if isinstance(error, NOT_THERE_YET) and not self._is_old(record):
                self._retry_soon(record)
            elif isinstance(error, PERMANENT_ERRORS):
                self._dead_letter(record, error)
                return None
        except Exception as failed:  # whatever it was, no message must be lost, nor stop the others
            error = failed
        if error:
            self.log.error("comes again", error=type(error).__name__, why=str(error)[:200])
        return error

    def _is_old(self, record: Record) -> bool:
        """Also a message that no queue has stamped: nothing would ever end its retries."""
        stamps = record.get("attributes", {})
        first_ms = stamps.get("ApproximateFirstReceiveTimestamp") or stamps.get("SentTimestamp")
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
    """How long a message waits that was received so often: 1, 2, 4 … 64, 120, 120 …"""
    return min(LONGEST_DELAY_S, 1 << min(receives - 1, 10))


def failure(handle: Callable[[Event], object], event: Event) -> Exception | None:
    """What `handle` raised for `event`: it stays with this event and stops no other."""
    try:
        handle(event)
    except Exception as error:  # also what no one foresaw; the caller settles it
        return error
    return None


def _errors(
    handle: Callable[[list[Event]], Sequence[Exception | None]], events: list[Event]
) -> Sequence[Exception | None]:
    """For each of `events` its error or None."""
    try:
        errors = handle(events)
    except Exception as error:  # no one can say whose it is, so all of them come again
        return [error] * len(events)
    if len(errors) != len(events):
        raise TypeError(f"{len(errors)} answers for {len(events)} messages")
    return errors


def _answer(records: Sequence[Record], failures: Sequence[Exception | None]) -> dict[str, Any]:
    first = next(iter(failures), None)
    if first and all(failure and not isinstance(failure, HaulwayError) for failure in failures):
        raise BatchFailed(f"none of {len(failures)} messages: {_kinds(failures)}") from first
    again = [record["messageId"] for record, f in zip(records, failures, strict=True) if f]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}


def _kinds(failures: Sequence[object]) -> str:
    """Their types alone: an error's own words may hold a name, number or token."""
    return ", ".join(sorted({type(failure).__name__ for failure in failures}))


class JobRef(BaseModel):
    """The job that a fact speaks of: all that the writers of derived state take from it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    rev: int = 0


def parse_event(event: type[Event], body: str) -> Event:
    """The event in the envelope. Raises Permanent with what is wrong and where."""
    try:
        envelope = json.loads(body)
        check_source(envelope)
        parsed = event.model_validate(envelope["detail"])
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
    """Raises Permanent where a request from outside has an event id that the server derives."""
    if is_reserved(request.event_id):
        raise Permanent(
            f"event_id: ids that begin with {RESERVED!r} are reserved; choose another id"
        )


WRITTEN_AS = {
    PHONE_PATTERN: "write it with the country's code, as +15555550123",
    NAME_PATTERN: "write small letters, digits and _, a letter first, as maria_2",
    CLOCK_PATTERN: "write it as 07:00",
    DATE_PATTERN: "write it as 2026-11-22",
    JOB_ID_PATTERN: "job ids look like 261121-7k3m2q",
}
"""What to do, for those who cannot read a pattern."""


PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)


def field_errors(error: ValidationError, names_keys: bool = False) -> Iterator[str]:
    """Where and what, but nothing the sender wrote: it may be someone's name or phone number.

    So an unknown key is told by the place where it stands, not by itself; only whoever sent it
    is told its name (`names_keys`), and only where it looks like the name of a field.
    """
    for problem in error.errors(include_input=False, include_url=False):
        if problem["type"] == "extra_forbidden" and names_keys:
            yield _unknown_key(problem["loc"])
            continue
        place = problem["loc"][:-1] if problem["type"] == "extra_forbidden" else problem["loc"]
        where = ".".join(str(part) for part in place) or "event"
        plain = WRITTEN_AS.get(problem.get("ctx", {}).get("pattern", ""))
        yield f"{where}: {plain or problem['msg'].removeprefix('Value error, ')}"


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    *place, key = map(str, loc)
    named = key if PLAIN_KEY.fullmatch(key) else "a field"
    return (
        f"{'.'.join((*place, named))}: no such field is known here; check its name, or leave it out"
    )


def once(wire: Callable[[], Wired]) -> Callable[[], Wired]:
    """`wire`, called at the first event of a container and never at import."""
    return cache(wire)
