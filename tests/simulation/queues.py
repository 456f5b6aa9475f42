"""SQS: a message stays until it is acknowledged; it may come twice, late, and in any order.

What AWS does not promise to deliver may be lost: nothing else is. The facts of the product may be,
because a function can die between its write and its announcement.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Batch = dict[str, Any]
Handler = Callable[[Batch, Any], dict[str, Any]]


@dataclass(eq=False)
class Message:
    body: str
    visible_at: datetime
    receives: int = 0
    first_receive: datetime | None = None


@dataclass
class Queue:
    """`may_lose`: its messages can be made again from the jobs. `at_once`: the largest batch."""

    name: str
    handle: Handler
    at_once: int = 1
    visibility_s: int = 180
    delay_s: int = 0
    most_receives: int = 20
    may_lose: bool = False
    messages: list[Message] = field(default_factory=list)

    def put(self, body: str, now: datetime, delay_s: float = 0) -> None:
        delay = timedelta(seconds=min(900, max(self.delay_s, delay_s)))
        self.messages.append(Message(body, now + delay))

    def put_copy(self, message: Message) -> None:
        """A second one, which another function may get at the same time."""
        self.messages.append(Message(message.body, message.visible_at))

    def visible(self, now: datetime) -> list[Message]:
        return [message for message in self.messages if message.visible_at <= now]

    def receive(self, batch: list[Message], now: datetime) -> Batch:
        """The messages as Lambda gets them; they are invisible until the visibility timeout."""
        for message in batch:
            message.receives += 1
            message.first_receive = message.first_receive or now
            message.visible_at = now + timedelta(seconds=self.visibility_s)
            assert message.receives <= self.most_receives, f"{self.name} gave up {message.body}"
        return {"Records": [self._record(n, message) for n, message in enumerate(batch)]}

    def _record(self, number: int, message: Message) -> dict[str, Any]:
        assert message.first_receive
        first_ms = int(message.first_receive.timestamp() * 1000)
        return {
            "messageId": str(number),
            "receiptHandle": str(number),
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{self.name}",
            "body": message.body,
            "attributes": {
                "ApproximateFirstReceiveTimestamp": str(first_ms),
                "ApproximateReceiveCount": str(message.receives),
            },
        }

    def settle(self, batch: list[Message], answer: dict[str, Any]) -> None:
        """Delete what was handled. What failed becomes visible again when its time has come."""
        failed = {int(each["itemIdentifier"]) for each in answer["batchItemFailures"]}
        for number, message in enumerate(batch):
            if number not in failed and message in self.messages:
                self.messages.remove(message)
