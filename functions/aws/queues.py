"""Dead letters with their reason, how many there are, and messages for later or again."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from functions.aws.errors import retryable
from functions.protocol.ports import Unavailable

DETAIL_CHARACTERS = 900
PER_CALL = 10


class SqsDeadLetters:
    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def put(self, body: str, reason: str, detail: str) -> None:
        attributes = {
            name: {"DataType": "String", "StringValue": text[:DETAIL_CHARACTERS] or "-"}
            for name, text in (("Reason", reason), ("Detail", detail))
        }
        with retryable():
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)


class SqsRedelivery:
    """Sets when a message that is reported back becomes visible again.

    `url` is that of any queue of the same account and region; a record names its own queue.
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


class SqsDeadLetterCounts:
    """Every queue of the stage that takes dead letters, found by its name once a container.

    `url` is that of one of them, as `…/haulway-production-watch-jobs-dead-letters`.
    """

    ENDING = "-dead-letters"

    def __init__(self, sqs: Any, url: str, function: str) -> None:
        self.sqs = sqs
        self.prefix = url.rpartition("/")[2].removesuffix(f"{function}{self.ENDING}")
        self.urls: dict[str, str] = {}

    def __call__(self) -> dict[str, int]:
        with retryable():
            self.urls = self.urls or dict(self._found())
            return {name: self._count(url) for name, url in self.urls.items()}

    def _found(self) -> Iterator[tuple[str, str]]:
        pages = self.sqs.get_paginator("list_queues").paginate(QueueNamePrefix=self.prefix)
        for page in pages:
            for url in page.get("QueueUrls", ()):
                if url.endswith(self.ENDING):
                    name = url.rpartition("/")[2]
                    yield name.removeprefix(self.prefix).removesuffix(self.ENDING), url

    def _count(self, url: str) -> int:
        name = "ApproximateNumberOfMessages"
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(answer["Attributes"][name])


class SqsDelayedMessages:
    """A queue that takes a message for later; it keeps none back for more than 15 minutes."""

    LONGEST_S = 900

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def put(self, body: str, delay_s: float) -> None:
        delay = min(self.LONGEST_S, max(0, math.ceil(delay_s)))
        with retryable():
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=delay)

    def put_all(self, bodies: Sequence[str]) -> None:
        for start in range(0, len(bodies), PER_CALL):
            self._put_some(bodies[start : start + PER_CALL])

    def _put_some(self, bodies: Sequence[str]) -> None:
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        with retryable():
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        if failed := answer.get("Failed"):
            raise Unavailable(f"{len(failed)} messages not taken by the queue")
