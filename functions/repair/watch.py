"""Step 9: the watchdog checks open jobs and repairs what got lost on the way.

It is called by the schedule (a round over the jobs whose turn it is, see `repair_business.py`; one
message for each business, see `fan_out_rounds.py`), by the message of Step Functions that an
execution has ended badly (that job), and after a restart of the laptop engine (a round that checks
every execution, because none survives there).
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from functions.aws.container import log
from functions.business.logos import Logos
from functions.jobs.take_slot import TakeSlot
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import (
    Bus,
    Conflict,
    Corrupt,
    DeadLetterCounts,
    Executions,
    Jobs,
    LinkEnds,
    Stuck,
    Tenants,
    Unavailable,
    Unforeseen,
    UnknownJob,
    Views,
)
from functions.repair.end_links import EndLinks
from functions.repair.job_selection import minute_of
from functions.repair.repair_business import RepairBusiness, RoundOrder, TimeIsUp
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.repair_execution import RepairExecution, is_settled
from functions.repair.repair_job import Inspection, RepairJob
from functions.repair.repair_slots import RepairSlots
from functions.repair.report_stuck import ReportStuck, place_of
from functions.repair.requests import (
    ExecutionEnded,
    RepairReport,
    RoundReport,
)
from functions.repair.sweep_index import SweepIndex
from functions.repair.sweep_logos import SweepLogos
from functions.views.board import PublishBoard
from statemachine.flows import UnknownFlow
from statemachine.job.records import Repair

DEAD_LETTERS_EVERY = 5
"""Rounds. The alarms on those queues are CloudWatch's and do not depend on this count."""


@dataclass(frozen=True)
class WatchJobs:
    jobs: Jobs
    views: Views
    executions: Executions
    bus: Bus
    tenants: Tenants
    publish: PublishBoard
    stuck: Stuck
    deliveries: RepairDeliveries
    slots: TakeSlot
    link_ends: LinkEnds
    metrics: Metrics
    dead_letters: DeadLetterCounts
    pause: Pause = full_jitter
    logos: Logos = field(kw_only=True)
    retention: timedelta = timedelta(days=730)
    """How long an ended job is kept."""

    @cached_property
    def repair_job(self) -> RepairJob:
        report_stuck = ReportStuck(self.stuck, self.bus, self.metrics, log)
        return RepairJob(
            jobs=self.jobs,
            views=self.views,
            bus=self.bus,
            execution=RepairExecution(
                self.jobs, self.executions, self.bus, report_stuck, self.pause
            ),
            report_stuck=report_stuck,
            deliveries=self.deliveries,
            index=self.publish.index_job.index,
            metrics=self.metrics,
            log=log,
            pause=self.pause,
        )

    @cached_property
    def business(self) -> RepairBusiness:
        return RepairBusiness(
            jobs=self.jobs,
            publish=self.publish,
            stuck=self.stuck,
            repair_job=self.repair_job,
            sweep_index=SweepIndex(self.jobs, self.publish.index_job, self.tenants, self.retention),
            sweep_logos=SweepLogos(self.logos, self.tenants),
            repair_slots=RepairSlots(self.slots),
            end_links=EndLinks(self.jobs, self.views, self.link_ends),
            metrics=self.metrics,
            log=log,
        )

    def round(
        self,
        now: datetime,
        ask_executions: bool = False,
        full: bool = False,
        share_of: Callable[[int], TimeIsUp] = lambda _: lambda: False,
    ) -> RoundReport:
        """Check the jobs of every business whose turn it is, and regularly the dead-letter queues.

        `share_of` starts the time limit of one business, given their number. Each minute another
        business is the first. If something fails, the others are still checked before Unavailable
        is raised.
        """
        order = RoundOrder(now, full or ask_executions, ask_executions)
        found, failed = RoundReport(), list[str]()
        names = list(self.tenants.names())
        begin = minute_of(now) % max(1, len(names))
        for tenant in [*names[begin:], *names[:begin]]:
            try:
                mine = replace(order, time_is_up=share_of(len(names)))
                found = found.combined_with(self.business(tenant, mine))
            except Exception as error:  # an error in one business must not stop the others
                log.error("not checked", who=tenant, error=place_of(error))
                failed.append(str(error) if isinstance(error, Unavailable) else tenant)
        try:
            found = found.with_(dead_letters=self.count_dead_letters(now, order.full))
        except Unavailable:
            failed.append("dead letters")
        if failed:
            raise Unavailable("; ".join(failed))
        if not found.left:
            self.metrics.count("WatchRounds")  # an alarm goes off if no round completes
        return found

    def one_business(self, tenant: str, order: RoundOrder) -> RoundReport:
        """Raises Unavailable if something failed, after all jobs were checked."""
        found = self.business(tenant, order)
        if not found.left:
            self.metrics.count("WatchRounds")
        return found

    def count_dead_letters(self, now: datetime, full: bool) -> dict[str, int]:
        """Report the messages in dead-letter queues. A person decides what to do with them."""
        if not full and minute_of(now) % DEAD_LETTERS_EVERY:
            return {}
        dead = {queue: count for queue, count in self.dead_letters().items() if count}
        for queue, count in dead.items():
            log.error("dead letters", queue=queue, count=count)
        if dead:
            self.metrics.measure("DeadLetters", sum(dead.values()), "Count")
        return dead

    def repair(self, tenant: str, job_id: str, now: datetime) -> list[Repair]:
        """Check everything about one job; returns the repairs that were made.

        Raises UnknownJob, Corrupt, UnknownFlow, Unforeseen, Unavailable.
        """
        try:
            return self._repair(tenant, job_id, now)
        except (UnknownJob, Corrupt, UnknownFlow, Unavailable, Conflict):
            raise
        except Exception as error:
            self.business.mark_stuck(tenant, job_id, error, now)
            raise Unforeseen(f"our code failed on it: {place_of(error)}") from error

    def _repair(self, tenant: str, job_id: str, now: datetime) -> list[Repair]:
        self.repair_job.readable(tenant, job_id)
        look = Inspection(now, self.publish(tenant, [], now), ask=True, messages=True)
        repaired = self.repair_job(tenant, job_id, look, self.stuck.read(tenant, job_id))
        if "card written" in repaired.repairs:
            self.publish(tenant, [job_id], now)
        return list(repaired.repairs)

    def missing(self, tenant: str, job_id: str, now: datetime) -> list[str]:
        """The messages that should exist and do not, as `sms 1 to customer`.

        Raises UnknownJob, Corrupt, UnknownFlow, Unavailable.
        """
        job = self.repair_job.readable(tenant, job_id)
        names = [expected.name for expected in self.deliveries.missing(job, now)]
        return [f"{name.channel} {name.mark} to {name.recipient}" for name in names]

    def repair_some(self, tenant: str, job_ids: Iterable[str], now: datetime) -> RepairReport:
        """`repair` for each of them. One that cannot be repaired does not stop the others."""
        repaired: dict[str, list[Repair]] = {}
        failed: dict[str, str] = {}
        for job_id in job_ids:
            try:
                with suppress(UnknownJob):  # erased, or never stored: nothing to repair
                    if repairs := self.repair(tenant, job_id, now):
                        repaired[job_id] = repairs
            except (Corrupt, UnknownFlow, Unforeseen, Unavailable) as error:
                failed[job_id] = f"{type(error).__name__}: {error}"
            except Exception as error:  # not even marked as stuck: reported, and on to the next one
                failed[job_id] = place_of(error)
        return RepairReport(repaired=repaired, failed=failed)

    def ended(self, event: ExecutionEnded, now: datetime) -> bool:
        """Whether a new execution was started for a job whose execution ended badly.

        If the execution had reached its wait, it is replaced at once. Otherwise the next rounds
        replace it, so that an error that ends every execution costs one start a round.
        """
        self.metrics.count("ExecutionsEnded", event.input.tenant, Status=event.status)
        try:
            job = self.repair_job.readable(event.input.tenant, event.input.job_id)
        except UnknownFlow:
            return False  # it is open, so a round checks it and reports it as stuck
        if job.execution.generation != event.generation or is_settled(job):
            return False
        if job.wait is None or job.wait.epoch.generation != event.generation:
            self.jobs.mark_open(job.tenant, job.job_id)
            return False
        return self.repair_job.replace_ended(job, now)
