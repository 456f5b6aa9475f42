"""The month's invalidation usage as an S3 object, and the views whose TTL depends on it."""

from typing import Any

from functions.aws.container import HasViews
from functions.aws.s3_stores import S3Objects, S3Views, to_bytes
from functions.protocol.clock import utc_now
from functions.protocol.ports import Stored
from functions.views.invalidation_budget import MonthlyUsage, ViewTtl


class S3InvalidationUsage:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, month: str) -> Stored[MonthlyUsage] | None:
        return self.objects.load(_key(month), MonthlyUsage)

    def write(self, usage: MonthlyUsage, replacing: str | None) -> None:
        self.objects.store(_key(usage.month), to_bytes(usage), replacing)


def _key(month: str) -> str:
    return f"ops/invalidations/{month}.json"


def public_views(s3: Any, settings: HasViews) -> S3Views:
    """The views as the functions write them; `s3` is a client that does not retry."""
    usage = S3InvalidationUsage(s3, settings.jobs_bucket)
    budget = settings.invalidation_paths_per_month
    return S3Views(s3, settings.site_bucket, ViewTtl(usage, budget, settings.view_ttl_s, utc_now))
