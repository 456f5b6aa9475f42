"""How many paths were invalidated in a month: the counter in the table `crew_roster`.

pk               sk         what
invalidations    2026-11    a counter; expires by TTL

The functions that write views read the note in S3 instead (`invalidation_usage.py`), and start
without a client of DynamoDB.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.aws.roster import Item, dynamodb_errors

KEPT = timedelta(days=400)


class DynamoInvalidationCounter:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def paths(self, month: str) -> int:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_item_key(month), ConsistentRead=True
            )
        return _paths_in(answer.get("Item", {}))

    def add(self, month: str, paths: int) -> int:
        expires = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) + KEPT
        with dynamodb_errors():
            answer = self.dynamodb.update_item(
                TableName=self.table,
                Key=_item_key(month),
                UpdateExpression="SET expires_at = :expires ADD paths :more",
                ExpressionAttributeValues={
                    ":more": {"N": str(paths)},
                    ":expires": {"N": str(int(expires.timestamp()))},
                },
                ReturnValues="UPDATED_NEW",
            )
        return _paths_in(answer["Attributes"])


def _item_key(month: str) -> Item:
    return {"pk": {"S": "invalidations"}, "sk": {"S": month}}


def _paths_in(item: Item) -> int:
    return int(item.get("paths", {}).get("N", "0"))
