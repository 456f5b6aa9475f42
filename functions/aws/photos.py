"""Photos in S3: uploads in the private jobs bucket, redrawn photos in the site bucket."""

from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from functions.aws.errors import MISSING, code_of, retryable
from functions.photos.add_photo import UploadTarget
from statemachine.views.views import photo_path

UPLOADS = "uploads/"
GOOD_FOR_S = 900
CACHING = "public, max-age=86400, immutable"
"""A photo never changes, because every photo has its own name. One day at most, so that an erased
photo is gone from all caches the next day."""


class S3Photos:
    """`uploads_host` is the jobs bucket's host name as an origin; uploads are signed for it.

    The page sends the upload to its own site, and the edge forwards it unchanged to that host, so
    that pages connect only to our own address. `credentials` are botocore's.
    """

    def __init__(
        self, s3: Any, jobs_bucket: str, site_bucket: str, uploads_host: str, credentials: Any
    ) -> None:
        self.s3, self.jobs_bucket, self.site_bucket = s3, jobs_bucket, site_bucket
        self.uploads_host, self.credentials = uploads_host, credentials

    def upload(self, key: str, media_type: str, size: int) -> UploadTarget:
        path = f"/{UPLOADS}{key}"
        signed = {"content-type": media_type, "content-length": str(size)}
        request = AWSRequest("PUT", f"https://{self.uploads_host}{path}", headers=signed)
        frozen = self.credentials.get_frozen_credentials()
        region = self.s3.meta.region_name
        S3SigV4QueryAuth(frozen, "s3", region, expires=GOOD_FOR_S).add_auth(request)
        query = urlsplit(str(request.url)).query
        return UploadTarget(path=f"{path}?{query}", headers={"content-type": media_type})

    def raw(self, key: str, size: int) -> bytes | None:
        with retryable():
            try:
                answer = self.s3.get_object(Bucket=self.jobs_bucket, Key=UPLOADS + key)
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
            with answer["Body"] as body:
                return bytes(body.read()) if answer["ContentLength"] == size else None

    def publish(self, photo_id: str, jpeg: bytes) -> None:
        with retryable():
            self.s3.put_object(
                Bucket=self.site_bucket,
                Key=photo_path(photo_id).removeprefix("/"),
                Body=jpeg,
                ContentType="image/jpeg",
                CacheControl=CACHING,
            )

    def withdraw(self, photo_id: str) -> None:
        with retryable():
            self.s3.delete_object(
                Bucket=self.site_bucket, Key=photo_path(photo_id).removeprefix("/")
            )

    def delete_raw(self, key: str) -> None:
        with retryable():
            self.s3.delete_object(Bucket=self.jobs_bucket, Key=UPLOADS + key)
