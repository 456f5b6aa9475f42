"""The overview of the system, from the board, queues, executions, and the latest jobs.

Step Functions limits ListExecutions to 5 calls a second, so executions are counted at most once a
minute. A job is read again only if its card has changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, get_args

from functions.api.ops_models import (
    ExecutionCount,
    InvalidationUsageDocument,
    OpsDocument,
    ProblemJob,
    QueueState,
)
from functions.ops.dead_letters import QUEUES, DeadLetterQueues, DeadLetterService
from functions.ops.overview_numbers import (
    overdue_jobs,
    status_counts,
    times_in_status,
    visibility_delays,
    with_status,
)
from functions.ops.partial_results import PartialResults
from functions.protocol.ports import BoardCopies, Jobs, UnknownJob
from functions.protocol.read_each import UNREADABLE, job_or_none, readable_job
from functions.views.invalidation_budget import InvalidationCounter, month_of
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job
from statemachine.views.evidence import RunState
from statemachine.views.views import Board, Card

JOBS_READ = 100
COUNTED_FOR = timedelta(seconds=60)
WORKERS = 8
UNSUCCESSFUL: frozenset[RunState] = frozenset({"failed", "timed_out", "aborted"})


class OpsRecords(Protocol):
    """What other functions store for ops. Every method raises Unavailable."""

    def stuck(self, tenant: str) -> Sequence[ProblemJob]:
        """The jobs that the watchdog cannot repair."""

    def board_written_at(self, tenant: str) -> datetime | None: ...


@dataclass(frozen=True)
class UnsuccessfulRun:
    """An execution that failed, timed out, or was aborted: its business, job, and generation."""

    tenant: str
    job_id: str
    generation: int


class ExecutionCounts(Protocol):
    def count(self, flow: str, state: RunState) -> tuple[int, bool]:
        """How many there are in one page of results, and whether there are more."""

    def unsuccessful(self, flow: str, state: RunState) -> tuple[Sequence[UnsuccessfulRun], bool]:
        """One page of those in that state, newest first, and whether there are more."""


@dataclass
class OpsOverview:
    jobs: Jobs
    boards: BoardCopies
    records: OpsRecords
    paths: InvalidationCounter
    executions: ExecutionCounts
    queues: DeadLetterQueues
    paths_a_month: int
    read: dict[tuple[str, str], tuple[int, Job]] = field(default_factory=dict)
    """The latest jobs, with the rev of the card at which each was read."""
    counted: dict[str, tuple[datetime, tuple[ExecutionCount, ...]]] = field(default_factory=dict)
    """By business: when its executions were last counted, and the counts."""
    dead_letters: dict[tuple[str, str], tuple[datetime, int, int]] = field(default_factory=dict)
    """By business and queue: when its messages were counted, how many there were in all, and how
    many of the business."""

    def __call__(
        self, tenant: str, now: datetime, *, own_dead_letters_only: bool = False
    ) -> OpsDocument:
        """As much as can be read, because ops look when something is broken.

        With `own_dead_letters_only`, only the business's own messages in dead-letter queues count.

        If no source answered, raises the error of the first.
        """
        sources = PartialResults()
        board = sources.read("board", lambda: self.boards.latest(tenant).value)
        stuck = sources.read("stuck jobs", lambda: self.records.stuck(tenant)) or ()
        others = {
            "executions": sources.read("executions", lambda: self._executions(tenant, now)),
            "queues": tuple(self._queues(sources, tenant if own_dead_letters_only else None, now)),
            "board_written_at": sources.read(
                "time of the board", lambda: self.records.board_written_at(tenant)
            ),
            "invalidations": sources.read("invalidations", lambda: self._invalidations(now)),
        }
        if not sources.answered:
            raise sources.failures[0]
        if board is None:
            from_board: dict[str, object] = {"problem_jobs": tuple(stuck)}
        else:
            from_board = self._of_board(tenant, board, stuck, now, sources)
        ending = {"incomplete": tuple(sources.incomplete), "as_of": now}
        return OpsDocument.model_validate(from_board | others | ending)

    def _of_board(
        self,
        tenant: str,
        board: Board,
        stuck: Iterable[ProblemJob],
        now: datetime,
        sources: PartialResults,
    ) -> dict[str, object]:
        cards = list(board.jobs.values())
        jobs = sources.read("latest jobs", lambda: self._latest(tenant, cards))
        return {
            "statuses": tuple(status_counts(cards, now)),
            "problem_jobs": (*overdue_jobs(cards, now), *with_status(stuck, board)),
            "time_in_status": None if jobs is None else tuple(times_in_status(jobs)),
            "visibility_delays": None if jobs is None else visibility_delays(jobs),
            "board_jobs": len(cards),
        }

    def _invalidations(self, now: datetime) -> InvalidationUsageDocument:
        month = month_of(now)
        paths = self.paths.paths(month)
        return InvalidationUsageDocument(month=month, paths=paths, budget=self.paths_a_month)

    def _latest(self, tenant: str, cards: Iterable[Card]) -> list[Job]:
        """The jobs that moved last, each read once per rev of its card."""
        newest = sorted(cards, key=lambda card: card.entered_at, reverse=True)[:JOBS_READ]
        with ThreadPoolExecutor(WORKERS) as readers:
            jobs = list(readers.map(lambda card: self._job(tenant, card), newest))
        self.read = {
            (tenant, job.job_id): (card.rev, job)
            for card, job in zip(newest, jobs, strict=True)
            if job
        }
        return [job for job in jobs if job]

    def _job(self, tenant: str, card: Card) -> Job | None:
        """None if it was erased meanwhile or cannot be read; the watchdog reports the latter."""
        rev, job = self.read.get((tenant, card.job_id), (0, None))
        if job and rev == card.rev:
            return job
        return job_or_none(self.jobs, tenant, card.job_id)

    def _executions(self, tenant: str, now: datetime) -> tuple[ExecutionCount, ...]:
        known = self.counted.get(tenant)
        if known is None or now - known[0] >= COUNTED_FOR:
            counts = tuple(self._count(tenant, state) for state in get_args(RunState))
            known = self.counted[tenant] = now, counts
        return known[1]

    def _count(self, tenant: str, state: RunState) -> ExecutionCount:
        """Unsuccessful executions count only if the job is one of this business and still needs
        one: if the watchdog has replaced it, as after each start of the engine, nothing is wrong.
        """
        if state in UNSUCCESSFUL:
            pages = [self.executions.unsuccessful(flow, state) for flow in flow_names()]
            ours = [run for runs, _ in pages for run in runs if run.tenant == tenant][:JOBS_READ]
            with ThreadPoolExecutor(WORKERS) as readers:
                needed = list(readers.map(self._is_needed, ours))
            jobs = tuple(run.job_id for run, needs in zip(ours, needed, strict=True) if needs)
            return ExecutionCount(
                state=state,
                executions=len(jobs),
                more=bool(jobs) and any(more for _, more in pages),
                jobs=jobs,
            )
        counts = [self.executions.count(flow, state) for flow in flow_names()]
        total, more = sum(number for number, _ in counts), any(more for _, more in counts)
        return ExecutionCount(state=state, executions=total, more=more)

    def _is_needed(self, run: UnsuccessfulRun) -> bool:
        """Whether the job is not over and no newer execution follows it."""
        try:
            job = readable_job(self.jobs, run.tenant, run.job_id)
        except UnknownJob:
            return False
        except UNREADABLE:
            return True
        return job.execution.generation <= run.generation and not _is_over(job)

    def _queues(
        self, sources: PartialResults, tenant: str | None, now: datetime
    ) -> Iterator[QueueState]:
        """The queues that could be read."""
        with ThreadPoolExecutor(WORKERS) as readers:
            states = {queue: readers.submit(self._queue, queue, tenant, now) for queue in QUEUES}
        for queue, state in states.items():
            if known := sources.read(f"queue {queue}", state.result):
                yield known

    def _queue(self, queue: str, tenant: str | None, now: datetime) -> QueueState:
        state = self.queues.state(queue)
        if tenant is None or not state.dead:
            return state
        return state.with_(dead=self._own_dead_letters(queue, state.dead, tenant, now))

    def _own_dead_letters(self, queue: str, dead: int, tenant: str, now: datetime) -> int:
        """Counting hides the messages for a moment, so it is not repeated without a change."""
        counted_at, of, own = self.dead_letters.get((tenant, queue), (now, None, 0))
        if of != dead or now - counted_at >= COUNTED_FOR:
            own = DeadLetterService(self.queues).count(queue, tenant)
            self.dead_letters[tenant, queue] = now, dead, own
        return own


def _is_over(job: Job) -> bool:
    """Whether the job has ended and its end is settled; False for a flow we do not have."""
    statuses = load_flow(job.flow).statuses if job.flow in flow_names() else ()
    ends = {status.name for status in statuses if status.terminal}
    return job.status in ends and job.execution.seq >= job.seq
