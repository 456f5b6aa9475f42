"""The numbers of the overview, from the board's cards and the latest jobs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from functions.api.ops_models import ProblemJob, StatusCount, TimeInStatus, VisibilityDelay
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job
from statemachine.views.views import Board, Card

MOVES_SHOWN = 100


def with_status(stuck: Iterable[ProblemJob], board: Board) -> Iterator[ProblemJob]:
    """With flow and status, if the board has them."""
    for job in stuck:
        card = board.jobs.get(job.job_id)
        yield job.with_(flow=card.flow, status=card.status) if card else job


def _is_overdue(card: Card, now: datetime) -> bool:
    return card.due_at is not None and card.due_at < now


def overdue_jobs(cards: Iterable[Card], now: datetime) -> Iterator[ProblemJob]:
    late = [(card.due_at, card) for card in cards if card.due_at and card.due_at < now]
    for due_at, card in sorted(late, key=lambda each: (each[0], each[1].job_id)):
        yield ProblemJob(
            job_id=card.job_id, flow=card.flow, status=card.status, since=due_at, why="overdue"
        )


def status_counts(cards: Iterable[Card], now: datetime) -> Iterator[StatusCount]:
    """Every status of the flows that have jobs, in the flow's order."""
    by_status: dict[tuple[str, str], list[Card]] = defaultdict(list)
    for card in cards:
        by_status[card.flow, card.status].append(card)
    for flow in sorted({flow for flow, _ in by_status} & set(flow_names())):
        for status in load_flow(flow).statuses:
            in_status = by_status[flow, status.name]
            yield StatusCount(
                flow=flow,
                status=status.name,
                jobs=len(in_status),
                overdue=sum(_is_overdue(card, now) for card in in_status),
                oldest_at=min((card.entered_at for card in in_status), default=None),
            )


def times_in_status(jobs: Iterable[Job]) -> Iterator[TimeInStatus]:
    stays: dict[tuple[str, str], list[float]] = defaultdict(list)
    for job in jobs:
        for status, minutes in _stays(job):
            stays[job.flow, status].append(minutes)
    for (flow, name), all_minutes in sorted(stays.items()):
        if flow not in flow_names():
            continue
        known = {status.name: status for status in load_flow(flow).statuses}
        if name in known and not known[name].terminal:
            by_window = known[name].awaits_arrival
            yield TimeInStatus(
                flow=flow,
                status=name,
                jobs=len(all_minutes),
                median_minutes=round(median(all_minutes), 1),
                longest_minutes=round(max(all_minutes), 1),
                limit_minutes=None if by_window else known[name].limit_minutes,
            )


def _stays(job: Job) -> Iterator[tuple[str, float]]:
    """The statuses that the job has left, and how many minutes it was in each."""
    moments = [job.entered_at_of(seq) for seq in range(job.seq + 1)]
    for seq, (came, left) in enumerate(pairwise(moments)):
        yield job.status_at(seq), (left - came).total_seconds() / 60


def visibility_delays(jobs: Iterable[Job]) -> tuple[VisibilityDelay, ...]:
    delays = [
        VisibilityDelay(
            at=job.entered_at_of(shown.seq), ms=_ms(shown.at - job.entered_at_of(shown.seq))
        )
        for job in jobs
        for shown in job.shown
        if shown.seq <= job.seq
    ]
    return tuple(sorted(delays, key=lambda each: each.at)[-MOVES_SHOWN:])


def _ms(span: timedelta) -> int:
    return max(0, round(span / timedelta(milliseconds=1)))
