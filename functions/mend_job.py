"""One job under the watchdog's eyes: what got lost on its way is repaired, recorded and announced.

    signal lost, execution never started       rung, started, after half a minute
    execution dead                             replaced: once it stands still or is over its time
    its token lost, so that it cannot be rung  stopped and replaced, after ten minutes
    view or card behind                        written
    kept move whose time is up                 refused on the record
    message claimed and never marked           see mend_deliveries.py
    object unreadable, every successor dies    a person is called, once

A repair is announced once it is done. A call for a person is made before it is recorded, so that
a crash in between calls twice rather than never.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import JobOverdue, JobRepaired, JobStuck, StuckReason
from functions.advance_job import refused_fact
from functions.commit import Pause, commit, full_jitter
from functions.mend_deliveries import MendDeliveries
from functions.ports import (
    Bus,
    Corrupt,
    Executions,
    Jobs,
    Logger,
    Metrics,
    Stuck,
    StuckJob,
    UnknownJob,
    Views,
)
from functions.wake import next_answer
from functions.watch_round import GRACE, SUSPECT
from functions.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job import Job, Repair
from statemachine.lifecycle import expire
from statemachine.views import Board, card_of

TRIES, TRIED_WITHIN = 5, timedelta(hours=1)
"""After so many successors in that time the next one is given only when it has passed."""


DEAF = timedelta(minutes=10)
"""Longer than an execution keeps trying to settle a status or to leave its token."""


@dataclass(frozen=True)
class Look:
    """What a round knows when it comes to a job. `ask` is for executions that seem well too,
    `messages` for what became of those about the job.
    """

    now: datetime
    shown: Board
    ask: bool = False
    messages: bool = False


@dataclass(frozen=True)
class Mended:
    """What was found of a job, as it was read, and what was done for it."""

    job: Job | None = None
    repairs: tuple[Repair, ...] = ()
    missing: bool = False


@dataclass(frozen=True)
class MendJob:
    jobs: Jobs
    views: Views
    executions: Executions
    bus: Bus
    stuck: Stuck
    deliveries: MendDeliveries
    metrics: Metrics
    log: Logger
    pause: Pause = full_jitter

    def __call__(self, tenant: str, job_id: str, look: Look, known: StuckJob | None) -> Mended:
        """`known` is what a person was called for already. Raises Unavailable."""
        try:
            job = self.jobs.read(tenant, job_id).value
        except UnknownJob:
            if known:
                self.stuck.remove(tenant, job_id)
            return Mended(missing=True)
        except Corrupt as error:
            self.log.error("corrupt", tenant=tenant, job=job_id, why=str(error))
            self._call(tenant, job_id, "corrupt", look.now, known)
            return Mended()
        if known and _goes_again(job, known):
            self.stuck.remove(tenant, job_id)
            known = None
        repairs = tuple(self._repairs(job, look, known))
        self._record(job, repairs, look.now)
        return Mended(job, repairs)

    def replace_ended(self, job: Job, now: datetime) -> bool:
        """A successor at once, unless that has been tried too often: then the rounds try on.

        Its wait is taken away then, or it would seem to wait rightly.
        """
        if job.replaced_since(now - TRIED_WITHIN) >= TRIES:
            commit(self.jobs, job.tenant, job.job_id, _without_wait(job), self.pause)
            known = self.stuck.read(job.tenant, job.job_id)
            self._call(job.tenant, job.job_id, "keeps_failing", now, known)
            return False
        self._record(job, (self._replace(job, now),), now)
        return True

    def _repairs(self, job: Job, look: Look, known: StuckJob | None) -> Iterator[Repair]:
        if any(early.until <= look.now for early in job.early):
            job = self._refuse_late(job, look.now)
            yield "refused late"
        if not is_settled(job):
            yield from self._execution(job, look, known)
        if write_view(self.views, job, load_flow(job.flow), self.pause):
            yield "view written"
        if card_is_behind(job, look.shown, look.now):
            yield "card written"
        if look.messages:
            yield from self.deliveries(job.tenant, job.job_id, look.now)

    def _execution(self, job: Job, look: Look, known: StuckJob | None) -> Iterator[Repair]:
        age, answer = look.now - _last_step(job), next_answer(job)
        late = _is_over_time(job, look.now)
        deaf = _is_deaf(job, age)
        if look.ask or late or (_stands_still(job) and age > SUSPECT):
            runs = self._runs(job)
            if deaf or not runs:
                if look.ask or self._may_replace(job, look.now, known):
                    if late:
                        self._tell_overdue(job, look.now)
                    if runs:
                        self._stop(job)
                    yield self._replace(job, look.now)
                return
        if age < GRACE:
            return
        if job.wait and answer:
            self.executions.ring(job.wait.token, answer)
            yield "rung"
        elif job.wait is None and not self._runs(job) and self._start(job):
            yield "started"

    def _runs(self, job: Job) -> bool:
        return self.executions.is_running(
            job.flow, job.tenant, job.job_id, job.execution.generation
        )

    def _stop(self, job: Job) -> None:
        self.executions.stop(job.flow, job.tenant, job.job_id, job.execution.generation)

    def _start(self, job: Job) -> bool:
        return self.executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)

    def _may_replace(self, job: Job, now: datetime, known: StuckJob | None) -> bool:
        """Of a job that keeps failing one successor within the time; somebody has been called."""
        tries = job.replaced_since(now - TRIED_WITHIN)
        if known is None and tries >= TRIES:
            self._call(job.tenant, job.job_id, "keeps_failing", now, known)
            return False
        return known is None or tries == 0

    def _replace(self, job: Job, now: datetime) -> Repair:
        """The next generation: of two watchdogs one raises it, and both may start it."""
        generation = job.execution.generation

        def raised(job: Job) -> tuple[Job, None]:
            if job.execution.generation != generation or is_settled(job):
                return job, None
            following = job.execution.with_(generation=generation + 1, since=now)
            repaired = job.with_repairs(("replaced",), now)
            return job.bookkept(execution=following, wait=None, repaired=repaired), None

        job, _ = commit(self.jobs, job.tenant, job.job_id, raised, self.pause, watched=True)
        self._start(job)
        return "replaced"

    def _refuse_late(self, job: Job, now: datetime) -> Job:
        """Announced by their ids: found done after a lost answer, the write names none."""
        flow, late = load_flow(job.flow), {e.event_id for e in job.early if e.until <= now}
        job, _ = commit(
            self.jobs, job.tenant, job.job_id, lambda job: expire(job, flow, now), self.pause
        )
        refused = [refusal for refusal in job.refused if refusal.event_id in late]
        self.bus.announce([refused_fact(job, refusal) for refusal in refused])
        return job

    def _record(self, job: Job, repairs: tuple[Repair, ...], now: datetime) -> None:
        """On the job, then on the bus; what has to be done again in one status is told once."""
        done = {r for past in job.repaired if past.at >= _last_step(job) for r in past.repairs}
        told = tuple(r for r in repairs if r not in ("rung", "started") or r not in done)
        if not told:
            return
        fresh = tuple(repair for repair in told if repair != "replaced")  # that is there already

        def noted(job: Job) -> tuple[Job, None]:
            repaired = job.with_repairs(fresh, now) if fresh else job.repaired
            return (job if repaired == job.repaired else job.bookkept(repaired=repaired)), None

        job, _ = commit(self.jobs, job.tenant, job.job_id, noted, self.pause)
        self.metrics.count("JobsRepaired", job.tenant)
        self.bus.announce([_repaired_fact(job, told, now)])

    def _call(
        self, tenant: str, job_id: str, why: StuckReason, now: datetime, known: StuckJob | None
    ) -> None:
        if known:
            return
        self.metrics.count("JobsStuck", tenant)
        self.log.error("stuck", tenant=tenant, job=job_id, why=why)
        self.bus.announce([JobStuck(tenant=tenant, job_id=job_id, why=why, recorded_at=now)])
        self.stuck.add(StuckJob(tenant=tenant, job_id=job_id, why=why, since=now))

    def _tell_overdue(self, job: Job, now: datetime) -> None:
        """What its execution would have said, had it lived."""
        fact = JobOverdue(
            tenant=job.tenant,
            job_id=job.job_id,
            flow=job.flow,
            recorded_at=now,
            status=job.status,
            seq=job.seq,
        )
        self.bus.announce([fact])


def is_settled(job: Job) -> bool:
    """Ended, and told so: nothing is left for an execution to do."""
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq


def card_is_behind(job: Job, shown: Board, now: datetime) -> bool:
    """Also an ended job's, unless it ended so long ago that it is shown no more."""
    card = shown.jobs.get(job.job_id)
    if card is None:
        return bool(Board().merged([card_of(job, load_flow(job.flow))]).at(now).jobs)
    return card.rev < job.visible_rev


def _goes_again(job: Job, known: StuckJob) -> bool:
    """Readable again; or its execution has got as far as waiting, or has nothing left to do."""
    if known.why == "corrupt":
        return True
    waits = job.wait is not None and job.wait.epoch.generation == job.execution.generation
    return waits or is_settled(job)


def _without_wait(dead: Job) -> Callable[[Job], tuple[Job, None]]:
    def changed(job: Job) -> tuple[Job, None]:
        if job.wait is None or job.execution.generation != dead.execution.generation:
            return job, None
        return job.bookkept(wait=None), None

    return changed


def _stands_still(job: Job) -> bool:
    """Its execution ought to be doing something, and has not."""
    return job.wait is None or job.seq > job.wait.seq


def _is_deaf(job: Job, age: timedelta) -> bool:
    """It stands still although it was rung, or there is no token to ring it by."""
    if not _stands_still(job) or age <= DEAF:
        return False
    since = _last_step(job)
    rung = any(done.at >= since and "rung" in done.repairs for done in job.repaired)
    return job.wait is None or rung


def _is_over_time(job: Job, now: datetime) -> bool:
    """Its wait has passed the status's limit and was not renewed: the execution is likely dead."""
    if job.wait is None or job.seq > job.wait.seq:
        return False
    limit = load_flow(job.flow).status(job.status).limit_minutes
    return limit is not None and (
        now - job.wait.epoch.entered_at > timedelta(minutes=limit) + SUSPECT
    )


def _last_step(job: Job) -> datetime:
    return max(job.entered_at, job.execution.since)


def _repaired_fact(job: Job, repairs: tuple[Repair, ...], now: datetime) -> JobRepaired:
    return JobRepaired(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=now,
        repairs=repairs,
        rev=job.visible_rev,
    )
