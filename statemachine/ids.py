"""Ids and tokens: how a job is named, and how its public link is made and found.

`new_token` is the one place of this package that is not pure; callers hand it in.
"""

import hashlib
import re
import secrets
from datetime import UTC, datetime

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
TOKEN_BYTES = 16
"""128 random bits: a link no one guesses."""
TOKEN_PATTERN = r"^[A-Za-z0-9_-]{22}$"  # noqa: S105 - the shape of tokens, not one of them


def job_id_for(tenant: str, event_id: str, booked_at: datetime, attempt: int = 0) -> str:
    """The id of the job that `event_id` books: the same for every copy of that event.

    Six letters are 30 bits; where another job of the same day already has them, the creator
    asks again with the next `attempt`.
    """
    seed = f"{tenant}|{event_id}|{attempt}".encode()
    number = int.from_bytes(hashlib.sha256(seed).digest()[:4], "big") >> 2
    letters = "".join(CROCKFORD[(number >> shift) & 31] for shift in range(25, -1, -5))
    return f"{booked_at.astimezone(UTC):%y%m%d}-{letters}"


def digest_of(token: str) -> str:
    """The public name of the view behind a tracking token: it cannot be turned back into it."""
    return hashlib.sha256(token.encode("ascii")).hexdigest()[:32]


def new_token() -> str:
    """A fresh tracking token: 22 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    return re.fullmatch(TOKEN_PATTERN, text) is not None
