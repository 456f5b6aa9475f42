"""Messages from the bus, as a Lambda behind a queue gets them: parse, do, acknowledge last.

done                      → acknowledged
can never succeed         → dead-letter queue with its reason, acknowledged
did not succeed this time → reported back, so that the queue delivers it again
nothing of a batch did, by no error that we know → the same, and the function fails: its alarm hears
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.ports import (
    Corrupt,
    DeadLetters,
    HaulwayError,
    Logger,
    UnknownJob,
    UnknownTenant,
)
from statemachine.edits import EditRefused
from statemachine.flows import UnknownFlow
from statemachine.lifecycle import RecordsFull
from statemachine.roster import CLOCK_PATTERN, DATE_PATTERN
from statemachine.values import JOB_ID_PATTERN, NAME_PATTERN, PHONE_PATTERN, JobId, Tenant

Event = TypeVar("Event", bound=BaseModel)
Wired = TypeVar("Wired")


class Failing(Exception):
    """Not one message of a batch could be handled, and nobody foresaw why: look at the code.

    For the messages it is as if they were reported back; but Lambda counts the call as an error,
    on which the alarms stand that take new code back.
    """


class Permanent(HaulwayError):
    """A message that can never succeed; the text tells its sender what to change."""


NEVER_AGAIN = (
    Permanent,
    UnknownJob,
    UnknownTenant,
    UnknownFlow,
    Corrupt,
    RecordsFull,
    EditRefused,
)


@dataclass(frozen=True)
class Inbox(Generic[Event]):
    """The messages of one queue, each an EventBridge envelope around an `Event`."""

    event: type[Event]
    dead_letters: DeadLetters
    log: Logger
    parse: "Callable[[type[Event], str], Event] | None" = None
    """Where the message is no EventBridge event with everything in its `detail`."""

    def deliver(self, batch: dict[str, Any], handle: Callable[[Event], object]) -> dict[str, Any]:
        """Hand every message to `handle`; the answer names those that shall come again.

        Raises Failing.
        """
        records = batch["Records"]
        return _answer(records, [self._failure(record, handle) for record in records])

    def deliver_together(
        self, batch: dict[str, Any], handle: Callable[[list[Event]], object]
    ) -> dict[str, Any]:
        """Hand all messages to `handle` at once; one that can never succeed does not stop the rest.

        Where the batch as a whole can never succeed, its messages are handed over one by one, so
        that only the culprit is buried. Raises Failing.
        """
        try:
            handle([self._parsed(record["body"]) for record in batch["Records"]])
        except NEVER_AGAIN:
            return self.deliver(batch, lambda event: handle([event]))
        except Exception as error:
            self.log.error("batch comes again", error=type(error).__name__, why=str(error)[:200])
            return _answer(batch["Records"], [error] * len(batch["Records"]))
        return {"batchItemFailures": []}

    def deliver_each(
        self, batch: dict[str, Any], handle: Callable[[list[Event]], Sequence[Exception | None]]
    ) -> dict[str, Any]:
        """Hand all messages to `handle` at once; it answers for each with its error or None.

        Raises Failing.
        """
        readable = [r for r in batch["Records"] if self._is_readable(r)]
        results = handle([self._parsed(record["body"]) for record in readable])
        errors = dict(zip([r["messageId"] for r in readable], results, strict=True))

        def as_it_went(message_id: str) -> Callable[[Event], None]:
            def told(_: Event) -> None:
                if error := errors[message_id]:
                    raise error

            return told

        records = batch["Records"]
        return _answer(records, [self._failure(r, as_it_went(r["messageId"])) for r in records])

    def _is_readable(self, record: dict[str, Any]) -> bool:
        try:
            self._parsed(record["body"])
        except Permanent:
            return False
        return True

    def _failure(
        self, record: dict[str, Any], handle: Callable[[Event], object]
    ) -> Exception | None:
        """Why the message shall come again; None where it is settled."""
        try:
            try:
                handle(self._parsed(record["body"]))
            except NEVER_AGAIN as error:
                self._bury(record, error)
        except Exception as error:  # whatever it was, no message must be lost, nor stop the others
            kind = type(error).__name__
            self.log.error("comes again", error=kind, why=str(error)[:200])
            return error
        return None

    def _parsed(self, body: str) -> Event:
        return (self.parse or parse_event)(self.event, body)

    def _bury(self, record: dict[str, Any], error: Exception) -> None:
        reason = type(error).__name__
        self.dead_letters.bury(record["body"], reason, str(error))
        self.log.error("buried", reason=reason, message_id=record["messageId"])


def _answer(
    records: Sequence[dict[str, Any]], failures: Sequence[Exception | None]
) -> dict[str, Any]:
    first = next(iter(failures), None)
    if first and all(failure and not isinstance(failure, HaulwayError) for failure in failures):
        raise Failing(f"none of {len(failures)} messages: {_kinds(failures)}") from first
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
        detail = json.loads(body)["detail"]
        return event.model_validate(detail)
    except ValidationError as error:
        raise Permanent("; ".join(problems(error))) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("the message is not an EventBridge event with a `detail`") from error


WRITTEN_AS = {
    PHONE_PATTERN: "write it with the country's code, as +15555550123",
    NAME_PATTERN: "write small letters, digits and _, a letter first, as maria_2",
    CLOCK_PATTERN: "write it as 07:00",
    DATE_PATTERN: "write it as 2026-11-22",
    JOB_ID_PATTERN: "job ids look like 261121-7k3m2q",
}
"""What to do, for those who cannot read a pattern."""


PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)


def problems(error: ValidationError, names_keys: bool = False) -> Iterator[str]:
    """Where and what, but nothing the sender wrote: it may be somebody's name or phone number.

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
