"""Which jobs a round of the watchdog checks: those that were just written, and a share of the rest.

    just written                checked in the rounds from half a minute to three minutes later, and
                                once more when its messages should have been sent; those of an ended
                                job are checked before it leaves the index, however late that is
    all the others              one slice each minute, so that every job is checked in six hours
    not on the board            although it was booked long enough ago
    just overdue                its execution should have announced it

Up to ten open jobs of a business are one slice, so each round checks all of them; of a hundred,
each is checked every ten minutes. Ended jobs are in no slice, so a round costs the same however
many of them there are.
"""

import math
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from statemachine.views.views import Board, Card

GRACE = timedelta(seconds=30)
"""A change younger than this is left to the function whose work it is."""
RECENT = timedelta(minutes=3.5)
"""Three minutes from the last of the moves that share a mark (`compare_and_swap.SHARED_FOR_S`)."""
SUSPECT = timedelta(minutes=2)
"""If an execution has not moved for so long, Step Functions is asked whether it runs."""
MESSAGES = timedelta(minutes=12)
"""How long after a change, or the first of moves that share a mark, its messages should be there.
Then that is checked; until then an ended job stays in the index."""
A_ROUND = timedelta(seconds=75)
"""From one round to the next, with some delay: what is due in it is checked once, rarely twice."""
SLICE, SLICES = 10, 360


def jobs_to_check(open_jobs: Mapping[str, datetime], board: Board, now: datetime) -> list[str]:
    """The sorted ids, from the index of open jobs and when each was last touched."""
    slices = max(1, min(SLICES, math.ceil(len(open_jobs) / SLICE)))
    turn = minute_of(now) % slices
    return sorted(
        job_id
        for job_id, touched in open_jobs.items()
        if zlib.crc32(job_id.encode()) % slices == turn
        or now - RECENT <= touched <= now - GRACE
        or messages_are_due(touched, now)
        or _is_suspect(board.jobs.get(job_id), touched, now)
    )


def minute_of(now: datetime) -> int:
    """The number by which rounds take turns, because no round remembers the one before."""
    return int(now.timestamp()) // 60


def not_shown(open_jobs: Mapping[str, datetime], board: Board, now: datetime) -> list[str]:
    """The jobs that should be on the board by now and are not."""
    return sorted(
        job_id
        for job_id, touched in open_jobs.items()
        if job_id not in board.jobs and touched <= now - GRACE
    )


def messages_are_due(touched: datetime, now: datetime) -> bool:
    return MESSAGES <= now - touched < MESSAGES + A_ROUND


def _is_suspect(card: Card | None, touched: datetime, now: datetime) -> bool:
    """Not on the board, or just overdue; a job that has been overdue longer waits for its slice."""
    if card is None:
        return touched <= now - GRACE
    late = card.overdue_by(now)
    return late is not None and SUSPECT <= late <= SUSPECT + RECENT
