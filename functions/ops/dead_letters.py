"""Messages of the dead-letter queues: to show, redrive, or discard.

A queue is named by the function that reads it. A message is received, which hides it for a moment,
looked at, and made visible again. A redriven message is deleted only after it was sent:

    redrive   receive ── send to the source queue ── ✗ ── (visible again, sent twice)

A crash at ✗ makes two messages, which every function that reads these queues handles, never none.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from functions.api.ops_models import DeadLetter, DeadLettersResult, QueueState
from functions.protocol.ports import HaulwayError
from statemachine.values.values import JOB_ID_PATTERN

QUEUES: Mapping[str, tuple[str, ...]] = {
    "create_job": ("create-job",),
    "advance_job": ("advance-job",),
    "edit_job": ("edit-job",),
    "publish_board": ("publish-board",),
    "invalidate_views": ("invalidate-views",),
    "send_sms": ("send-sms",),
    "receive_sms": ("receive-sms",),
    "fan_out_facts": ("fan-out-facts",),
    "deliver_webhooks": ("deliver-webhooks", "deliver-webhooks-slow"),
    "watch_jobs": ("watch-jobs",),
    "rotate_keys": (),
}
"""The queues that each function reads, without the stage's prefix; a redrive goes to the first.
`rotate_keys` has a dead-letter queue but no source queue: its schedule calls it directly."""

MOST = 100
"""Messages in one call; if there are more, `remaining` says that it has to be called again."""
MOST_SEARCHED = 300
"""For one business more messages are read, to find its own among those of others."""
TRIES = 3
"""Reads for messages asked for by id: another reader may hide them for a moment."""
EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
KIND = re.compile(r"[A-Za-z][A-Za-z ]{0,63}", re.ASCII)


class UnknownQueue(HaulwayError):
    """There is no queue with that name; `haul ops dlq list` shows them."""


class NotRedrivable(HaulwayError):
    """This dead-letter queue has no source queue to send its messages to."""


def check_queue(queue: str) -> None:
    """Raises UnknownQueue."""
    if queue not in QUEUES:
        raise UnknownQueue(f"no queue {queue!r}; there are {', '.join(QUEUES)}")


@dataclass(frozen=True)
class ReceivedMessage:
    """A message that is hidden from others for now; `receipt` is its receipt handle."""

    message_id: str
    body: str
    sent_at: datetime
    attributes: Mapping[str, str]
    receipt: str


class DeadLetterQueues(Protocol):
    """The stage's queues by the names in QUEUES. Every method raises Unavailable."""

    def state(self, queue: str) -> QueueState: ...

    def receive(self, queue: str, most: int) -> Sequence[ReceivedMessage]:
        """At most `most` messages of the dead-letter queue, each once."""

    def make_visible(self, queue: str, messages: Sequence[ReceivedMessage]) -> None:
        """Lets others receive them again, at once."""

    def redrive(self, queue: str, message: ReceivedMessage) -> None:
        """Sends it to its source queue; it stays in the dead-letter queue."""

    def delete(self, queue: str, message: ReceivedMessage) -> None: ...


@dataclass(frozen=True)
class DeadLetterService:
    """With `tenant`, methods see only that business's messages; None means all.

    A message that names no business is only seen with None: it may be anyone's.
    """

    queues: DeadLetterQueues

    def states(self) -> tuple[QueueState, ...]:
        return tuple(self.queues.state(queue) for queue in QUEUES)

    def show(self, queue: str, tenant: str | None = None) -> tuple[DeadLetter, ...]:
        """Oldest first. Raises UnknownQueue."""
        with self._received(queue, tenant) as messages:
            shown = [_summary(queue, message) for message in messages if _is_of(message, tenant)]
        return tuple(sorted(shown, key=lambda message: message.sent_at)[:MOST])

    def count(self, queue: str, tenant: str) -> int:
        """How many messages a business has there, up to MOST. Raises UnknownQueue."""
        with self._received(queue, tenant) as messages:
            return min(MOST, sum(_is_of(message, tenant) for message in messages))

    def redrive(
        self, queue: str, ids: Collection[str] | None = None, tenant: str | None = None
    ) -> DeadLettersResult:
        """Redrives those messages, or all. Raises UnknownQueue, NotRedrivable."""
        if queue in QUEUES and not QUEUES[queue]:
            raise NotRedrivable(f"{queue} has no source queue; invoke the function by hand")
        return self._remove(queue, ids, tenant, redrive=True)

    def discard(
        self, queue: str, ids: Collection[str] | None = None, tenant: str | None = None
    ) -> DeadLettersResult:
        """Deletes those messages, or all. Raises UnknownQueue."""
        return self._remove(queue, ids, tenant, redrive=False)

    def _remove(
        self, queue: str, ids: Collection[str] | None, tenant: str | None, redrive: bool
    ) -> DeadLettersResult:
        if ids is None:
            return self._remove_all(queue, tenant, redrive)
        missing = set(ids)
        for _ in range(TRIES):
            with self._received(queue, tenant) as messages:
                chosen = [message for message in messages if message.message_id in missing]
                missing -= self._removed(queue, messages, chosen, tenant, redrive)
            if not missing:
                break
        return DeadLettersResult(done=len(set(ids)) - len(missing), remaining=len(missing))

    def _remove_all(self, queue: str, tenant: str | None, redrive: bool) -> DeadLettersResult:
        with self._received(queue, tenant) as messages:
            full = len(messages) >= MOST
            own = [message for message in messages if _is_of(message, tenant)]
            done = len(self._removed(queue, messages, own[:MOST], tenant, redrive))
        remaining = self._remaining(queue, len(own) - done, tenant, full)
        return DeadLettersResult(done=done, remaining=remaining)

    def _removed(
        self,
        queue: str,
        messages: list[ReceivedMessage],
        chosen: Sequence[ReceivedMessage],
        tenant: str | None,
        redrive: bool,
    ) -> set[str]:
        """Takes the chosen ones of that business out of the queue and of `messages`."""
        own = [message for message in chosen if _is_of(message, tenant)]
        for message in own:
            if redrive:
                self.queues.redrive(queue, message)
            self.queues.delete(queue, message)
            messages.remove(message)
        return {message.message_id for message in own}

    def _remaining(self, queue: str, own: int, tenant: str | None, full: bool) -> int:
        """A business does not learn how many messages others have."""
        return own if tenant or not full else self.queues.state(queue).dead

    @contextmanager
    def _received(self, queue: str, tenant: str | None) -> Iterator[list[ReceivedMessage]]:
        """The messages. Those that are still in the list afterwards become visible again."""
        check_queue(queue)
        messages = list(self.queues.receive(queue, MOST_SEARCHED if tenant else MOST))
        try:
            yield messages
        finally:
            self.queues.make_visible(queue, messages)


def _summary(queue: str, message: ReceivedMessage) -> DeadLetter:
    """What the message is about. Others wrote it, so only well-formed ids are shown."""
    event = _event(message.body)
    detail = event.get("detail")
    about = detail if isinstance(detail, dict) else {}
    reason, explanation = _why(message.attributes)
    return DeadLetter(
        message_id=message.message_id,
        queue=queue,
        sent_at=message.sent_at,
        event=_well_formed(KIND, event.get("detail-type")),
        job_id=_well_formed(re.compile(JOB_ID_PATTERN), about.get("job_id")),
        event_id=_well_formed(EVENT_ID, about.get("event_id")),
        reason=reason,
        detail=explanation,
    )


def _is_of(message: ReceivedMessage, tenant: str | None) -> bool:
    detail = _event(message.body).get("detail")
    named = detail.get("tenant") if isinstance(detail, dict) else None
    return tenant is None or named == tenant


def _event(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _well_formed(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _why(attributes: Mapping[str, str]) -> tuple[str, str | None]:
    """Our functions and EventBridge give a reason in the attributes; SQS gives none.

    For EventBridge's attributes see the AWS documentation, "Using dead-letter queues to process
    undelivered events", read 2026-11-21.
    """
    if "Reason" in attributes:
        return attributes["Reason"], attributes.get("Detail")
    if "ERROR_CODE" in attributes:
        return attributes["ERROR_CODE"], attributes.get("ERROR_MESSAGE")
    return "TooManyTries", "the function failed every time; its log says why"
