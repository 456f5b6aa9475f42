"""The month's invalidations as an object, and the public views that live by them."""

from typing import Any

from functions.aws.container import HasViews, utc_now
from functions.aws.stores import S3Objects, S3Views, to_bytes
from functions.freshness import Spent, ViewTtl
from functions.ports import Stored


class S3Spendings:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, month: str) -> Stored[Spent] | None:
        return self.objects.load(_key(month), Spent)

    def write(self, spent: Spent, replacing: str | None) -> None:
        self.objects.store(_key(spent.month), to_bytes(spent), replacing)


def _key(month: str) -> str:
    return f"ops/invalidations/{month}.json"


def public_views(s3: Any, settings: HasViews) -> S3Views:
    """The views as the functions write them; `s3` is a client that tries once."""
    spendings = S3Spendings(s3, settings.jobs_bucket)
    budget = settings.invalidation_paths_per_month
    return S3Views(
        s3, settings.site_bucket, ViewTtl(spendings, budget, settings.view_ttl_s, utc_now)
    )
