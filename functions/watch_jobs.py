"""Step 9: the watchdog looks after every open job and repairs what got lost on the way.

It is called by the schedule (a round over all open jobs), by Step Functions' own message that an
execution has ended badly (that one job), and after a restart of the laptop engine (a round that
asks for every execution, because there none survives).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Json, RootModel

from functions.advance_job import refused_fact
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
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.aws.stores import S3Boards, S3Jobs, S3Tenants, S3Views
from functions.commit import Pause, commit, full_jitter
from functions.inbox import Inbox, JobRef, once
from functions.ports import (
    Bus,
    Corrupt,
    Executions,
    Jobs,
    Tenants,
    Unavailable,
    UnknownJob,
    Views,
)
from functions.publish_board import PublishBoard
from functions.wake import next_answer
from functions.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job import Job, Repair
from statemachine.lifecycle import expire
from statemachine.views import Board, card_of

GRACE = timedelta(seconds=30)
"""What is younger than this is left to those whose work it is."""
SUSPECT = timedelta(minutes=2)
"""A job whose execution has not moved for so long is asked about."""


class Round(BaseModel):
    """Look after every open job; with `ask_executions` also after executions that seem well."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ask_executions: bool = False


class ExecutionEnded(BaseModel):
    """Step Functions' own event that an execution has ended badly, as far as we read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, Field(pattern=r"-g[0-9]+$")]
    status: str
    input: Json[JobRef]

    @property
    def generation(self) -> int:
        return int(self.name.rpartition("-g")[2])


class Watch(RootModel[Round | ExecutionEnded]):
    """What the watchdog's queue brings."""


@dataclass(frozen=True)
class WatchJobs:
    jobs: Jobs
    views: Views
    executions: Executions
    bus: Bus
    tenants: Tenants
    publish: PublishBoard
    pause: Pause = full_jitter

    def round(self, now: datetime, ask_executions: bool = False) -> dict[str, list[str]]:
        """Every open job of every tenant; the answer names the repaired jobs and their repairs.

        Raises Unavailable, after all the others were looked after, where something failed.
        """
        repaired: dict[str, list[str]] = {}
        failed: list[str] = []
        for tenant in self.tenants.names():
            with _noted(failed, tenant):
                self._tenant(tenant, now, ask_executions, repaired, failed)
        if failed:
            raise Unavailable(f"not looked after: {', '.join(failed)}")
        return repaired

    def redrive(self, tenant: str, job_id: str, now: datetime) -> list[str]:
        """Everything a person can have done for one job; the repairs that were made.

        Raises UnknownJob, Corrupt, Unavailable.
        """
        self.jobs.read(tenant, job_id)
        repairs = self._look_after(tenant, job_id, self.publish(tenant, [], now), now, ask=True)
        if "card written" in repairs:
            self.publish(tenant, [job_id], now)
        return repairs

    def _tenant(
        self,
        tenant: str,
        now: datetime,
        ask: bool,
        repaired: dict[str, list[str]],
        failed: list[str],
    ) -> None:
        shown, behind = self.publish(tenant, [], now), []
        for job_id in list(self.jobs.open_ids(tenant)):
            with _noted(failed, job_id):
                repairs = self._look_after(tenant, job_id, shown, now, ask)
                if repairs:
                    repaired[job_id] = repairs
                if "card written" in repairs:
                    behind.append(job_id)
        if behind:
            self.publish(tenant, behind, now)

    def _look_after(
        self, tenant: str, job_id: str, shown: Board, now: datetime, ask: bool
    ) -> list[str]:
        job = self._read(tenant, job_id)
        if job is None:
            return []
        repairs: list[str] = list(self._mend(job, now, ask))
        if _card_is_behind(job, shown, now):
            repairs.append("card written")
        if _settled(job) and not repairs:
            self._close(job)
        return repairs

    def _close(self, job: Job) -> None:
        """Out of the index of open jobs, unless somebody brings the job back meanwhile.

        here      read: ended ──────────────────────── out ── read: open? ── in again
        advance              brings it back ── in
        """
        self.jobs.mark_ended(job.tenant, job.job_id)
        if not _settled(self.jobs.read(job.tenant, job.job_id).value):
            self.jobs.mark_open(job.tenant, job.job_id)

    def _read(self, tenant: str, job_id: str) -> Job | None:
        """The job; None where it was never stored, or where a person has to look at its object."""
        try:
            return self.jobs.read(tenant, job_id).value
        except UnknownJob:
            return None
        except Corrupt as error:
            log.error("corrupt", tenant=tenant, job=job_id, why=str(error))
            return None

    def _mend(self, job: Job, now: datetime, ask: bool) -> Iterator[Repair]:
        if any(early.until <= now for early in job.early):
            job = self._refuse_late(job, now)
            yield "refused late"
        if not _settled(job):
            yield from self._execution(job, now, ask)
        if write_view(self.views, job, load_flow(job.flow), self.pause):
            yield "view written"

    def ended(self, event: ExecutionEnded, now: datetime) -> bool:
        """Whether the job of an execution that ended badly was given a successor.

        An execution that has got as far as waiting is replaced at once. One that died before is
        left to the next rounds, so that a fault that kills every successor costs one start a
        round.
        """
        job = self.jobs.read(event.input.tenant, event.input.job_id).value
        reached = job.wait is not None and job.wait.epoch.generation == event.generation
        if job.execution.generation != event.generation or _settled(job) or not reached:
            return False
        self._replace(job, now)
        return True

    def _execution(self, job: Job, now: datetime, ask: bool) -> Iterator[Repair]:
        since = _last_step(job)
        answer = next_answer(job)
        suspect = ask or (_stands_still(job) and now - since > SUSPECT)
        if suspect and not self._runs(job):
            yield self._replace(job, now)
            return
        if now - since < GRACE:
            return
        if job.wait and answer:
            self.executions.ring(job.wait.token, answer)
            yield "rung"
        elif job.wait is None:
            self.executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)
            yield "started"

    def _runs(self, job: Job) -> bool:
        return self.executions.is_running(
            job.flow, job.tenant, job.job_id, job.execution.generation
        )

    def _replace(self, job: Job, now: datetime) -> Repair:
        """The next generation: of two watchdogs one raises it, and both may start it."""
        generation = job.execution.generation

        def raised(job: Job) -> tuple[Job, None]:
            if job.execution.generation != generation or _settled(job):
                return job, None
            following = job.execution.with_(generation=generation + 1, since=now)
            return job.bookkept(execution=following, wait=None), None

        job, _ = commit(self.jobs, job.tenant, job.job_id, raised, self.pause)
        self.executions.start(job.flow, job.tenant, job.job_id, job.execution.generation)
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


@contextmanager
def _noted(failed: list[str], who: str) -> Iterator[None]:
    """The trouble with one job must not keep the round from the others."""
    try:
        yield
    except Exception as error:
        log.error("not looked after", who=who, error=type(error).__name__, why=str(error)[:200])
        failed.append(who)


def _card_is_behind(job: Job, shown: Board, now: datetime) -> bool:
    """Also an ended job's, unless it ended so long ago that it is shown no more."""
    card = shown.jobs.get(job.job_id)
    if card is None:
        return bool(Board().merged([card_of(job, load_flow(job.flow))]).at(now).jobs)
    return card.rev < job.visible_rev


def _settled(job: Job) -> bool:
    """Ended, and told so: nothing is left for an execution to do."""
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq


def _stands_still(job: Job) -> bool:
    """Its execution ought to be doing something, and has not."""
    return job.wait is None or job.seq > job.wait.seq


def _last_step(job: Job) -> datetime:
    return max(job.entered_at, job.execution.since)


class Settings(FromQueue, HasJobs, HasViews, Announces, RunsMachines):
    pass


@once
def wire() -> tuple[WatchJobs, Inbox[Watch]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    watch = WatchJobs(
        jobs,
        S3Views(s3, settings.site_bucket, settings.view_ttl_s),
        StepFunctionsExecutions(
            client("stepfunctions"), settings.machine_prefix, settings.machine_alias
        ),
        EventBridgeBus(client("events"), settings.bus_name),
        S3Tenants(s3, settings.jobs_bucket),
        PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket)),
    )
    return watch, inbox(Watch, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From the queue: the batch's failures. Invoked directly with a round: what was repaired."""
    watch, messages = wire()

    def one(message: Watch) -> dict[str, Any]:
        match message.root:
            case Round(ask_executions=ask):
                repaired = watch.round(utc_now(), ask)
                log.info("round", repaired=repaired)
                return {"repaired": repaired}
            case ExecutionEnded() as ended:
                replaced = watch.ended(ended, utc_now())
                log.info("execution ended", job=ended.input.job_id, replaced=replaced)
                return {"replaced": replaced}

    return messages.deliver(event, one) if "Records" in event else one(Watch.model_validate(event))
