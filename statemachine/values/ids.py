"""Ids and tokens: the id of a job, the token of its tracking link, and the digest of its view.

`new_token` is the only function of this package that is not pure; callers inject it.
"""

import hashlib
import re
import secrets
from datetime import UTC, datetime

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
TOKEN_BYTES = 16
"""128 random bits, so that no one can guess a link."""
TOKEN_PATTERN = r"^[A-Za-z0-9_-]{22}$"  # noqa: S105 - the pattern of tokens, not a token


def job_id_for(tenant: str, event_id: str, booked_at: datetime, attempt: int = 0) -> str:
    """The id of the job that `event_id` books, the same for every copy of the event.

    Six letters are 30 bits. If another job of the same day has the same id, the caller tries the
    next `attempt`.
    """
    seed = f"{tenant}|{event_id}|{attempt}".encode()
    number = int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") >> 2
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(25, -1, -5))
    return f"{booked_at.astimezone(UTC):%y%m%d}-{letters}"


def digest_of(token: str) -> str:
    """The public name of the view of a tracking token. The token cannot be derived from it."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()[:32]


def hint_channel(name: str) -> str:
    """The channel of the hints about what has that secret name, such as the digest of a view.

    The name cannot be derived from it, so a list of channels opens nothing.
    """
    return hashlib.sha256(f"hint {name}".encode("ascii")).hexdigest()[:32]


def new_token() -> str:
    """A new tracking token: 22 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    return re.fullmatch(TOKEN_PATTERN, text) is not None
