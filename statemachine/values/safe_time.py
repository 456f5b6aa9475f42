"""Arithmetic on moments that never overflows, whatever is stored.

Python's `datetime` ends with the year 9999; adding an hour to its last moment raises OverflowError.
"""

from datetime import UTC, datetime, timedelta

FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def shifted(moment: datetime, span: timedelta) -> datetime:
    """`moment + span`, or the first or last possible moment if that would be beyond it."""
    try:
        return moment + span
    except OverflowError:
        return LAST if span > timedelta() else FIRST
