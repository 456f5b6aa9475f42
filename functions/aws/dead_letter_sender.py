"""Sends messages that failed for good to the dead-letter queue."""

from typing import Any

from functions.aws.errors import retryable

DETAIL_CHARACTERS = 900


class SqsDeadLetters:
    """One dead-letter queue; the reason is sent in the message's attributes."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def put(self, body: str, reason: str, detail: str) -> None:
        attributes = {
            name: {"DataType": "String", "StringValue": text[:DETAIL_CHARACTERS] or "-"}
            for name, text in (("Reason", reason), ("Detail", detail))
        }
        with retryable():
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)
