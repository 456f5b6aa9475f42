"""A round over the jobs of one business.

an error in one job      the job is marked as stuck and reported; the round continues
a service is unavailable noted; the round continues and fails at its end, so that it is retried
every job fails          an error in our code: no job is marked, the round fails, an alarm goes off
the time is up           the rest is checked in another round, or by a message of its own
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
from functions.repair.end_links import EndLinks
from functions.repair.job_selection import (
    MESSAGES,
    jobs_to_check,
    messages_are_due,
    minute_of,
    not_shown,
)
from functions.repair.repair_execution import is_settled
from functions.repair.repair_job import Inspection, RepairedJob, RepairJob, sent_again_lately
from functions.repair.repair_slots import RepairSlots
from functions.repair.report_stuck import place_of
from functions.repair.requests import RoundReport
from functions.repair.sweep_index import SweepIndex
from functions.repair.sweep_logos import SweepLogos
from functions.views.board import PublishBoard
from statemachine.job.records import Repair
from statemachine.values.values import JobId
from statemachine.views.views import Board

NEVER_STORED = timedelta(days=1)
"""If an entry of the index has no job by then, its booking was abandoned."""
MANY = 50
"""If more jobs than this are missing on the board, the fault is the board's."""
ALL_FAIL = 20
"""If at least this many jobs fail and none succeeds, the fault is not theirs."""
SLOTS_EVERY = 5
"""Rounds. A sheet that is wrong for some minutes refuses or overbooks one job at most."""
LINKS_EVERY = 10
"""Rounds. A link that ends some days after its job may do so some minutes later."""
SERVICE_ERRORS = (Unavailable, Conflict)
"""Errors that say nothing about the job: the service did not do it this time."""

TimeIsUp = Callable[[], bool]


@dataclass(frozen=True)
class RoundOrder:
    """What to do for one business; see `RoundRequest`."""

    now: datetime
    full: bool = False
    ask: bool = False
    after: str = ""
    time_is_up: TimeIsUp = lambda: False


@dataclass
class _Pass:
    """The state of a round over one business."""

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
    sweep_index: SweepIndex
    sweep_logos: SweepLogos
    repair_slots: RepairSlots
    end_links: EndLinks
    metrics: Metrics
    log: Logger

    def __call__(self, tenant: str, order: RoundOrder) -> RoundReport:
        """Raises Unavailable if something failed, after all the other jobs were checked."""
        index, now = self.jobs.open_index(tenant), order.now
        boards: list[str] = []
        board = self._board(tenant, index, now, boards)
        measure_ages(self.metrics, tenant, board, now)
        stuck = {each.job_id: each for each in self.stuck.all(tenant)}
        this = _Pass(Inspection(now, board, order.ask), index, stuck, order.full, boards=boards)
        slots = self._besides(tenant, this)
        left_at = self._check_all(tenant, this, self._in_order(this, order), order)
        if this.behind:
            self.publish(tenant, this.behind, now)
        self._mark_stuck(tenant, this)
        if this.not_done:
            raise Unavailable(f"not checked: {', '.join(this.not_done[:20])}")
        return RoundReport(
            looked_at=this.looked_at, repaired=this.repaired, boards=boards,
            stuck=list(this.unforeseen), left={tenant: left_at} if left_at else {}, slots=slots,
        )  # fmt: skip

    def _besides(self, tenant: str, this: _Pass) -> list[JobId]:
        """What a round does beside checking jobs; returns the jobs whose slots were repaired. What
        fails is noted, and must not keep the round from the jobs."""
        now, slots = this.look.now, list[JobId]()

        def sweep_messages() -> None:
            for about, repair in self.repair_job.deliveries.sweep(tenant, now):
                this.repaired.setdefault(about, []).append(repair)

        def repair_slots() -> None:
            slots.extend(self.repair_slots(tenant, this.look.shown, now))

        def sweep() -> None:
            if erased := self.sweep_index(tenant, now):
                self.log.info("erased from the index", tenant=tenant, jobs=erased)
            if logos := self.sweep_logos(tenant, now, this.full):
                self.log.info("logos erased", tenant=tenant, logos=logos)

        def end_links() -> None:
            if ended := self.end_links(tenant, now):
                self.log.info("links ended", tenant=tenant, jobs=ended)

        for what, act, every in (
            ("messages", sweep_messages, 1),
            ("slots", repair_slots, SLOTS_EVERY),
            ("sweep", sweep, 1),
            ("links", end_links, LINKS_EVERY),
        ):
            if not this.full and minute_of(now) % every:
                continue
            try:
                act()
            except Exception as error:  # the next round tries again
                self._note(what, error)
                this.not_done.append(f"{what} of {tenant}")
        return slots

    def _in_order(self, this: _Pass, order: RoundOrder) -> Sequence[str]:
        """The jobs whose deadline has passed, then the others.

        A full round is in the order of ids, so that it can continue where it stopped. Any other
        round begins at a different job each minute: if the time is never enough, no job is always
        the last.
        """
        touched, now = this.index.touched, order.now
        if order.full:
            job_ids = sorted({*touched, *this.stuck, *this.index.now_due(now)})
            return [job_id for job_id in job_ids if job_id > order.after]
        due = list(this.index.now_due(now))
        rest = sorted({*jobs_to_check(touched, this.look.shown, now), *this.stuck} - set(due))
        begin = zlib.crc32(str(minute_of(now)).encode()) % max(1, len(rest))
        return [*due, *rest[begin:], *rest[:begin]]

    def _check_all(
        self, tenant: str, this: _Pass, job_ids: Sequence[str], order: RoundOrder
    ) -> str | None:
        """The last job that was checked, if the time was up before the end."""
        for number, job_id in enumerate(job_ids):
            if number and order.time_is_up():
                left = len(job_ids) - number
                self.log.error("round cut short", tenant=tenant, left=left)
                return job_ids[number - 1]
            self._check(tenant, job_id, this)
        return None

    def _check(self, tenant: str, job_id: str, this: _Pass) -> None:
        this.looked_at += 1
        try:
            repaired = self._look(tenant, job_id, this)
        except SERVICE_ERRORS as error:
            self._note(job_id, error)
            this.not_done.append(job_id)
        except Exception as error:  # whatever it is, it must not stop the other jobs
            self._note(job_id, error)
            this.unforeseen[job_id] = error
        else:
            if "card written" in repaired.repairs:
                this.behind.append(job_id)

    def _look(self, tenant: str, job_id: str, this: _Pass) -> RepairedJob:
        touched, now = this.index.touched.get(job_id), this.look.now
        entries = this.index.now_due(now).get(job_id, [])
        look = _inspection_of(this.look, touched, this.full or bool(entries))
        repaired = self.repair_job(tenant, job_id, look, this.stuck.get(job_id))
        for entry in entries:
            self.jobs.clear_due(tenant, entry)
        if repaired.repairs:
            this.repaired.setdefault(job_id, []).extend(repaired.repairs)
        elif touched is not None and _may_leave_index(repaired, touched, now):
            if repaired.job:
                self.end_links.note(repaired.job)
            self._remove_from_index(tenant, job_id)
        return repaired

    def _note(self, job_id: str, error: Exception) -> None:
        self.log.error("not checked", who=job_id, error=place_of(error))

    def _mark_stuck(self, tenant: str, this: _Pass) -> None:
        """Mark the jobs that our code failed on. Raises Unavailable if it failed on all of them."""
        failed = this.unforeseen
        if len(failed) >= ALL_FAIL and len(failed) == this.looked_at:
            first = next(iter(failed.values()))
            raise Unavailable(f"all of {len(failed)} jobs failed: {place_of(first)}")
        for job_id, error in failed.items():
            try:
                self.mark_stuck(tenant, job_id, error, this.look.now)
            except Exception as again:  # the next round marks it
                self._note(job_id, again)
                this.not_done.append(job_id)

    def mark_stuck(self, tenant: str, job_id: str, error: Exception, now: datetime) -> None:
        """Mark one job as stuck because of that error, and report it."""
        known = self.stuck.read(tenant, job_id)
        self.repair_job.report_stuck(tenant, job_id, "unforeseen", now, known, place_of(error))

    def _board(self, tenant: str, index: OpenIndex, now: datetime, boards: list[str]) -> Board:
        """The board; rebuilt if it cannot be read, or completed if many cards are missing.

        If only a few are missing, each is repaired with its job.
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
            if board == known:  # these jobs have no card to show
                return board
        self.metrics.count("BoardsRebuilt", tenant)
        self.log.error("board rebuilt", tenant=tenant)
        boards.append(tenant)
        return board

    def _remove_from_index(self, tenant: str, job_id: str) -> None:
        """Remove the job from the index of open jobs, unless someone reopens it meanwhile.

        here      read: ended ──────────────────────── remove ── read: open? ── add again
        advance              reopens it ── add
        """
        self.jobs.mark_ended(tenant, job_id)
        with suppress(UnknownJob):
            if not is_settled(self.jobs.read(tenant, job_id).value):
                self.jobs.mark_open(tenant, job_id)


def measure_ages(metrics: Metrics, tenant: str, board: Board, now: datetime) -> None:
    """Measure how old the oldest job in each status is, and how long the worst is overdue."""
    working = [card for card in board.jobs.values() if not card.terminal]
    for status in sorted({card.status for card in working}):
        oldest = min(card.entered_at for card in working if card.status == status)
        metrics.measure("OldestJobMinutes", _minutes(now - oldest), "None", tenant, Status=status)
    overdue = [late for card in working if (late := card.overdue_by(now))]
    if overdue:
        metrics.measure("LongestOverdueMinutes", _minutes(max(overdue)), "None", tenant)


def _minutes(span: timedelta) -> float:
    return round(span.total_seconds() / 60, 1)


def _inspection_of(look: Inspection, touched: datetime | None, full: bool) -> Inspection:
    """`touched` is None for a job that is checked only because it is stuck or due."""
    due = touched is not None and messages_are_due(touched, look.now)
    last = touched is not None and look.now - touched >= MESSAGES
    return replace(look, messages=full or due, last_inspection=last)


def _may_leave_index(repaired: RepairedJob, touched: datetime, now: datetime) -> bool:
    """True for an ended job that nothing will write to, and for a job that was never stored."""
    if repaired.missing:
        return now - touched > NEVER_STORED
    if repaired.job is None or sent_again_lately(repaired.job, now):
        return False
    return is_settled(repaired.job) and now - touched >= MESSAGES
