"""Logos of businesses in the site bucket."""

from collections.abc import Iterator
from typing import Any

from functions.aws.errors import retryable
from functions.aws.s3_stores import S3Objects
from statemachine.business.business import logo_folder

CACHING = "public, max-age=86400, immutable"
"""A logo never changes, because its name is a digest of it."""


class S3Logos:
    def __init__(self, s3: Any, site_bucket: str) -> None:
        self.s3, self.site_bucket = s3, site_bucket
        self.objects = S3Objects(s3, site_bucket)

    def publish(self, path: str, png: bytes) -> None:
        with retryable():
            self.s3.put_object(
                Bucket=self.site_bucket,
                Key=path.removeprefix("/"),
                Body=png,
                ContentType="image/png",
                CacheControl=CACHING,
            )

    def of(self, tenant: str) -> Iterator[str]:
        folder = logo_folder(tenant)
        return (folder + name for name in self.objects.keys(folder.removeprefix("/")))

    def erase(self, path: str) -> None:
        with retryable():
            self.s3.delete_object(Bucket=self.site_bucket, Key=path.removeprefix("/"))
