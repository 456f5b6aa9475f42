"""Arithmetic on moments that cannot overflow, whatever was stored.

Python's `datetime` ends with the year 9999; adding an hour to its last moment raises OverflowError.
"""

from datetime import UTC, datetime, timedelta

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def shifted(moment: datetime, span: timedelta) -> datetime:
    """`moment + span`, or the first or last moment there is where that lies beyond it."""
    try:
        return moment + span
    except OverflowError:
        return LAST if span > timedelta() else FIRST
