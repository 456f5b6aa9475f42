"""Reads, redrives, and deletes the messages of the dead-letter queues in SQS."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from functions.api.ops_models import QueueState
from functions.aws.errors import retryable
from functions.aws.queues import PER_CALL
from functions.ops.dead_letters import QUEUES, ReceivedMessage

HOLD_S = 60
"""After this, received messages become visible again even if the reader has crashed."""
WAITING = "ApproximateNumberOfMessages"
IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
ALL_SERVERS_S = 1
"""With a wait time, SQS reads from all of its servers; without, only from some, and an empty
response proves nothing (AWS documentation, "Short and long polling", read 2026-11-25)."""


class SqsDeadLetterQueues:
    """`prefix` is the prefix of the stage's queues, as `haulway-production-`."""

    def __init__(self, sqs: Any, prefix: str) -> None:
        self.sqs, self.prefix = sqs, prefix
        self.urls: dict[str, str] = {}

    def state(self, queue: str) -> QueueState:
        counts = [self._counts(self._url(name)) for name in QUEUES[queue]]
        return QueueState(
            queue=queue,
            waiting=sum(waiting for waiting, _ in counts),
            in_flight=sum(in_flight for _, in_flight in counts),
            dead=sum(self._counts(self._dead(queue))),
        )

    def receive(self, queue: str, most: int) -> Sequence[ReceivedMessage]:
        received: dict[str, ReceivedMessage] = {}
        while len(received) < most:
            before = len(received)
            for message in self._received(self._dead(queue), min(PER_CALL, most - before)):
                received[message.message_id] = message
            if len(received) == before:
                break
        return list(received.values())

    def make_visible(self, queue: str, messages: Sequence[ReceivedMessage]) -> None:
        """One by one: for a batch the engine requires a permission that does not exist in IAM."""
        for message in messages:
            with retryable(), suppress(self.sqs.exceptions.MessageNotInflight):  # already visible
                self.sqs.change_message_visibility(
                    QueueUrl=self._dead(queue), ReceiptHandle=message.receipt, VisibilityTimeout=0
                )

    def redrive(self, queue: str, message: ReceivedMessage) -> None:
        with retryable():
            self.sqs.send_message(QueueUrl=self._url(QUEUES[queue][0]), MessageBody=message.body)

    def delete(self, queue: str, message: ReceivedMessage) -> None:
        with retryable():
            self.sqs.delete_message(QueueUrl=self._dead(queue), ReceiptHandle=message.receipt)

    def _received(self, url: str, most: int) -> Iterator[ReceivedMessage]:
        with retryable():
            answer = self.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=HOLD_S,
                WaitTimeSeconds=ALL_SERVERS_S,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        for message in answer.get("Messages", ()):
            yield _received_message(message)

    def _counts(self, url: str) -> tuple[int, int]:
        with retryable():
            answer = self.sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=[WAITING, IN_FLIGHT]
            )
        found = answer["Attributes"]
        return int(found[WAITING]), int(found[IN_FLIGHT])

    def _dead(self, queue: str) -> str:
        return self._url(f"{queue.replace('_', '-')}-dead-letters")

    def _url(self, name: str) -> str:
        if name not in self.urls:
            with retryable():
                answer = self.sqs.get_queue_url(QueueName=f"{self.prefix}{name}")
            self.urls[name] = answer["QueueUrl"]
        return self.urls[name]


def _received_message(message: dict[str, Any]) -> ReceivedMessage:
    attributes = message.get("MessageAttributes", {})
    sent_ms = int(message["Attributes"]["SentTimestamp"])
    return ReceivedMessage(
        message_id=message["MessageId"],
        body=message["Body"],
        sent_at=datetime.fromtimestamp(sent_ms / 1000, timezone.utc),
        attributes={name: value.get("StringValue", "") for name, value in attributes.items()},
        receipt=message["ReceiptHandle"],
    )
