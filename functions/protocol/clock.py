"""The clock of this process; code that needs a time takes it as an argument, or a clock."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)
