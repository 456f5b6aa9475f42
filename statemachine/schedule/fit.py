"""Whether one member, or one truck, can do several jobs: the rule of fit. Pure.

Jobs fit if there is an order in which each begins within its window and none overlaps another. A
job may begin when its window opens, at the latest when it closes, and then takes its duration.

    A  8–12, 3 h    B  8–12, 2 h    A at 8, B at 11: they fit
    A  8–12, 3 h    B  8–10, 2 h    B at 8, A at 10: they fit, and A first does not
    A  8–10, 3 h    B  8–10, 3 h    whichever is second begins at 11: they do not fit

Only jobs that can get into each other's way are judged together: a job whose window opens when all
others are surely over is a group of its own. Up to MOST_EXACT jobs in a group the answer is exact,
by dynamic programming over the sets of jobs that are done: of all orders of one set only the
earliest end matters. In a larger group, the job whose window closes first is always taken next;
that never calls possible what is not, but it may miss an order.

`web/dispatch/state/fit.js` is the same rule; `fit_cases.json` has the cases that both pass.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from statemachine.values.values import JobId

MOST_EXACT = 12
"""4,096 sets of jobs: some hundredths of a second."""


class PlannedJob(NamedTuple):
    """A job as it takes someone's time: begun between two moments, and then as long as it takes."""

    job_id: JobId
    opens: datetime
    closes: datetime
    duration: timedelta

    @property
    def over(self) -> datetime:
        """When the job is over at the latest."""
        return self.closes + self.duration


class Start(NamedTuple):
    job: PlannedJob
    at: datetime


def plan_of(jobs: Iterable[PlannedJob]) -> tuple[Start, ...] | None:
    """An order in which the jobs fit, each with the earliest moment it can begin; None if none."""
    plans = [_plan_of_group(group) for group in groups_of(jobs)]
    return None if None in plans else tuple(start for plan in plans for start in plan or ())


def fit(jobs: Iterable[PlannedJob]) -> bool:
    return plan_of(jobs) is not None


def groups_of(jobs: Iterable[PlannedJob]) -> list[list[PlannedJob]]:
    """The jobs in groups that cannot get into each other's way, in order of time."""
    groups: list[list[PlannedJob]] = []
    for job in sorted(jobs, key=lambda each: (each.opens, each.closes, each.job_id)):
        if groups and job.opens < max(each.over for each in groups[-1]):
            groups[-1].append(job)
        else:
            groups.append([job])
    return groups


def obstacles_to(job: PlannedJob, others: Iterable[PlannedJob]) -> tuple[PlannedJob, ...]:
    """The jobs that do not all fit together with `job`, none of which can be left out.

    Empty if `job` fits with all of `others` that could get into its way.
    """
    group = next(group for group in groups_of([job, *others]) if job in group)
    if fit(group):
        return ()
    left = [each for each in group if each != job]
    for each in tuple(left):
        fewer = [other for other in left if other != each]
        if not fit([job, *fewer]):
            left = fewer
    return tuple(left)


def _plan_of_group(group: Sequence[PlannedJob]) -> tuple[Start, ...] | None:
    plan = _closing_first(group)
    if plan or len(group) > MOST_EXACT:
        return plan
    return _by_sets(group)


def _closing_first(group: Sequence[PlannedJob]) -> tuple[Start, ...] | None:
    """The plan that always takes the job that closes first, of those whose window is open."""
    left, plan, now = list(group), list[Start](), group[0].opens
    while left:
        now = max(now, min(job.opens for job in left))
        job = min((each for each in left if each.opens <= now), key=lambda each: each.closes)
        if now > job.closes:
            return None
        left.remove(job)
        plan.append(Start(job, now))
        now += job.duration
    return tuple(plan)


def _by_sets(group: Sequence[PlannedJob]) -> tuple[Start, ...] | None:
    """`ends` has the earliest end of each set of jobs: a number with a bit for each job."""
    ends = {0: group[0].opens}
    last: dict[int, int] = {}
    for _ in group:
        reached: dict[int, datetime] = {}
        for done, end in ends.items():
            if any(end > job.closes for number, job in enumerate(group) if not done & 1 << number):
                continue  # one of those that are left is too late already
            for number, job in enumerate(group):
                bit = 1 << number
                begin = max(end, job.opens)
                if done & bit or begin > job.closes:
                    continue
                if done | bit not in reached or begin + job.duration < reached[done | bit]:
                    reached[done | bit] = begin + job.duration
                    last[done | bit] = number
        ends = reached
    everything = (1 << len(group)) - 1
    return _traced(group, last, everything) if everything in ends else None


def _traced(group: Sequence[PlannedJob], last: dict[int, int], done: int) -> tuple[Start, ...]:
    order: list[PlannedJob] = []
    while done:
        order.insert(0, group[last[done]])
        done ^= 1 << last[done]
    return _begun_in(order)


def _begun_in(order: Sequence[PlannedJob]) -> tuple[Start, ...]:
    plan, now = list[Start](), order[0].opens
    for job in order:
        now = max(now, job.opens)
        plan.append(Start(job, now))
        now += job.duration
    return tuple(plan)
