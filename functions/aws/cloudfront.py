"""Invalidates paths in CloudFront, one batch at a time."""

import hashlib
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.errors import code_of, retryable
from functions.protocol.ports import Unavailable

FULL = {"TooManyInvalidationsInProgress", "Throttling", "InvalidationBatchAlreadyExists"}


class CloudFrontCdn:
    def __init__(self, cloudfront: Any, distribution_id: str) -> None:
        self.cloudfront, self.distribution_id = cloudfront, distribution_id

    def invalidate(self, paths: Iterable[str], batch: str) -> None:
        items = sorted(set(paths))
        reference = hashlib.sha256("\n".join([batch, *items]).encode()).hexdigest()
        with retryable():
            try:
                self.cloudfront.create_invalidation(
                    DistributionId=self.distribution_id,
                    InvalidationBatch={
                        "Paths": {"Quantity": len(items), "Items": items},
                        "CallerReference": reference,
                    },
                )
            except ClientError as error:
                if code_of(error) in FULL:
                    raise Unavailable(code_of(error)) from error
                raise
