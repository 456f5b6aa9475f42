"""Counters in the table `crew_roster`.

pk                        sk       what
limit#bookings#1f0c…      count    a counter; expires by TTL
"""

from datetime import datetime, timedelta
from typing import Any

from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.people.rate_limits import Limit


class DynamoLimits:
    """Each counter is one item; each attempt makes one or two conditional updates.

    caller A   taken 9 → 10 (if < 10)    200
    caller B   taken 10 → ? (if < 10)    condition failed; the window still runs: no room
    """

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def take(self, limit: Limit, key: str, now: datetime) -> bool:
        return self._counted(limit, key, now) or self._begun(limit, key, now)

    def clear(self, limit: Limit, key: str) -> None:
        with dynamodb_errors():
            self.dynamodb.delete_item(TableName=self.table, Key=_count_key(limit, key))

    def wait(self, limit: Limit, key: str, now: datetime) -> timedelta:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_count_key(limit, key), ConsistentRead=True
            )
        item: Item = answer.get("Item", {})
        if int(item.get("taken", {}).get("N", "0")) < limit.most:
            return timedelta()
        left_ms = int(item["ends_at"]["N"]) - int(_number(now)["N"])
        return timedelta(milliseconds=max(0, left_ms))

    def _counted(self, limit: Limit, key: str, now: datetime) -> bool:
        """Counts one attempt in a window that still runs and has room."""
        ends = ", ends_at = :ends, expires_at = :expires" if limit.slides else ""
        values = {":one": {"N": "1"}, ":most": {"N": str(limit.most)}, ":now": _number(now)}
        if limit.slides:
            values |= _ends(limit, now)
        change = f"SET taken = taken + :one{ends}"
        return self._update(limit, key, change, "ends_at > :now AND taken < :most", values)

    def _begun(self, limit: Limit, key: str, now: datetime) -> bool:
        """Counts the first attempt of a new window, unless one still runs."""
        return self._update(
            limit,
            key,
            "SET taken = :one, ends_at = :ends, expires_at = :expires",
            "attribute_not_exists(pk) OR ends_at <= :now",
            {":one": {"N": "1"}, ":now": _number(now), **_ends(limit, now)},
        )

    def _update(self, limit: Limit, key: str, change: str, condition: str, values: Item) -> bool:
        try:
            with dynamodb_errors():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_count_key(limit, key),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            return True
        except ConditionFailed:
            return False


def _count_key(limit: Limit, key: str) -> Item:
    return {"pk": {"S": f"limit#{limit.name}#{key}"}, "sk": {"S": "count"}}


def _number(moment: datetime) -> Item:
    return {"N": str(int(moment.timestamp() * 1000))}


def _ends(limit: Limit, now: datetime) -> Item:
    """`ends_at`, in milliseconds, decides; `expires_at`, in seconds, is for the table's TTL."""
    ends = now + limit.window
    return {":ends": _number(ends), ":expires": {"N": str(int(ends.timestamp()) + 1)}}
