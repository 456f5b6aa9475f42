"""Maps botocore's errors to those of `functions/protocol/ports.py`."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as NotConnected

from functions.protocol.ports import Conflict, Unavailable

LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412"}
MISSING = {"NoSuchKey", "404", "NotFound"}
NOT_NOW = {
    "InternalError",
    "ServiceUnavailable",
    "SlowDown",
    "RequestTimeout",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "KmsThrottlingException",
}
NO_ANSWER = (HTTPClientError, NotConnected, IncompleteReadError)
"""Not reached, timed out, or cut off. botocore's ConnectionError is not an HTTPClientError."""


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def conditional_write() -> Iterator[None]:
    """A lost race and a lost response both become Conflict: only reading again shows which it was.

    A missing object under `If-Match` is a lost race too: S3 answers 404, others 412.
    """
    try:
        yield
    except ClientError as error:
        if code_of(error) in LOST_RACE | MISSING or _not_now(error):
            raise Conflict(code_of(error)) from error
        raise
    except NO_ANSWER as error:
        raise Conflict(type(error).__name__) from error


@contextmanager
def retryable() -> Iterator[None]:
    """Errors that a retry may cure become Unavailable; the others stay as they are."""
    try:
        yield
    except ClientError as error:
        if _not_now(error):
            raise Unavailable(code_of(error)) from error
        raise
    except NO_ANSWER as error:
        raise Unavailable(type(error).__name__) from error


def _not_now(error: ClientError) -> bool:
    return code_of(error) in NOT_NOW or status_of(error) >= 500
