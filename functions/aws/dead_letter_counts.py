"""How many messages are in each dead-letter queue of the stage."""

from collections.abc import Iterator
from typing import Any

from functions.aws.errors import retryable


class SqsDeadLetterCounts:
    """Counts by queue. The queues are found by their names, once in a container's life.

    `url` is the URL of one of them, as `…/haulway-production-watch-jobs-dead-letters`.
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
