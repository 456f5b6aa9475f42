"""The note of the month's invalidated paths in S3, and the views whose TTL depends on it."""

from typing import Any

from functions.aws.appsync import hints_of
from functions.aws.container import HasViews
from functions.aws.errors import retryable
from functions.aws.s3_stores import S3Objects, S3Views, to_bytes
from functions.protocol.clock import utc_now
from functions.views.hinted_views import HintedViews
from functions.views.invalidation_budget import MonthlyUsage, ViewTtl


class S3InvalidationUsage:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, month: str) -> MonthlyUsage | None:
        stored = self.objects.load(_key(month), MonthlyUsage)
        return stored.value if stored else None

    def write(self, usage: MonthlyUsage) -> None:
        with retryable():
            self.objects.put(_key(usage.month), to_bytes(usage))


def _key(month: str) -> str:
    return f"ops/invalidations/{month}.json"


def public_views(s3: Any, settings: HasViews) -> HintedViews:
    """The views as the functions write them; `s3` is a client that does not retry."""
    usage = S3InvalidationUsage(s3, settings.jobs_bucket)
    budget = settings.invalidation_paths_per_month
    ttl_s = ViewTtl(usage, budget, settings.view_ttl_s, utc_now)
    return HintedViews(S3Views(s3, settings.site_bucket, ttl_s), hints_of(settings.push_host))
