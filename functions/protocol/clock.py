"""The clock; rules take `now` as an argument instead."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
