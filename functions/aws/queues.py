"""SQS queues: when a message becomes visible again, and messages to deliver later."""

import math
from collections.abc import Sequence
from typing import Any

from functions.aws.errors import retryable
from functions.protocol.ports import Unavailable

PER_CALL = 10


class SqsRedelivery:
    """Sets when a message that failed becomes visible again.

    `url` is the URL of any queue in the same account and region; each record names its own queue.
    """

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.account_url = sqs, url.rpartition("/")[0]

    def delay(self, record: dict[str, Any], seconds: int) -> None:
        queue = record["eventSourceARN"].rpartition(":")[2]
        with retryable():
            self.sqs.change_message_visibility(
                QueueUrl=f"{self.account_url}/{queue}",
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=seconds,
            )


class SqsDelayedMessages:
    """A queue that delivers messages later, after at most 15 minutes."""

    LONGEST_S = 900

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def put(self, body: str, delay_s: float) -> None:
        with retryable():
            self.sqs.send_message(
                QueueUrl=self.url, MessageBody=body, DelaySeconds=self._delay(delay_s)
            )

    def _delay(self, delay_s: float) -> int:
        return min(self.LONGEST_S, max(0, math.ceil(delay_s)))

    def put_all(self, bodies: Sequence[str], delays_s: Sequence[float] = ()) -> None:
        waits = [self._delay(each) for each in delays_s] or [0] * len(bodies)
        messages = list(zip(bodies, waits, strict=True))
        for start in range(0, len(messages), PER_CALL):
            self._put_some(messages[start : start + PER_CALL])

    def _put_some(self, messages: Sequence[tuple[str, int]]) -> None:
        entries: list[dict[str, Any]] = [
            {"Id": str(n), "MessageBody": body} | ({"DelaySeconds": wait} if wait else {})
            for n, (body, wait) in enumerate(messages)
        ]
        with retryable():
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        if failed := answer.get("Failed"):
            raise Unavailable(f"{len(failed)} messages not accepted by the queue")
