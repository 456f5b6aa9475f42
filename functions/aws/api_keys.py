"""API keys in the table `crew_roster`.

    pk           sk                  what
    keys#main    key#3f9a1c2b0d4e    a key; deleted by TTL a month after it has expired

They have their own partition key, as everything that the API writes there.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from functions.aws.readable_items import readable
from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.people.api_keys import StoredKey, UnknownKey
from functions.protocol.ports import Corrupt
from statemachine.values.values import iso

KEPT_AFTER_EXPIRY = timedelta(days=30)
EXISTS = "attribute_exists(pk)"


class DynamoApiKeys:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, key_id: str) -> StoredKey | None:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_key(tenant, key_id), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _key_in(item) if item else None

    def add(self, key: StoredKey) -> None:
        gone = key.expires_at + KEPT_AFTER_EXPIRY
        document = key.model_dump_json(exclude={"last_used_at"})
        item = {
            **_key(key.tenant, key.key_id),
            "key": {"S": document},
            "expires_at": {"N": str(int(gone.timestamp()))},
        }
        with dynamodb_errors():
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def delete(self, tenant: str, key_id: str) -> None:
        try:
            with dynamodb_errors():
                self.dynamodb.delete_item(
                    TableName=self.table, Key=_key(tenant, key_id), ConditionExpression=EXISTS
                )
        except ConditionFailed as error:
            raise UnknownKey(f"there is no API key {key_id}") from error

    def set_used(self, tenant: str, key_id: str, at: datetime) -> None:
        try:
            with dynamodb_errors():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_key(tenant, key_id),
                    UpdateExpression="SET last_used_at = :at",
                    ConditionExpression=EXISTS,
                    ExpressionAttributeValues={":at": {"S": iso(at)}},
                )
        except ConditionFailed:  # revoked meanwhile: an update would bring back half of it
            return

    def all(self, tenant: str) -> Iterator[StoredKey]:
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant",
                ExpressionAttributeValues={":tenant": {"S": f"keys#{tenant}"}},
            ):
                yield from readable(_key_in, page["Items"])


def _key(tenant: str, key_id: str) -> Item:
    return {"pk": {"S": f"keys#{tenant}"}, "sk": {"S": f"key#{key_id}"}}


def _key_in(item: Item) -> StoredKey:
    """Unknown fields are ignored, as in S3Objects.load. Raises Corrupt."""
    try:
        known = StoredKey.model_validate_json(item["key"]["S"], extra="ignore")
        used = item.get("last_used_at", {}).get("S")
        return StoredKey.model_validate(known.model_dump() | {"last_used_at": used})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not an API key") from error
