"""How the whole is doing, from what is kept anyway: board, queues, executions, the latest jobs.

Step Functions admits few questions about executions (ListExecutions: 5 a second), so their numbers
are kept for a minute; jobs are read again only when their card has changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Protocol, get_args

from functions.api.ops_models import (
    ExecutionCount,
    InvalidationUsageDocument,
    OpsDocument,
    ProblemJob,
    QueueState,
    StatusCount,
    TimeInStatus,
    VisibilityDelay,
)
from functions.ops.dead_letters import QUEUES, DeadLetterQueues, DeadLetterService
from functions.ops.partial_results import PartialResults
from functions.protocol.ports import BoardCopies, Corrupt, Jobs, UnknownJob
from statemachine.evidence import RunState
from statemachine.flows import flow_names, load_flow
from statemachine.job import Job
from statemachine.views import Board, Card

JOBS_READ = 100
MOVES_SHOWN = 100
FRESH = timedelta(seconds=60)
AT_ONCE = 8
ENDED_BADLY: frozenset[RunState] = frozenset({"failed", "timed_out", "aborted"})


class OpsRecords(Protocol):
    """What others have noted for ops. Every method raises Unavailable."""

    def stuck(self, tenant: str) -> Sequence[ProblemJob]:
        """The jobs that the watchdog cannot help."""

    def board_written_at(self, tenant: str) -> datetime | None: ...

    def paths_invalidated(self, month: str) -> int:
        """In that month, as `2026-11`; 0 where nothing was noted."""


@dataclass(frozen=True)
class EndedBadly:
    """One execution by its name: the business, the job, and which of its executions it was."""

    tenant: str
    job_id: str
    generation: int


class ExecutionCounts(Protocol):
    def count(self, flow: str, state: RunState) -> tuple[int, bool]:
        """How many, as far as one question tells, and whether there are more."""

    def ended_badly(self, flow: str, state: RunState) -> tuple[Sequence[EndedBadly], bool]:
        """Those of that state, newest first, as far as one question tells."""


@dataclass
class OpsOverview:
    jobs: Jobs
    boards: BoardCopies
    records: OpsRecords
    executions: ExecutionCounts
    queues: DeadLetterQueues
    paths_a_month: int
    read: dict[tuple[str, str], tuple[int, Job]] = field(default_factory=dict)
    """The jobs read last, with the rev of the card that told of them."""
    counted: dict[str, tuple[datetime, tuple[ExecutionCount, ...]]] = field(default_factory=dict)
    """By business, when it was counted last, and what."""

    letters: dict[tuple[str, str], tuple[datetime, int, int]] = field(default_factory=dict)
    """By business and queue: when its dead letters were counted, in how many of all, how many."""

    def __call__(
        self, tenant: str, now: datetime, *, own_letters_only: bool = False
    ) -> OpsDocument:
        """As much as can be read: most is asked when something is broken.

        With `own_letters_only` a queue's dead letters are those of the business alone.

        Raises what the first source raised where none answered.
        """
        sources = PartialResults()
        board = sources.ask("board", lambda: self.boards.latest(tenant).value)
        stuck = sources.ask("stuck jobs", lambda: self.records.stuck(tenant)) or ()
        others = {
            "executions": sources.ask("executions", lambda: self._executions(tenant, now)),
            "queues": tuple(self._queues(sources, tenant if own_letters_only else None, now)),
            "snapshot_at": sources.ask(
                "time of the board", lambda: self.records.board_written_at(tenant)
            ),
            "invalidations": sources.ask("invalidations", lambda: self._invalidations(now)),
        }
        if not sources.answered:
            raise sources.failures[0]
        if board is None:
            shown: dict[str, object] = {"troubled": tuple(stuck)}
        else:
            shown = self._of_board(tenant, board, stuck, now, sources)
        told = shown | others | {"incomplete": tuple(sources.incomplete), "as_of": now}
        return OpsDocument.model_validate(told)

    def _of_board(
        self,
        tenant: str,
        board: Board,
        stuck: Iterable[ProblemJob],
        now: datetime,
        sources: PartialResults,
    ) -> dict[str, object]:
        cards = list(board.jobs.values())
        jobs = sources.ask("latest jobs", lambda: self._latest(tenant, cards))
        return {
            "statuses": tuple(_statuses(cards, now)),
            "troubled": (*_overdue(cards, now), *_placed(stuck, board)),
            "time_in_status": None if jobs is None else tuple(_times(jobs)),
            "visible": None if jobs is None else _visible(jobs),
            "snapshot_jobs": len(cards),
        }

    def _invalidations(self, now: datetime) -> InvalidationUsageDocument:
        month = f"{now:%Y-%m}"
        paths = self.records.paths_invalidated(month)
        return InvalidationUsageDocument(month=month, paths=paths, budget=self.paths_a_month)

    def _latest(self, tenant: str, cards: Iterable[Card]) -> list[Job]:
        """The jobs that have moved last, each read once for every rev of its card."""
        newest = sorted(cards, key=lambda card: card.entered_at, reverse=True)[:JOBS_READ]
        with ThreadPoolExecutor(AT_ONCE) as readers:
            jobs = list(readers.map(lambda card: self._job(tenant, card), newest))
        self.read = {
            (tenant, job.job_id): (card.rev, job)
            for card, job in zip(newest, jobs, strict=True)
            if job
        }
        return [job for job in jobs if job]

    def _job(self, tenant: str, card: Card) -> Job | None:
        """None where it was erased meanwhile, or cannot be read; the watchdog tells of that."""
        rev, job = self.read.get((tenant, card.job_id), (0, None))
        if job and rev == card.rev:
            return job
        try:
            return self.jobs.read(tenant, card.job_id).value
        except (UnknownJob, Corrupt):
            return None

    def _executions(self, tenant: str, now: datetime) -> tuple[ExecutionCount, ...]:
        known = self.counted.get(tenant)
        if known is None or now - known[0] >= FRESH:
            counts = tuple(self._count(tenant, state) for state in get_args(RunState))
            known = self.counted[tenant] = now, counts
        return known[1]

    def _count(self, tenant: str, state: RunState) -> ExecutionCount:
        """Of those that ended badly only the ones with which a job of this business was left: where
        the watchdog gave it another, as after each start of a laptop's engine, nothing is wrong.
        """
        if state in ENDED_BADLY:
            answers = [self.executions.ended_badly(flow, state) for flow in flow_names()]
            ours = [run for runs, _ in answers for run in runs if run.tenant == tenant][:JOBS_READ]
            with ThreadPoolExecutor(AT_ONCE) as readers:
                left = list(readers.map(self._is_left, ours))
            jobs = tuple(run.job_id for run, is_left in zip(ours, left, strict=True) if is_left)
            return ExecutionCount(
                state=state,
                executions=len(jobs),
                more=bool(jobs) and any(more for _, more in answers),
                jobs=jobs,
            )
        counts = [self.executions.count(flow, state) for flow in flow_names()]
        total, more = sum(number for number, _ in counts), any(more for _, more in counts)
        return ExecutionCount(state=state, executions=total, more=more)

    def _is_left(self, run: EndedBadly) -> bool:
        """No other execution follows its job, which has something left to do."""
        try:
            job = self.jobs.read(run.tenant, run.job_id).value
        except UnknownJob:
            return False
        except Corrupt:
            return True
        return job.execution.generation <= run.generation and not _is_over(job)

    def _queues(
        self, sources: PartialResults, tenant: str | None, now: datetime
    ) -> Iterator[QueueState]:
        """Those that answer."""
        with ThreadPoolExecutor(AT_ONCE) as asking:
            asked = {queue: asking.submit(self._queue, queue, tenant, now) for queue in QUEUES}
        for queue, answer in asked.items():
            state = sources.ask(f"queue {queue}", answer.result)
            if state:
                yield state

    def _queue(self, queue: str, tenant: str | None, now: datetime) -> QueueState:
        state = self.queues.state(queue)
        if tenant is None or not state.dead:
            return state
        return state.with_(dead=self._own_letters(queue, state.dead, tenant, now))

    def _own_letters(self, queue: str, dead: int, tenant: str, now: datetime) -> int:
        """Counting takes letters out of sight for a moment: not again while nothing has changed."""
        counted_at, of, own = self.letters.get((tenant, queue), (now, None, 0))
        if of != dead or now - counted_at >= FRESH:
            own = DeadLetterService(self.queues).count(queue, tenant)
            self.letters[tenant, queue] = now, dead, own
        return own


def _is_over(job: Job) -> bool:
    """Ended, and told so. A flow that this version does not have says nothing of it."""
    statuses = load_flow(job.flow).statuses if job.flow in flow_names() else ()
    ends = {status.name for status in statuses if status.terminal}
    return job.status in ends and job.execution.seq >= job.seq


def _placed(stuck: Iterable[ProblemJob], board: Board) -> Iterator[ProblemJob]:
    """With flow and status, where the board tells them."""
    for job in stuck:
        card = board.jobs.get(job.job_id)
        yield job.with_(flow=card.flow, status=card.status) if card else job


def _is_overdue(card: Card, now: datetime) -> bool:
    return card.due_at is not None and card.due_at < now


def _overdue(cards: Iterable[Card], now: datetime) -> Iterator[ProblemJob]:
    late = [(card.due_at, card) for card in cards if card.due_at and card.due_at < now]
    for due_at, card in sorted(late, key=lambda each: (each[0], each[1].job_id)):
        yield ProblemJob(
            job_id=card.job_id, flow=card.flow, status=card.status, since=due_at, why="overdue"
        )


def _statuses(cards: Iterable[Card], now: datetime) -> Iterator[StatusCount]:
    """Every status of the flows that have jobs, in the order of a job's life."""
    by_status: dict[tuple[str, str], list[Card]] = defaultdict(list)
    for card in cards:
        by_status[card.flow, card.status].append(card)
    for flow in sorted({flow for flow, _ in by_status} & set(flow_names())):
        for status in load_flow(flow).statuses:
            there = by_status[flow, status.name]
            yield StatusCount(
                flow=flow,
                status=status.name,
                jobs=len(there),
                overdue=sum(_is_overdue(card, now) for card in there),
                oldest_at=min((card.entered_at for card in there), default=None),
            )


def _times(jobs: Iterable[Job]) -> Iterator[TimeInStatus]:
    stays: dict[tuple[str, str], list[float]] = defaultdict(list)
    for job in jobs:
        for status, minutes in _stays(job):
            stays[job.flow, status].append(minutes)
    for (flow, name), all_minutes in sorted(stays.items()):
        if flow not in flow_names():
            continue
        known = {status.name: status for status in load_flow(flow).statuses}
        if name in known and not known[name].terminal:
            by_window = known[name].late_minutes is not None
            yield TimeInStatus(
                flow=flow,
                status=name,
                jobs=len(all_minutes),
                median_minutes=round(median(all_minutes), 1),
                longest_minutes=round(max(all_minutes), 1),
                limit_minutes=None if by_window else known[name].limit_minutes,
            )


def _stays(job: Job) -> Iterator[tuple[str, float]]:
    """The statuses it has left, and how long it was there."""
    moments = [job.entered_at_of(seq) for seq in range(job.seq + 1)]
    for seq, (came, left) in enumerate(pairwise(moments)):
        yield job.status_at(seq), (left - came).total_seconds() / 60


def _visible(jobs: Iterable[Job]) -> tuple[VisibilityDelay, ...]:
    seen = [
        VisibilityDelay(
            at=job.entered_at_of(shown.seq), ms=_ms(shown.at - job.entered_at_of(shown.seq))
        )
        for job in jobs
        for shown in job.shown
        if shown.seq <= job.seq
    ]
    return tuple(sorted(seen, key=lambda each: each.at)[-MOVES_SHOWN:])


def _ms(span: timedelta) -> int:
    return max(0, round(span / timedelta(milliseconds=1)))
