"""How many paths were invalidated in a month: the counter in the table `crew_roster`, and the note
in S3 on which the TTL of views depends.

pk               sk         what
invalidations    2026-11    a counter; expires by TTL
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from functions.aws.container import HasViews
from functions.aws.errors import retryable
from functions.aws.roster import Item, dynamodb_errors
from functions.aws.s3_stores import S3Objects, S3Views, to_bytes
from functions.protocol.clock import utc_now
from functions.views.invalidation_budget import MonthlyUsage, ViewTtl

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


class S3InvalidationUsage:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, month: str) -> MonthlyUsage | None:
        stored = self.objects.load(_key(month), MonthlyUsage)
        return stored.value if stored else None

    def write(self, usage: MonthlyUsage) -> None:
        with retryable():
            self.objects.put(_key(usage.month), to_bytes(usage))


def _item_key(month: str) -> Item:
    return {"pk": {"S": "invalidations"}, "sk": {"S": month}}


def _paths_in(item: Item) -> int:
    return int(item.get("paths", {}).get("N", "0"))


def _key(month: str) -> str:
    return f"ops/invalidations/{month}.json"


def public_views(s3: Any, settings: HasViews) -> S3Views:
    """The views as the functions write them; `s3` is a client that does not retry."""
    usage = S3InvalidationUsage(s3, settings.jobs_bucket)
    budget = settings.invalidation_paths_per_month
    return S3Views(s3, settings.site_bucket, ViewTtl(usage, budget, settings.view_ttl_s, utc_now))
