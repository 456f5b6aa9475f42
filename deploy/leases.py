"""Lease objects in S3, written and deleted only if they are unchanged.

One answer of S3 has the time an object was written and the current time, so the clocks of the
machines that deploy do not matter.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from functions.aws.errors import MISSING, code_of, conditional_write, retryable

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=10)
"""For a client for leases. A retry by the SDK could conflict with its own first attempt, and a
deployer must know long before its lease ends whether it was renewed."""


@dataclass(frozen=True)
class StoredLease:
    body: bytes
    etag: str
    written: datetime
    now: datetime


class S3Leases:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3, self.bucket = s3, bucket

    def read(self, key: str) -> StoredLease | None:
        """Raises Unavailable."""
        with retryable():
            try:
                answer = self.s3.get_object(Bucket=self.bucket, Key=key)
                body = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return StoredLease(body, answer["ETag"], answer["LastModified"], now)

    def put(self, key: str, body: bytes, replacing: str | None) -> str:
        """The new ETag. Raises Conflict if the stored ETag is not `replacing` (None: if anything is
        stored), or if the answer was lost: read again to find out."""
        condition = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}
        with conditional_write():
            answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **condition)
        return str(answer["ETag"])

    def remove(self, key: str, etag: str) -> None:
        """Raises Conflict as `put` does."""
        with conditional_write():
            self.s3.delete_object(Bucket=self.bucket, Key=key, IfMatch=etag)
