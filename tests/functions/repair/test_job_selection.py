"""Which jobs a round checks: those just written, and every other one within the hour."""

from collections import Counter
from datetime import datetime

from functions.repair.job_selection import (
    GRACE,
    RECENT,
    SLICE,
    SLICES,
    SUSPECT,
    jobs_to_check,
    not_shown,
)
from statemachine.flows import load_flow
from statemachine.views.views import Board, card_of
from tests.support.builders import NOON, a_job, minutes

LONG_AGO = NOON - minutes(600)


def ids(number: int) -> list[str]:
    return [f"261121-{n:06d}" for n in range(number)]


def shown(*job_ids: str, entered_at: datetime = NOON) -> Board:
    cards = (a_job(job_id=job_id, entered_at=entered_at) for job_id in job_ids)
    return Board().merged(card_of(job, load_flow(job.flow)) for job in cards)


def test_a_small_business_is_looked_at_wholly_in_every_round() -> None:
    jobs = ids(SLICE)
    for minute in range(5):
        now = NOON + minutes(minute)
        assert jobs_to_check(dict.fromkeys(jobs, LONG_AGO), shown(*jobs), now) == jobs


def test_in_a_large_business_every_job_has_one_turn_within_the_hour() -> None:
    jobs = ids(SLICE * SLICES)
    board, touched = shown(*jobs), dict.fromkeys(jobs, LONG_AGO)
    rounds = [jobs_to_check(touched, board, NOON + minutes(n)) for n in range(SLICES)]
    assert Counter(job_id for one in rounds for job_id in one) == Counter(jobs)
    assert max(map(len, rounds)) < 250


def test_a_job_just_written_is_checked_after_its_writers_had_time_to_finish() -> None:
    jobs = ids(SLICE * SLICES)
    board, touched = shown(*jobs), dict.fromkeys(jobs, LONG_AGO)
    never = jobs_to_check(touched, board, NOON)

    def looked_at(age: float) -> bool:
        seen = jobs_to_check(touched | {jobs[7]: NOON - minutes(age / 60)}, board, NOON)
        return jobs[7] in set(seen) - set(never)

    grace, recent = GRACE.total_seconds(), RECENT.total_seconds()
    ages = (0, grace - 1, grace, 120, recent, recent + 1)
    assert [looked_at(age) for age in ages] == [False, False, True, True, True, False]


def test_who_is_missing_on_the_board_is_looked_at() -> None:
    jobs = ids(3_000)
    touched = dict.fromkeys(jobs, LONG_AGO) | {jobs[1]: NOON}
    board = shown(*jobs[2:])
    assert not_shown(touched, board, NOON) == [jobs[0]]
    for minute in range(3):
        assert jobs[0] in jobs_to_check(touched, board, NOON + minutes(minute))


def test_who_has_just_become_overdue_is_looked_at_until_his_turn_comes_anyway() -> None:
    limit = load_flow("haul").initial.limit_minutes
    assert limit
    others, late = ids(3_000), "261121-zzzzzz"
    board = shown(late, entered_at=NOON - minutes(limit)).merged(shown(*others).jobs.values())
    touched = dict.fromkeys([*others, late], LONG_AGO)
    rounds = [late in jobs_to_check(touched, board, NOON + minutes(n)) for n in range(60)]
    begun = int(SUSPECT.total_seconds()) // 60
    assert all(rounds[begun : begun + 3])
    assert sum(rounds) <= 5
