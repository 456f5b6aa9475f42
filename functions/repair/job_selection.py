"""Whom a round of the watchdog looks at: those that someone has just left work with, and a share.

    touched by a writer         looked at in the rounds from half a minute to three minutes later,
                                and once more when its messages ought to have been sent; those of
                                an ended job are asked about before it is let go, however late
    all the others              one slice each minute, so that six hours have seen everybody
    not on the board            although it was booked long enough ago
    just become overdue         its execution ought to have said so

A business of up to ten open jobs is one slice: it is looked at wholly in every round; of a hundred
each has a turn every ten minutes. Jobs that have ended are no one's share, so a round costs the
same however many there are.
"""

import math
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from statemachine.views import Board, Card

GRACE = timedelta(seconds=30)
"""What is younger than this is left to those whose work it is."""
LATELY = timedelta(minutes=3)
SUSPECT = timedelta(minutes=2)
"""A job whose execution has not moved for so long is asked about."""
MESSAGES = timedelta(minutes=12)
"""So long after a change its messages ought to be marked; then that is checked, and an ended job
stays in the index until then."""
A_ROUND = timedelta(seconds=75)
"""From one round to the next, with a late one: within it whatever is due comes up once, now and
then twice."""
SLICE, SLICES = 10, 360


def to_look_at(open_jobs: Mapping[str, datetime], board: Board, now: datetime) -> list[str]:
    """The ids, out of the index of open jobs and when each was touched last; in their order."""
    slices = max(1, min(SLICES, math.ceil(len(open_jobs) / SLICE)))
    turn = minute_of(now) % slices
    return sorted(
        job_id
        for job_id, touched in open_jobs.items()
        if zlib.crc32(job_id.encode()) % slices == turn
        or now - LATELY <= touched <= now - GRACE
        or messages_are_due(touched, now)
        or _strikes(board.jobs.get(job_id), touched, now)
    )


def minute_of(now: datetime) -> int:
    """Rounds take turns by it, for none remembers the one before."""
    return int(now.timestamp()) // 60


def not_shown(open_jobs: Mapping[str, datetime], board: Board, now: datetime) -> list[str]:
    """Those that ought to be on the board by now and are not."""
    return sorted(
        job_id
        for job_id, touched in open_jobs.items()
        if job_id not in board.jobs and touched <= now - GRACE
    )


def messages_are_due(touched: datetime, now: datetime) -> bool:
    return MESSAGES <= now - touched < MESSAGES + A_ROUND


def _strikes(card: Card | None, touched: datetime, now: datetime) -> bool:
    """Overdue ones only at first: later each has its turn like the others."""
    if card is None:
        return touched <= now - GRACE
    return card.due_at is not None and SUSPECT <= now - card.due_at <= SUSPECT + LATELY
