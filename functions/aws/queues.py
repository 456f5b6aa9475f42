"""Dead letters with their reason."""

from typing import Any

from functions.aws.failures import retryable

DETAIL_CHARACTERS = 900


class SqsDeadLetters:
    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def bury(self, body: str, reason: str, detail: str) -> None:
        attributes = {
            name: {"DataType": "String", "StringValue": text[:DETAIL_CHARACTERS] or "-"}
            for name, text in (("Reason", reason), ("Detail", detail))
        }
        with retryable():
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)
