"""Dead letters: messages that were given up, to be looked at, sent again or thrown away.

A queue is named by the function that reads it. Letters are taken out of sight for a moment, looked
at, and put back; what is sent again is deleted only afterwards:

    replay   take ── send to the queue it came from ── ✗ ── (comes into sight again, is sent twice)

so a crash at ✗ makes it two, which every reader of these queues bears, and never none.
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
from statemachine.values import JOB_ID_PATTERN

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
"""The queues a function reads, by their names after the stage's; what is sent again goes to the
first. `rotate_keys` has dead letters and no queue: its schedule calls it directly."""

MOST = 100
"""Letters looked at in one go; where there are more, `left` tells that it has to be done again."""
LOOKED_THROUGH = 300
"""For one business more are looked through, so that its own are found among those of others."""
EVENT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}", re.ASCII)
KIND = re.compile(r"[A-Za-z][A-Za-z ]{0,63}", re.ASCII)


class UnknownQueue(HaulwayError):
    """No queue of that name; `haul ops dlq list` shows them."""


class NotRedrivable(HaulwayError):
    """These dead letters came from no queue, so there is none to send them to."""


def check_queue(queue: str) -> None:
    """Raises UnknownQueue."""
    if queue not in QUEUES:
        raise UnknownQueue(f"no queue {queue!r}; there are {', '.join(QUEUES)}")


@dataclass(frozen=True)
class ReceivedMessage:
    """A dead letter that no one else sees just now; `receipt` is the right to it."""

    message_id: str
    body: str
    sent_at: datetime
    attributes: Mapping[str, str]
    receipt: str


class DeadLetterQueues(Protocol):
    """The stage's queues by the names in QUEUES. Every method raises Unavailable."""

    def state(self, queue: str) -> QueueState: ...

    def take(self, queue: str, most: int) -> Sequence[ReceivedMessage]:
        """So many dead letters at most, each once."""

    def put_back(self, queue: str, letters: Sequence[ReceivedMessage]) -> None:
        """Into sight again, at once."""

    def send_again(self, queue: str, letter: ReceivedMessage) -> None:
        """To the queue that it came from."""

    def discard(self, queue: str, letter: ReceivedMessage) -> None: ...


@dataclass(frozen=True)
class DeadLetterService:
    """`tenant` is the one business whose letters they may be; None is all.

    A letter that names no business is for whoever runs the stage: it may be anyone's.
    """

    queues: DeadLetterQueues

    def states(self) -> tuple[QueueState, ...]:
        return tuple(self.queues.state(queue) for queue in QUEUES)

    def show(self, queue: str, tenant: str | None = None) -> tuple[DeadLetter, ...]:
        """Oldest first. Raises UnknownQueue."""
        with self._taken(queue, tenant) as letters:
            told = [_told(queue, letter) for letter in letters if _is_of(letter, tenant)]
        return tuple(sorted(told, key=lambda letter: letter.sent_at)[:MOST])

    def count(self, queue: str, tenant: str) -> int:
        """How many dead letters a business has there, up to MOST. Raises UnknownQueue."""
        with self._taken(queue, tenant) as letters:
            return min(MOST, sum(_is_of(letter, tenant) for letter in letters))

    def replay(
        self, queue: str, ids: Collection[str] | None = None, tenant: str | None = None
    ) -> DeadLettersResult:
        """Send those letters again, or all. Raises UnknownQueue, NotRedrivable."""
        if queue in QUEUES and not QUEUES[queue]:
            raise NotRedrivable(f"{queue} has no queue to send them to; invoke it by hand")
        return self._each(queue, ids, tenant, again=True)

    def discard(
        self, queue: str, ids: Collection[str] | None = None, tenant: str | None = None
    ) -> DeadLettersResult:
        """Throw those letters away, or all. Raises UnknownQueue."""
        return self._each(queue, ids, tenant, again=False)

    def _each(
        self, queue: str, ids: Collection[str] | None, tenant: str | None, again: bool
    ) -> DeadLettersResult:
        done = 0
        with self._taken(queue, tenant) as letters:
            full = len(letters) >= MOST
            own = [letter for letter in letters if _is_of(letter, tenant)]
            for letter in own[:MOST]:
                if ids is None or letter.message_id in ids:
                    if again:
                        self.queues.send_again(queue, letter)
                    self.queues.discard(queue, letter)
                    letters.remove(letter)
                    done += 1
        if ids is None:
            return DeadLettersResult(
                done=done, left=self._left(queue, len(own) - done, tenant, full)
            )
        return DeadLettersResult(done=done, left=len(set(ids)) - done)

    def _left(self, queue: str, own: int, tenant: str | None, full: bool) -> int:
        """How many there are in all is told to no one who has only some of them."""
        return own if tenant or not full else self.queues.state(queue).dead

    @contextmanager
    def _taken(self, queue: str, tenant: str | None) -> Iterator[list[ReceivedMessage]]:
        """The letters; what is left in the list is put back."""
        check_queue(queue)
        letters = list(self.queues.take(queue, LOOKED_THROUGH if tenant else MOST))
        try:
            yield letters
        finally:
            self.queues.put_back(queue, letters)


def _told(queue: str, letter: ReceivedMessage) -> DeadLetter:
    """What the letter is about. Its content was written by others: only ids in their own form."""
    event = _event(letter.body)
    detail = event.get("detail")
    about = detail if isinstance(detail, dict) else {}
    reason, explanation = _why(letter.attributes)
    return DeadLetter(
        message_id=letter.message_id,
        queue=queue,
        sent_at=letter.sent_at,
        event=_fit(KIND, event.get("detail-type")),
        job_id=_fit(re.compile(JOB_ID_PATTERN), about.get("job_id")),
        event_id=_fit(EVENT_ID, about.get("event_id")),
        reason=reason,
        detail=explanation,
    )


def _is_of(letter: ReceivedMessage, tenant: str | None) -> bool:
    detail = _event(letter.body).get("detail")
    named = detail.get("tenant") if isinstance(detail, dict) else None
    return tenant is None or named == tenant


def _event(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _fit(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _why(attributes: Mapping[str, str]) -> tuple[str, str | None]:
    """Ours say it themselves; EventBridge and Scheduler by theirs; SQS gives up without a word.

    The attributes of EventBridge's dead letters: AWS's documentation, "Using dead-letter queues to
    process undelivered events", read 2026-11-21.
    """
    if "Reason" in attributes:
        return attributes["Reason"], attributes.get("Detail")
    if "ERROR_CODE" in attributes:
        return attributes["ERROR_CODE"], attributes.get("ERROR_MESSAGE")
    return "TooManyTries", "its function failed every time; its log says why"
