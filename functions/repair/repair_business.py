"""A round over the jobs of one business.

an error of one job    that job's: it is marked stuck, a person is called, the others go on
a service is silent    noted; the round goes on and fails at its end, so that it comes again
every job fails        the code's: nothing is marked, the round fails, its alarm hears
the time is up         what is left has its turn in another round, or in a message of its own
"""

import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from functions.protocol.metrics import Metrics
from functions.protocol.open_index import OpenIndex
from functions.protocol.ports import (
    Conflict,
    Corrupt,
    Jobs,
    Logger,
    Stuck,
    StuckJob,
    Unavailable,
    UnknownJob,
)
from functions.repair.job_selection import (
    MESSAGES,
    messages_are_due,
    minute_of,
    not_shown,
    to_look_at,
)
from functions.repair.repair_execution import is_settled
from functions.repair.repair_job import Inspection, RepairedJob, RepairJob, sent_again_lately
from functions.repair.report_stuck import place_of
from functions.repair.requests import RoundReport
from functions.views.board import PublishBoard
from statemachine.job import Repair
from statemachine.views import Board

NEVER_STORED = timedelta(days=1)
"""An entry of the index whose job is not there by then belongs to a booking that was given up."""
MANY = 50
"""So many jobs missing on the board are the board's trouble, not theirs."""
ALL_FAIL = 20
"""Where so many jobs fail and none goes well, the fault is not theirs."""
NOT_THE_JOBS = (Unavailable, Conflict)
"""Errors that say nothing of the job: the service did not do it this time."""

TimeIsUp = Callable[[], bool]


@dataclass(frozen=True)
class RoundOrder:
    """What is to be done for a business: see `orders.Round`."""

    now: datetime
    full: bool = False
    ask: bool = False
    after: str = ""
    time_is_up: TimeIsUp = lambda: False


@dataclass
class _Pass:
    """What a round over one business carries along from job to job."""

    look: Inspection
    index: OpenIndex
    stuck: dict[str, StuckJob]
    full: bool
    looked_at: int = 0
    repaired: dict[str, list[Repair]] = field(default_factory=dict)
    boards: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    unforeseen: dict[str, Exception] = field(default_factory=dict)


@dataclass(frozen=True)
class RepairBusiness:
    jobs: Jobs
    publish: PublishBoard
    stuck: Stuck
    repair_job: RepairJob
    metrics: Metrics
    log: Logger

    def __call__(self, tenant: str, order: RoundOrder) -> RoundReport:
        """Raises Unavailable, after all the others were looked after, where something failed."""
        index, now = self.jobs.open_index(tenant), order.now
        boards: list[str] = []
        board = self._board(tenant, index, now, boards)
        measure_ages(self.metrics, tenant, board, now)
        stuck = {each.job_id: each for each in self.stuck.all(tenant)}
        this = _Pass(Inspection(now, board, order.ask), index, stuck, order.full, boards=boards)
        self._sweep_messages(tenant, this)
        left_at = self._go_through(tenant, this, self._in_order(this, order), order)
        if this.behind:
            self.publish(tenant, this.behind, now)
        self._blame(tenant, this)
        if this.not_done:
            raise Unavailable(f"not looked after: {', '.join(this.not_done[:20])}")
        return RoundReport(
            looked_at=this.looked_at, repaired=this.repaired, boards=boards,
            stuck=list(this.unforeseen), left={tenant: left_at} if left_at else {},
        )  # fmt: skip

    def _sweep_messages(self, tenant: str, this: _Pass) -> None:
        """Messages whose time has come and whose queue has lost them."""
        try:
            for about, repair in self.repair_job.deliveries.sweep(tenant, this.look.now):
                this.repaired.setdefault(about, []).append(repair)
        except Exception as error:  # messages do not keep the round from the jobs
            self._note("messages", error)
            this.not_done.append(f"messages of {tenant}")

    def _in_order(self, this: _Pass, order: RoundOrder) -> Sequence[str]:
        """Whose deadline has come first, then the others.

        A full round goes by their ids, so that it can go on where it ended. In any other each
        round begins elsewhere: where the time is never enough, no job is the last in all of them.
        """
        touched, now = this.index.touched, order.now
        if order.full:
            everybody = sorted({*touched, *this.stuck, *this.index.now_due(now)})
            return [job_id for job_id in everybody if job_id > order.after]
        due = list(this.index.now_due(now))
        rest = sorted({*to_look_at(touched, this.look.shown, now), *this.stuck} - set(due))
        begin = zlib.crc32(str(minute_of(now)).encode()) % max(1, len(rest))
        return [*due, *rest[begin:], *rest[:begin]]

    def _go_through(
        self, tenant: str, this: _Pass, job_ids: Sequence[str], order: RoundOrder
    ) -> str | None:
        """The last job that was looked at, where the time was up before the end."""
        for number, job_id in enumerate(job_ids):
            if number and order.time_is_up():
                left = len(job_ids) - number
                self.log.error("round cut short", tenant=tenant, left=left)
                return job_ids[number - 1]
            self._one(tenant, job_id, this)
        return None

    def _one(self, tenant: str, job_id: str, this: _Pass) -> None:
        this.looked_at += 1
        try:
            repaired = self._look(tenant, job_id, this)
        except NOT_THE_JOBS as error:
            self._note(job_id, error)
            this.not_done.append(job_id)
        except Exception as error:  # whatever it was, it is this job's, and the others go on
            self._note(job_id, error)
            this.unforeseen[job_id] = error
        else:
            if "card written" in repaired.repairs:
                this.behind.append(job_id)

    def _look(self, tenant: str, job_id: str, this: _Pass) -> RepairedJob:
        touched, now = this.index.touched.get(job_id), this.look.now
        entries = this.index.now_due(now).get(job_id, [])
        look = _look_at(this.look, touched, this.full or bool(entries))
        repaired = self.repair_job(tenant, job_id, look, this.stuck.get(job_id))
        for entry in entries:
            self.jobs.clear_due(tenant, entry)
        if repaired.repairs:
            this.repaired.setdefault(job_id, []).extend(repaired.repairs)
        elif touched is not None and _may_go(repaired, touched, now):
            self._let_go(tenant, job_id)
        return repaired

    def _note(self, job_id: str, error: Exception) -> None:
        self.log.error("not looked after", who=job_id, error=place_of(error))

    def _blame(self, tenant: str, this: _Pass) -> None:
        """Mark the jobs that our code failed on. Raises Unavailable where it failed on all."""
        failed = this.unforeseen
        if len(failed) >= ALL_FAIL and len(failed) == this.looked_at:
            first = next(iter(failed.values()))
            raise Unavailable(f"all of {len(failed)} jobs failed: {place_of(first)}")
        for job_id, error in failed.items():
            try:
                self.blame(tenant, job_id, error, this.look.now)
            except Exception as again:  # the next round marks it
                self._note(job_id, again)
                this.not_done.append(job_id)

    def blame(self, tenant: str, job_id: str, error: Exception, now: datetime) -> None:
        """Mark one job as stuck by that error, and call a person."""
        known = self.stuck.read(tenant, job_id)
        self.repair_job.call(tenant, job_id, "unforeseen", now, known, place_of(error))

    def _board(self, tenant: str, index: OpenIndex, now: datetime, boards: list[str]) -> Board:
        """The board as it is; made again where no one can read it, or many of its cards are gone.

        Single cards are the business of their jobs.
        """
        try:
            board = self.publish.merge(tenant, [], now)
        except Corrupt:
            board = self.publish.rebuild(tenant, now)
        else:
            gone = not_shown(index.touched, board, now)
            if len(gone) <= MANY:
                return board
            cards, known = self.publish.readable_cards(tenant, gone), board
            board = self.publish.merge(tenant, cards, now)
            if board == known:  # they have no cards to be shown
                return board
        self.metrics.count("BoardsRebuilt", tenant)
        self.log.error("board rebuilt", tenant=tenant)
        boards.append(tenant)
        return board

    def _let_go(self, tenant: str, job_id: str) -> None:
        """Out of the index of open jobs, unless someone brings the job back meanwhile.

        here      read: ended ──────────────────────── out ── read: open? ── in again
        advance              brings it back ── in
        """
        self.jobs.mark_ended(tenant, job_id)
        with suppress(UnknownJob):
            if not is_settled(self.jobs.read(tenant, job_id).value):
                self.jobs.mark_open(tenant, job_id)


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


def _look_at(look: Inspection, touched: datetime | None, full: bool) -> Inspection:
    """`touched` is None for one that is in sight only because it is stuck or due."""
    due = touched is not None and messages_are_due(touched, look.now)
    last = touched is not None and look.now - touched >= MESSAGES
    return replace(look, messages=full or due, before_it_goes=last)


def _may_go(repaired: RepairedJob, touched: datetime, now: datetime) -> bool:
    """An ended job that no one is about to write, and an entry whose job was never stored."""
    if repaired.missing:
        return now - touched > NEVER_STORED
    if repaired.job is None or sent_again_lately(repaired.job, now):
        return False
    return is_settled(repaired.job) and now - touched >= MESSAGES
