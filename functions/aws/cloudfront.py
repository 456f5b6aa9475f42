"""Invalidates paths in CloudFront, one batch at a time, and changes the header for the API."""

import hashlib
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.errors import code_of, retryable
from functions.protocol.edge_secret import HEADER
from functions.protocol.ports import Unavailable

FULL = {"TooManyInvalidationsInProgress", "Throttling", "InvalidationBatchAlreadyExists"}
CHANGED_MEANWHILE = {"PreconditionFailed", "InvalidIfMatchVersion"}


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


class CloudFrontHeader:
    """The header that the distribution adds to requests for its API."""

    def __init__(self, cloudfront: Any, distribution_id: str) -> None:
        self.cloudfront, self.distribution_id = cloudfront, distribution_id

    def read(self) -> tuple[str | None, bool]:
        found = self._distribution()["Distribution"]
        header = _header_in(found["DistributionConfig"])
        return header and str(header["HeaderValue"]), found["Status"] == "Deployed"

    def write(self, secret: str) -> None:
        found = self._distribution()
        config = found["Distribution"]["DistributionConfig"]
        header = _header_in(config)
        if header is None:
            raise Unavailable(f"the distribution has no header {HEADER}; deploy the stage")
        header["HeaderValue"] = secret
        with retryable():
            try:
                self.cloudfront.update_distribution(
                    Id=self.distribution_id, IfMatch=found["ETag"], DistributionConfig=config
                )
            except ClientError as error:
                if code_of(error) in CHANGED_MEANWHILE:
                    raise Unavailable(code_of(error)) from error
                raise

    def _distribution(self) -> Any:
        with retryable():
            return self.cloudfront.get_distribution(Id=self.distribution_id)


def _header_in(config: Any) -> Any:
    headers = [
        header
        for origin in config["Origins"]["Items"]
        for header in origin.get("CustomHeaders", {}).get("Items", ())
    ]
    return next((each for each in headers if each["HeaderName"].lower() == HEADER), None)
