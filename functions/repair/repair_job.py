"""The watchdog's check of one job: what got lost is repaired, recorded, and announced.

    not resumed, or execution never started     resumed or started, after half a minute
    execution ended badly                       replaced, once it does not move or is over its time
    task token lost, so it cannot be resumed    stopped and replaced, after ten minutes
    view, card, or entry of the index behind    written
    deadline of an early move has passed        refused on the record
    message lost, or never created              see repair_deliveries.py
    object unreadable, executions keep failing  reported as stuck, once
    in a status that this version does not have the same
    an implausible time                         the same, and the job continues
    an error in our code                        the same, by `RepairBusiness`

A repair is announced after it is done and on the job's record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from events import JobRepaired, StuckReason
from functions.jobs.facts import refused_fact
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Corrupt, Jobs, Logger, StuckJob, UnknownJob, Views
from functions.repair.job_selection import MESSAGES
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.repair_execution import RepairExecution, is_settled, last_step
from functions.repair.report_stuck import ReportStuck
from functions.views.job_index import JobIndex
from functions.views.write_view import remove_dead_views, write_view
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job.job import Job
from statemachine.job.records import Repair
from statemachine.job.stored_job_check import implausible_in
from statemachine.rules.lifecycle import expire
from statemachine.views.views import Board, card_of

RESENT: frozenset[Repair] = frozenset(
    {"webhook sent again", "text sent again", "fact announced again"}
)


@dataclass(frozen=True)
class Inspection:
    """What to check of a job.

    `ask` also checks executions that seem well, and `messages` the messages about the job;
    `last_inspection` checks them if the job has ended, because it may leave the index after that.
    """

    now: datetime
    shown: Board
    ask: bool = False
    messages: bool = False
    last_inspection: bool = False


@dataclass(frozen=True)
class RepairedJob:
    """A job as it was read, and the repairs that were made."""

    job: Job | None = None
    repairs: tuple[Repair, ...] = ()
    missing: bool = False


@dataclass(frozen=True)
class RepairJob:
    jobs: Jobs
    views: Views
    bus: Bus
    execution: RepairExecution
    report_stuck: ReportStuck
    deliveries: RepairDeliveries
    index: JobIndex
    metrics: Metrics
    log: Logger
    pause: Pause = full_jitter

    def __call__(
        self, tenant: str, job_id: str, look: Inspection, known: StuckJob | None
    ) -> RepairedJob:
        """`known` is what was already reported. Raises Unavailable."""
        try:
            job = self.readable(tenant, job_id)
        except UnknownJob:
            if known:
                self.report_stuck.stuck.remove(tenant, job_id)
            return RepairedJob(missing=True)
        except (Corrupt, UnknownFlow) as error:
            why: StuckReason = "corrupt" if isinstance(error, Corrupt) else "unknown_status"
            self.report_stuck(tenant, job_id, why, look.now, known, str(error))
            return RepairedJob()
        if known and _is_repaired(job, known):
            self.report_stuck.stuck.remove(tenant, job_id)
            known = None
        repairs = tuple(self._repairs(job, look, known))
        self._record(job, repairs, look.now)
        self._after(job, look.now, known)
        return RepairedJob(job, repairs)

    def _after(self, job: Job, now: datetime, known: StuckJob | None) -> None:
        """Clear the report of an error in our code; report a time that a person has to correct."""
        if known and known.why == "unforeseen":
            self.report_stuck.stuck.remove(job.tenant, job.job_id)
            known = None
        doubt = implausible_in(job)
        if known is None and doubt and not is_settled(job):
            self.report_stuck(job.tenant, job.job_id, "implausible", now, known, doubt)

    def readable(self, tenant: str, job_id: str) -> Job:
        """Raises UnknownJob, Corrupt, UnknownFlow, Unavailable."""
        job = self.jobs.read(tenant, job_id).value
        load_flow(job.flow).status(job.status)
        return job

    def replace_ended(self, job: Job, now: datetime) -> bool:
        """Whether the execution, which has ended badly, was replaced at once."""
        if not self.execution.replace_ended(job, now):
            return False
        self._record(job, ("replaced",), now)
        return True

    def _repairs(self, job: Job, look: Inspection, known: StuckJob | None) -> Iterator[Repair]:
        if any(early.until <= look.now for early in job.early):
            job = self._refuse_late(job, look.now)
            yield "refused late"
        if not is_settled(job):
            yield from self.execution(job, look.now, look.ask, known)
        removed = remove_dead_views(self.views, job, look.now)
        if write_view(self.views, job, load_flow(job.flow), look.now, self.pause) or removed:
            yield "view written"
        if card_is_behind(job, look.shown, look.now) or self._index_is_behind(job, look.shown):
            yield "card written"
        last = look.last_inspection and is_settled(job) and not sent_again_lately(job, look.now)
        if look.messages or last:
            yield from self.deliveries(job, look.now)

    def _index_is_behind(self, job: Job, shown: Board) -> bool:
        """Whether the index lacks a change of a job that the board no longer shows. For a job that
        it shows, the card tells: the index is written before it."""
        if job.job_id in shown.jobs:
            return False
        try:
            entry = self.index.read(job.tenant, job.job_id)
        except Corrupt:  # written again with the card
            return True
        return entry is None or entry.rev < job.rev

    def _refuse_late(self, job: Job, now: datetime) -> Job:
        """Refuse early moves whose deadline has passed.

        They are announced by the ids read before the write, because after a lost answer the write
        finds them refused already.
        """
        late = {e.event_id for e in job.early if e.until <= now}
        job, _ = commit(self.jobs, job.tenant, job.job_id, lambda job: expire(job, now), self.pause)
        refused = [refusal for refusal in job.refused if refusal.event_id in late]
        self.bus.announce([refused_fact(job, refusal) for refusal in refused])
        return job

    def _record(self, job: Job, repairs: tuple[Repair, ...], now: datetime) -> None:
        """Record on the job, then announce; what is repeated in one status is announced once."""
        done = {r for past in job.repaired if past.at >= last_step(job) for r in past.repairs}
        told = tuple(r for r in repairs if r not in ("resumed", "started") or r not in done)
        if not told:
            return
        fresh = tuple(
            repair for repair in told if repair != "replaced"
        )  # recorded with the new generation

        def noted(job: Job) -> tuple[Job, None]:
            repaired = job.with_repairs(fresh, now) if fresh else job.repaired
            return (
                job if repaired == job.repaired else job.with_bookkeeping(repaired=repaired)
            ), None

        job, _ = commit(self.jobs, job.tenant, job.job_id, noted, self.pause)
        self.metrics.count("Repairs", job.tenant)
        self.bus.announce([_repaired_fact(job, told, now)])


def sent_again_lately(job: Job, now: datetime) -> bool:
    """Whether a message about it was sent again so lately that it may not have arrived yet."""
    return any(now - done.at < MESSAGES for done in job.repaired if RESENT & set(done.repairs))


def card_is_behind(job: Job, shown: Board, now: datetime) -> bool:
    """Also for an ended job, unless it ended so long ago that the board no longer shows it."""
    card = shown.jobs.get(job.job_id)
    if card is None:
        return bool(Board().merged([card_of(job, load_flow(job.flow))]).at(now).jobs)
    return card.rev < job.rev


def _is_repaired(job: Job, known: StuckJob) -> bool:
    """Readable again; or its execution has reached its wait, or has nothing left to do."""
    if known.why in ("corrupt", "unknown_status"):
        return True
    if known.why == "unforeseen":
        return False  # cleared only after the whole check succeeds
    if known.why == "implausible":
        return is_settled(job) or implausible_in(job) is None
    waits = job.wait is not None and job.wait.epoch.generation == job.execution.generation
    return waits or is_settled(job)


def _repaired_fact(job: Job, repairs: tuple[Repair, ...], now: datetime) -> JobRepaired:
    return JobRepaired(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=now,
        repairs=repairs,
        rev=job.rev,
    )
