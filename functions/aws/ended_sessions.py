"""Sessions ended by signing out, in the table `crew_roster`.

    pk                      sk       what
    session#9f86d081884c…   ended    expires by TTL when the session would have ended anyway

They have their own partition key: IAM can restrict only `pk`, and the API, which adds these items,
must not write accounts.
"""

from datetime import datetime
from typing import Any

from functions.aws.roster import Item, dynamodb_errors


class DynamoEndedSessions:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def add(self, name: str, until: datetime) -> None:
        expires_at = {"N": str(int(until.timestamp()) + 1)}
        with dynamodb_errors():
            self.dynamodb.put_item(
                TableName=self.table, Item={**_key(name), "expires_at": expires_at}
            )

    def has(self, name: str) -> bool:
        """Eventually consistent, at half the price: a session that has just ended may be missed."""
        with dynamodb_errors():
            answer = self.dynamodb.get_item(TableName=self.table, Key=_key(name))
        return "Item" in answer


def _key(name: str) -> Item:
    return {"pk": {"S": f"session#{name}"}, "sk": {"S": "ended"}}
