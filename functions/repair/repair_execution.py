"""The execution that follows a job: resumed, started, or replaced by the next generation.

Step Functions is asked only about executions that do not move or are over their time, because its
quota for such requests is small. If the executions of a job keep failing, the watchdog replaces
them once an hour and reports the job.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from events import JobOverdue
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, Executions, Jobs, StuckJob, TaskOutput
from functions.protocol.resume_execution import next_task_output
from functions.repair.job_selection import GRACE, SUSPECT
from functions.repair.report_stuck import ReportStuck
from statemachine.flows import load_flow
from statemachine.job.job import LATE, Job
from statemachine.job.records import Repair
from statemachine.rules.deadlines import is_late_unreported

TRIES, TRIED_WITHIN = 5, timedelta(hours=1)
"""After so many replacements within that time, the next one waits until the time has passed."""
UNRESPONSIVE = timedelta(minutes=10)
"""Longer than an execution keeps trying to settle a status or to store its token."""


@dataclass(frozen=True)
class RepairExecution:
    jobs: Jobs
    executions: Executions
    bus: Bus
    report_stuck: ReportStuck
    pause: Pause = full_jitter

    def __call__(
        self, job: Job, now: datetime, ask: bool, known: StuckJob | None
    ) -> Iterator[Repair]:
        """`ask` also checks an execution that seems well. Raises Unavailable."""
        age, output, late = (
            now - last_step(job),
            next_task_output(job),
            is_late_unreported(job, now),
        )
        if ask or late or _is_over_time(job, now) or (_stands_still(job) and age > SUSPECT):
            runs = self._runs(job)
            if not runs or _does_not_resume(job, age):
                if ask or self._may_replace(job, now, known):
                    yield self._end_and_replace(job, now, runs)
                return
        if job.wait and late:
            self.executions.send_success(job.wait.token, TaskOutput(seq=job.wait.seq, to=LATE))
        if age < GRACE:
            return
        if job.wait and output:
            self.executions.send_success(job.wait.token, output)
            yield "resumed"
        elif job.wait is None and not self._runs(job) and self._start(job):
            yield "started"

    def _end_and_replace(self, job: Job, now: datetime, runs: bool) -> Repair:
        if _is_over_time(job, now) and not (job.wait and job.wait.handles_late):
            self._announce_overdue(job)  # otherwise the new execution announces it, once it waits
        if runs:
            self.executions.stop(job.flow, job.tenant, job.job_id, job.execution.generation)
        return self._replace(job, now)

    def _runs(self, job: Job) -> bool:
        return self.executions.is_running(
            job.flow, job.tenant, job.job_id, job.execution.generation
        )

    def _start(self, job: Job) -> bool:
        return self.executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)

    def _may_replace(self, job: Job, now: datetime, known: StuckJob | None) -> bool:
        """Whether to replace the execution; a job that keeps failing gets one within the time."""
        tries = _replaced_since(job, now - TRIED_WITHIN)
        failing = known is not None and known.why == "keeps_failing"
        if not failing and tries >= TRIES:
            self.report_stuck(job.tenant, job.job_id, "keeps_failing", now, known)
            return False
        return not failing or tries == 0

    def _replace(self, job: Job, now: datetime) -> Repair:
        """Start the next generation. Of two watchdogs one raises the number; both may start it."""
        generation = job.execution.generation

        def raised(job: Job) -> tuple[Job, None]:
            if job.execution.generation != generation or is_settled(job):
                return job, None
            following = job.execution.with_(generation=generation + 1, since=now)
            repaired = job.with_repairs(("replaced",), now)
            return job.with_bookkeeping(execution=following, wait=None, repaired=repaired), None

        job, _ = commit(self.jobs, job.tenant, job.job_id, raised, self.pause, watched=True)
        self._start(job)
        return "replaced"

    def replace_ended(self, job: Job, now: datetime) -> bool:
        """Replace the execution at once, unless that was tried too often; then the rounds do it.

        In that case the wait is removed, because the job would otherwise seem to wait properly.
        """
        if _replaced_since(job, now - TRIED_WITHIN) >= TRIES:
            commit(self.jobs, job.tenant, job.job_id, _without_wait(job), self.pause)
            known = self.report_stuck.stuck.read(job.tenant, job.job_id)
            self.report_stuck(job.tenant, job.job_id, "keeps_failing", now, known)
            return False
        self._replace(job, now)
        return True

    def _announce_overdue(self, job: Job) -> None:
        """Announce what the execution would have announced; the same fact each time."""
        fact = JobOverdue(
            tenant=job.tenant,
            job_id=job.job_id,
            flow=job.flow,
            recorded_at=_time_was_up(job) or job.entered_at,
            status=job.status,
            seq=job.seq,
        )
        self.bus.announce([fact])


def is_settled(job: Job) -> bool:
    """Ended and announced: nothing is left for an execution to do."""
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq


def last_step(job: Job) -> datetime:
    return max(job.entered_at, job.execution.since)


def _without_wait(dead: Job) -> Callable[[Job], tuple[Job, None]]:
    def changed(job: Job) -> tuple[Job, None]:
        if job.wait is None or job.execution.generation != dead.execution.generation:
            return job, None
        return job.with_bookkeeping(wait=None), None

    return changed


def _stands_still(job: Job) -> bool:
    """Its execution should be doing something and is not."""
    return job.wait is None or job.seq > job.wait.seq


def _does_not_resume(job: Job, age: timedelta) -> bool:
    """The execution does not move although it was resumed, or there is no token to resume it."""
    if not _stands_still(job) or age <= UNRESPONSIVE:
        return False
    since = last_step(job)
    resumed = any(done.at >= since and "resumed" in done.repairs for done in job.repaired)
    return job.wait is None or resumed


def _is_over_time(job: Job, now: datetime) -> bool:
    """Its wait has passed the status's limit and was not renewed: the execution probably ended."""
    up = _time_was_up(job)
    return up is not None and now - up > SUSPECT


def _time_was_up(job: Job) -> datetime | None:
    """When its wait reached the status's limit, or will."""
    limit = load_flow(job.flow).status(job.status).limit_minutes
    if job.wait is None or job.seq > job.wait.seq or limit is None:
        return None
    return job.wait.epoch.entered_at + timedelta(minutes=limit)


def _replaced_since(job: Job, moment: datetime) -> int:
    """How many times the watchdog has replaced the execution since then."""
    return sum("replaced" in done.repairs and done.at > moment for done in job.repaired)
