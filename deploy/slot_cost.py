"""What the slots of one business cost a month, in units of DynamoDB; see functions/aws/slots.py."""

import math

WRITES = 1.2
"""Of sheets, for one job: it is booked, and every fifth is cancelled or rescheduled; assumed."""
LOOKS = 2
"""Of the booking page at all sheets ahead, for one job, if the edge does not answer; assumed."""
ENTRY_KB = 0.018
"""One job on a sheet, compressed."""
DAYS_A_MONTH = 30
SHEETS_AHEAD = 14
"""Days for which there are bookings; assumed."""
ROUNDS = 5
"""The watchdog looks at all sheets in every fifth round."""


def slot_writes(jobs: float) -> float:
    """Write units: one for each kilobyte of a sheet."""
    return jobs * WRITES * math.ceil(_sheet_kb(jobs))


def slot_reads(jobs: float, rounds: int) -> float:
    """Read units: trucks and sheet before each write, and all sheets for page and watchdog."""
    before = WRITES * (1 + math.ceil(_sheet_kb(jobs) / 4))
    ahead = math.ceil(SHEETS_AHEAD * _sheet_kb(jobs) / 8)  # eventually consistent: one for 8 KB
    return jobs * (before + LOOKS * (1 + ahead)) + rounds / ROUNDS * ahead


def _sheet_kb(jobs: float) -> float:
    """A sheet that is half full, which it is on average when it is written."""
    return jobs / DAYS_A_MONTH * ENTRY_KB / 2
