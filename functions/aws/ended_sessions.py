"""Sessions that someone has signed out of, in the crew roster.

    pk                      sk       what
    session#9f86d081884c…   ended    deleted by the table's TTL once the session would be over

They have a partition key of their own: IAM knows keys by `pk` alone, and the API, which adds these,
must not write accounts.
"""

from datetime import datetime
from typing import Any

from functions.aws.roster import Item, asked


class DynamoEndedSessions:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def add(self, name: str, until: datetime) -> None:
        expires_at = {"N": str(int(until.timestamp()) + 1)}
        with asked():
            self.dynamodb.put_item(
                TableName=self.table, Item={**_key(name), "expires_at": expires_at}
            )

    def has(self, name: str) -> bool:
        """Eventually consistent, at half the price: what ended a moment ago may be missed."""
        with asked():
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(name))
        return "Item" in answer


def _key(name: str) -> Item:
    return {"pk": {"S": f"session#{name}"}, "sk": {"S": "ended"}}
