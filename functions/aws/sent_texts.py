"""When texts were sent, for reports: in the table of the index, because reports read that anyway.

    pk            sk                            what
    main#texts    2026-11-22T14:00:00#5f2c…     a text that the provider accepted

A text is one item, however often it is written. Its name is hashed, so that nothing is left of a
job that is erased, and the count stays.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from functions.aws.readable_items import readable
from functions.aws.roster import Item, dynamodb_errors
from functions.protocol.ports import Corrupt
from statemachine.job.deliveries import DeliveryName

TEXTS = "texts"


class DynamoSentTexts:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def add(self, name: DeliveryName, at: datetime) -> None:
        digest = hashlib.sha256(name.tail.encode()).hexdigest()[:20]
        item = {"pk": {"S": f"{name.tenant}#{TEXTS}"}, "sk": {"S": f"{_moment(at)}#{digest}"}}
        with dynamodb_errors():
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def between(self, tenant: str, since: datetime, until: datetime) -> Iterator[datetime]:
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :texts AND sk BETWEEN :since AND :until",
                ProjectionExpression="sk",
                ExpressionAttributeValues={
                    ":texts": {"S": f"{tenant}#{TEXTS}"},
                    ":since": {"S": _moment(since)},
                    ":until": {"S": _moment(until)},
                },
            ):
                yield from readable(_moment_in, page["Items"])


def _moment_in(item: Item) -> datetime:
    """Raises Corrupt."""
    try:
        return datetime.fromisoformat(item["sk"]["S"].partition("#")[0]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Corrupt(f"{item['sk']['S']} is not a text in the index of jobs") from error


def _moment(at: datetime) -> str:
    """In the order of time, and before all texts of that second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
