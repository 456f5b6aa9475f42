"""`jobs.json` for readers: fetched and parsed only if it has changed."""

from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.aws.errors import MISSING, code_of, retryable, status_of
from functions.protocol.ports import Stored, Unavailable
from statemachine.views.views import Board

NEVER_WRITTEN = Stored(Board(), '"none"')


class S3BoardCopies:
    """The latest board of each tenant that this container has read."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3, self.bucket = s3, bucket
        self.copies: dict[str, Stored[Board]] = {}

    def latest(self, tenant: str) -> Stored[Board]:
        """The current board; S3 answers 304 if our copy is still current. Raises Unavailable."""
        known = self.copies.get(tenant)
        condition = {"IfNoneMatch": known.etag} if known else {}
        key = f"tenants/{tenant}/board/jobs.json"
        with retryable():
            try:
                answer = self.s3.get_object(Bucket=self.bucket, Key=key, **condition)
                body = answer["Body"].read()
            except ClientError as error:
                if known and status_of(error) == 304:
                    return known
                if code_of(error) in MISSING:
                    return NEVER_WRITTEN
                raise
        self.copies[tenant] = Stored(_board_in(body), answer["ETag"])
        return self.copies[tenant]


def _board_in(body: bytes) -> Board:
    """Unknown fields are ignored, as in S3Objects.load.

    Raises Unavailable if it cannot be read: it is derived data and will be rebuilt.
    """
    try:
        return Board.model_validate_json(body, extra="ignore")
    except ValidationError as error:
        raise Unavailable("jobs.json cannot be read; the next change rebuilds it") from error
