"""The rule of fit is exact: the search finds an order if and only if trying all orders does."""

import itertools
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.schedule.fit import MOST_EXACT, PlannedJob, fit, groups_of, obstacles_to, plan_of
from tests.support.builders import NOON, minutes

SCHEDULE = Path(__file__).parents[3] / "statemachine" / "schedule"
CASES = json.loads((SCHEDULE / "fit_cases.json").read_text())


def job(name: str, opens: float, closes: float, takes: float) -> PlannedJob:
    """Times in minutes after NOON."""
    return PlannedJob(name, NOON + minutes(opens), NOON + minutes(closes), minutes(takes))


def brute_force(jobs: list[PlannedJob]) -> bool:
    """Whether any of all orders fits."""
    return any(_follows(order) for order in itertools.permutations(jobs))


def _follows(order: tuple[PlannedJob, ...]) -> bool:
    free = datetime.min.replace(tzinfo=NOON.tzinfo)
    for each in order:
        begin = max(free, each.opens)
        if begin > each.closes:
            return False
        free = begin + each.duration
    return True


def days(most: int) -> st.SearchStrategy[list[PlannedJob]]:
    """Jobs of one long day, in quarters of an hour, so that many are in each other's way."""
    quarter = st.integers(0, 24)
    shapes = st.tuples(quarter, st.integers(0, 12), st.integers(1, 10))
    return st.lists(shapes, max_size=most).map(
        lambda found: [
            job(f"261121-{number:06d}", 15 * opens, 15 * (opens + width), 15 * takes)
            for number, (opens, width, takes) in enumerate(found)
        ]
    )


@given(days(6))
def test_jobs_fit_if_and_only_if_some_order_of_all_does(jobs: list[PlannedJob]) -> None:
    assert fit(jobs) == brute_force(jobs)


@given(days(7))
def test_a_plan_begins_each_job_within_its_window_and_none_before_the_last_is_over(
    jobs: list[PlannedJob],
) -> None:
    plan = plan_of(jobs)
    if plan is None:
        return
    assert sorted(start.job for start in plan) == sorted(jobs)
    assert all(start.job.opens <= start.at <= start.job.closes for start in plan)
    assert all(one.at + one.job.duration <= two.at for one, two in itertools.pairwise(plan))


@given(days(7), st.randoms())
def test_the_answer_does_not_depend_on_the_order_in_which_jobs_are_given(
    jobs: list[PlannedJob], chance: object
) -> None:
    shuffled = list(jobs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan_of(shuffled) == plan_of(jobs)


@given(days(6))
def test_obstacles_are_as_few_as_explain_it(jobs: list[PlannedJob]) -> None:
    if not jobs:
        return
    mine, *others = jobs
    found = obstacles_to(mine, others)
    if not found:
        group = next(each for each in groups_of(jobs) if mine in each)
        assert brute_force(group)
        return
    assert not brute_force([mine, *found])
    for left_out in found:
        assert brute_force([mine, *(each for each in found if each != left_out)])


@given(days(6))
def test_jobs_of_different_groups_are_never_in_each_others_way(jobs: list[PlannedJob]) -> None:
    assert brute_force(jobs) == all(brute_force(group) for group in groups_of(jobs))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_cases_that_the_pages_share(case: dict[str, object]) -> None:
    jobs = [job(*each) for each in case["jobs"]]  # type: ignore[attr-defined]
    plan = plan_of(jobs)
    starts = (
        plan
        if plan is None
        else [[start.job.job_id, (start.at - NOON) / timedelta(minutes=1)] for start in plan]
    )
    assert starts == case["plan"]
    if jobs:
        mine, *others = jobs
        assert [each.job_id for each in obstacles_to(mine, others)] == case.get("obstacles", [])


def test_a_long_day_is_judged_fast() -> None:
    """Half of them too many, all in one group, and the hardest number that is judged exactly."""
    jobs = [job(f"j{n}", 0, 60 * MOST_EXACT, 60 + 7 * n) for n in range(MOST_EXACT)]
    assert fit(jobs[:4])
    assert not fit(jobs)


def test_of_more_jobs_than_can_be_judged_exactly_the_one_that_closes_first_comes_first() -> None:
    jobs = [job(f"j{n}", 0, 30 * n, 30) for n in range(40)]
    assert fit(jobs)
    assert not fit([*jobs, job("one-more", 0, 30, 30)])
