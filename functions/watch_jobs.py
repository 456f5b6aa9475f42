"""Step 9: the watchdog looks after open jobs and repairs what got lost on the way.

It is called by the schedule (a round over those whose turn it is, see `watch/round.py`), by Step
Functions' own message that an execution has ended badly (that one job), and after a restart of the
laptop engine (a round that asks for every execution, because there none survives).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasViews,
    RunsMachines,
    client,
    inbox,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.freshness import public_views
from functions.aws.hooks import S3Deliveries, S3Endpoints
from functions.aws.metrics import LogMetrics
from functions.aws.queues import SqsDeadLetterCounts, SqsLater
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.aws.stores import S3Boards, S3Jobs, S3Stuck, S3Tenants
from functions.commit import Pause, full_jitter
from functions.inbox import Inbox, JobRef, once
from functions.metrics import Metrics
from functions.ports import (
    Bus,
    Corrupt,
    DeadLetterCounts,
    Executions,
    Jobs,
    Stuck,
    Tenants,
    Unavailable,
    UnknownJob,
    Views,
)
from functions.publish_board import PublishBoard
from functions.watch.call_person import CallPerson
from functions.watch.mend_deliveries import MendDeliveries
from functions.watch.mend_execution import MendExecution, is_settled
from functions.watch.mend_job import Look, Mended, MendJob, sent_again_lately
from functions.watch.orders import (
    AskMissing,
    ExecutionEnded,
    Found,
    Redrive,
    Redriven,
    RedriveSome,
    Round,
    Watch,
)
from functions.watch.round import (
    MESSAGES,
    messages_are_due,
    minute_of,
    not_shown,
    to_look_at,
)
from statemachine.flows import UnknownFlow
from statemachine.job import Repair
from statemachine.views import Board

NEVER_STORED = timedelta(days=1)
"""An entry of the index whose job is not there by then belongs to a booking that was given up."""
MANY = 50
"""So many jobs missing on the board are the board's trouble, not theirs."""
DEAD_LETTERS_EVERY = 5
"""Rounds. The alarms on those queues are CloudWatch's own and wait for none."""


@dataclass
class _Round:
    """What a round carries along from job to job."""

    now: datetime
    full: bool
    ask: bool
    looked_at: int = 0
    repaired: dict[str, list[Repair]] = field(default_factory=dict)
    boards: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class WatchJobs:
    jobs: Jobs
    views: Views
    executions: Executions
    bus: Bus
    tenants: Tenants
    publish: PublishBoard
    stuck: Stuck
    deliveries: MendDeliveries
    metrics: Metrics
    dead_letters: DeadLetterCounts
    pause: Pause = full_jitter

    @property
    def mend(self) -> MendJob:
        call = CallPerson(self.stuck, self.bus, self.metrics, log)
        execution = MendExecution(self.jobs, self.executions, self.bus, call, self.pause)
        return MendJob(
            self.jobs, self.views, self.bus, execution, call, self.deliveries, self.metrics, log,
            self.pause,
        )  # fmt: skip

    def round(self, now: datetime, ask_executions: bool = False, full: bool = False) -> Found:
        """The jobs of every tenant whose turn it is, and now and then the queues of dead letters.

        Raises Unavailable, after all the others were looked after, where something failed.
        """
        this = _Round(now, full or ask_executions, ask_executions)
        for tenant in self.tenants.names():
            with _noted(this.failed, tenant):
                self._tenant(tenant, this)
        dead: dict[str, int] = {}
        if this.full or minute_of(now) % DEAD_LETTERS_EVERY == 0:
            with _noted(this.failed, "dead letters"):
                dead = self._dead_letters()
        if this.failed:
            raise Unavailable(f"not looked after: {', '.join(this.failed)}")
        self.metrics.count("WatchRounds")  # an alarm rings where no round comes to its end
        return Found(
            looked_at=this.looked_at, repaired=this.repaired, boards=this.boards, dead_letters=dead
        )

    def redrive(self, tenant: str, job_id: str, now: datetime) -> list[Repair]:
        """Everything a person can have done for one job; the repairs that were made.

        Raises UnknownJob, Corrupt, UnknownFlow, Unavailable.
        """
        self.mend.readable(tenant, job_id)
        look = Look(now, self.publish(tenant, [], now), ask=True, messages=True)
        mended = self.mend(tenant, job_id, look, self.stuck.read(tenant, job_id))
        if "card written" in mended.repairs:
            self.publish(tenant, [job_id], now)
        return list(mended.repairs)

    def missing(self, tenant: str, job_id: str, now: datetime) -> list[str]:
        """The messages that ought to exist and do not, as `sms 1 to customer`.

        Raises UnknownJob, Corrupt, UnknownFlow, Unavailable.
        """
        job = self.mend.readable(tenant, job_id)
        names = [expected.name for expected in self.deliveries.missing(job, now)]
        return [f"{name.channel} {name.mark} to {name.recipient}" for name in names]

    def redrive_some(self, tenant: str, job_ids: Iterable[str], now: datetime) -> Redriven:
        """The same for each of them. One that nobody can help does not stop the others."""
        repaired: dict[str, list[Repair]] = {}
        failed: dict[str, str] = {}
        for job_id in job_ids:
            try:
                with suppress(UnknownJob):  # erased, or never stored: it needs nothing
                    if repairs := self.redrive(tenant, job_id, now):
                        repaired[job_id] = repairs
            except (Corrupt, UnknownFlow, Unavailable) as error:
                failed[job_id] = f"{type(error).__name__}: {error}"
        return Redriven(repaired=repaired, failed=failed)

    def _tenant(self, tenant: str, this: _Round) -> None:
        with _noted(this.failed, f"messages of {tenant}"):
            for about, repair in self.deliveries.sweep(tenant, this.now):
                this.repaired.setdefault(about, []).append(repair)
        touched = self.jobs.open_jobs(tenant)
        stuck = {stuck.job_id: stuck for stuck in self.stuck.all(tenant)}
        look = Look(this.now, self._board(tenant, touched, this), this.ask)
        measure_ages(self.metrics, tenant, look.shown, this.now)
        chosen = list(touched) if this.full else to_look_at(touched, look.shown, this.now)
        behind = []
        for job_id in sorted({*chosen, *stuck}):
            with _noted(this.failed, job_id):
                this.looked_at += 1
                this_one = _look_at(look, touched.get(job_id), this.full)
                mended = self.mend(tenant, job_id, this_one, stuck.get(job_id))
                if mended.repairs:
                    this.repaired.setdefault(job_id, []).extend(mended.repairs)
                elif job_id in touched and _may_go(mended, touched[job_id], this.now):
                    self._let_go(tenant, job_id)
                if "card written" in mended.repairs:
                    behind.append(job_id)
        if behind:
            self.publish(tenant, behind, this.now)

    def _board(self, tenant: str, touched: dict[str, datetime], this: _Round) -> Board:
        """The board as it is; made anew where nobody can read it, or many of its cards are gone.

        Single cards are the business of their jobs.
        """
        try:
            board = self.publish.merge(tenant, [], this.now)
        except Corrupt:
            board = self.publish.rebuild(tenant, this.now)
        else:
            gone = not_shown(touched, board, this.now)
            if len(gone) <= MANY:
                return board
            cards, known = self.publish.readable_cards(tenant, gone), board
            board = self.publish.merge(tenant, cards, this.now)
            if board == known:  # they have no cards to be shown
                return board
        self.metrics.count("BoardsRebuilt", tenant)
        log.error("board rebuilt", tenant=tenant)
        this.boards.append(tenant)
        return board

    def _let_go(self, tenant: str, job_id: str) -> None:
        """Out of the index of open jobs, unless somebody brings the job back meanwhile.

        here      read: ended ──────────────────────── out ── read: open? ── in again
        advance              brings it back ── in
        """
        self.jobs.mark_ended(tenant, job_id)
        with suppress(UnknownJob):
            if not is_settled(self.jobs.read(tenant, job_id).value):
                self.jobs.mark_open(tenant, job_id)

    def _dead_letters(self) -> dict[str, int]:
        """Only told: what to do with a message that was given up is for a person to say."""
        dead = {queue: count for queue, count in self.dead_letters().items() if count}
        for queue, count in dead.items():
            log.error("dead letters", queue=queue, count=count)
        if dead:
            self.metrics.measure("DeadLetters", sum(dead.values()), "Count")
        return dead

    def ended(self, event: ExecutionEnded, now: datetime) -> bool:
        """Whether the job of an execution that ended badly was given a successor.

        An execution that has got as far as waiting is replaced at once. One that died before is
        left to the next rounds, so that a fault that kills every successor costs one start a
        round.
        """
        self.metrics.count("ExecutionsEnded", event.input.tenant, Status=event.status)
        try:
            job = self.mend.readable(event.input.tenant, event.input.job_id)
        except UnknownFlow:
            return False  # it is open, so a round comes to it and calls a person
        if job.execution.generation != event.generation or is_settled(job):
            return False
        if job.wait is None or job.wait.epoch.generation != event.generation:
            self.jobs.mark_open(job.tenant, job.job_id)
            return False
        return self.mend.replace_ended(job, now)


def measure_ages(metrics: Metrics, tenant: str, board: Board, now: datetime) -> None:
    """By status how long the oldest job has been there, and by how much the worst is overdue."""
    working = [card for card in board.jobs.values() if not card.terminal]
    for status in sorted({card.status for card in working}):
        oldest = min(card.entered_at for card in working if card.status == status)
        metrics.measure("OldestJobMinutes", _minutes(now - oldest), "None", tenant, Status=status)
    overdue = [now - card.due_at for card in working if card.due_at and card.due_at < now]
    if overdue:
        metrics.measure("LongestOverdueMinutes", _minutes(max(overdue)), "None", tenant)


def _minutes(span: timedelta) -> float:
    return round(span.total_seconds() / 60, 1)


def _look_at(look: Look, touched: datetime | None, full: bool) -> Look:
    """`touched` is None for one that is in sight only because it is stuck."""
    due = touched is not None and messages_are_due(touched, look.now)
    last = touched is not None and look.now - touched >= MESSAGES
    return replace(look, messages=full or due, before_it_goes=last)


def _may_go(mended: Mended, touched: datetime, now: datetime) -> bool:
    """An ended job that nobody is about to write, and an entry whose job was never stored."""
    if mended.missing:
        return now - touched > NEVER_STORED
    if mended.job is None or sent_again_lately(mended.job, now):
        return False
    return is_settled(mended.job) and now - touched >= MESSAGES


@contextmanager
def _noted(failed: list[str], who: str) -> Iterator[None]:
    """The trouble with one job must not keep the round from the others."""
    try:
        yield
    except Exception as error:
        log.error("not looked after", who=who, error=type(error).__name__, why=str(error)[:200])
        failed.append(who)


class Settings(FromQueue, HasJobs, HasViews, Announces, RunsMachines):
    slow_queue_url: str
    text_queue_url: str


@once
def wire() -> tuple[WatchJobs, Inbox[Watch]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    watch = WatchJobs(
        jobs,
        public_views(s3, settings),
        StepFunctionsExecutions(
            client("stepfunctions"), settings.machine_prefix, settings.machine_alias
        ),
        EventBridgeBus(client("events"), settings.bus_name),
        S3Tenants(s3, settings.jobs_bucket),
        PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket)),
        S3Stuck(s3, settings.jobs_bucket),
        MendDeliveries(
            S3Deliveries(s3, settings.jobs_bucket),
            S3Endpoints(s3, settings.jobs_bucket),
            SqsLater(client("sqs"), settings.text_queue_url),
            SqsLater(client("sqs"), settings.slow_queue_url),
            EventBridgeBus(client("events"), settings.bus_name),
            LogMetrics(),
            log,
        ),
        LogMetrics(),
        SqsDeadLetterCounts(client("sqs"), settings.dead_letter_url, "watch-jobs"),
    )
    return watch, inbox(Watch, settings)


def _redriven(watch: WatchJobs, ref: JobRef) -> dict[str, Any]:
    """`repaired`, or `error` where nobody can help."""
    try:
        repaired = watch.redrive(ref.tenant, ref.job_id, utc_now())
    except (UnknownJob, Corrupt, UnknownFlow) as error:
        return {"error": type(error).__name__, "detail": str(error)}
    log.info("redriven", tenant=ref.tenant, job=ref.job_id, repaired=repaired)
    return {"repaired": repaired}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From the queue: the batch's failures. Invoked directly with a round: what was repaired."""
    watch, messages = wire()

    def one(message: Watch) -> dict[str, Any]:
        match message.root:
            case Round(ask_executions=ask, full=full):
                found = watch.round(utc_now(), ask, full).model_dump(mode="json")
                log.info("round", **found)
                return found
            case ExecutionEnded() as ended:
                replaced = watch.ended(ended, utc_now())
                log.info("execution ended", job=ended.input.job_id, replaced=replaced)
                return {"replaced": replaced}
            case Redrive(redrive=ref):
                return _redriven(watch, ref)
            case AskMissing(missing=ref):
                return {"missing": watch.missing(ref.tenant, ref.job_id, utc_now())}
            case RedriveSome(redrive_some=some):
                done = watch.redrive_some(some.tenant, some.job_ids, utc_now())
                told = done.model_dump(mode="json")
                log.info("redriven", tenant=some.tenant, jobs=len(some.job_ids), **told)
                return told

    return messages.deliver(event, one) if "Records" in event else one(Watch.model_validate(event))
