"""Step 2: a move is committed to the job's object, or refused on the record; then the task token rings.

The one conditional write of the job object decides. The task token is resumed after it, never before, and
whether the execution heard it proves nothing: a copy of the event, the wait's own timeout or the
watchdog ring again.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events import JobMoveRefused, JobMoveRequested
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    RunsMachines,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.s3_stores import S3Jobs
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.protocol.batches import BatchConsumer, once
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Bus, Executions, Jobs, TaskOutput
from functions.protocol.resume_execution import resume_execution
from statemachine.flows import load_flow
from statemachine.job import SUPERSEDED, Job, TaskWait
from statemachine.lifecycle import Verdict, judge
from statemachine.records import Refusal


@dataclass(frozen=True)
class AdvanceJob:
    jobs: Jobs
    executions: Executions
    bus: Bus
    pause: Pause = full_jitter

    def __call__(self, request: JobMoveRequested, now: datetime) -> Verdict:
        """What became of the request; the verdict's job is the stored one.

        Raises UnknownJob, Corrupt, RecordsFull; Unavailable where it shall be delivered again.
        """
        left: list[TaskWait] = []

        def judged(job: Job) -> tuple[Job, Verdict]:
            verdict = judge(job, request, load_flow(job.flow), now)
            if job.wait and verdict.job.execution.generation > job.execution.generation:
                # Kept for after a lost answer, when nothing shows it any more.
                left.append(job.wait)
            return verdict.job, verdict

        job, verdict = commit(
            self.jobs, request.tenant, request.job_id, judged, self.pause, watched=True
        )
        self._follow_up(job, request.event_id)
        self._send_home(left, job)
        return verdict

    def _send_home(self, left: list[TaskWait], job: Job) -> None:
        """The execution that has not heard of the end from which the job has come back.

        It would wait on and call the job overdue. Where the job did not come back after all, its
        generation is the same and it is left alone.
        """
        for wait in left:
            if wait.epoch.generation < job.execution.generation:
                self.executions.send_success(wait.token, TaskOutput(seq=wait.seq, to=SUPERSEDED))

    def _follow_up(self, job: Job, event_id: str) -> None:
        """What must happen after the write, also where a copy of the event finds it undone."""
        refused = job.refusals_written_with(event_id)
        if refused:
            self.bus.announce([refused_fact(job, refusal) for refusal in refused])
        resume_execution(job, self.jobs, self.executions)


def refused_fact(job: Job, refusal: Refusal) -> JobMoveRefused:
    return JobMoveRefused(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=refusal.recorded_at,
        event_id=refusal.event_id,
        actor=refusal.actor,
        move=refusal.move,
        to=refusal.to,
        status=refusal.status,
        why=refusal.why,
        occurred_at=refusal.occurred_at,
    )


class Settings(FromQueue, HasJobs, Announces, RunsMachines):
    pass


@once
def wire() -> tuple[AdvanceJob, BatchConsumer[JobMoveRequested]]:
    settings = read_settings(Settings)
    advance = AdvanceJob(
        S3Jobs(one_attempt("s3"), settings.jobs_bucket),
        StepFunctionsExecutions(
            client("stepfunctions"), settings.machine_prefix, settings.machine_alias
        ),
        EventBridgeBus(client("events"), settings.bus_name),
    )
    return advance, batch_consumer(JobMoveRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    advance, messages = wire()

    def one(request: JobMoveRequested) -> None:
        verdict = advance(request, utc_now())
        outcome, job = type(verdict).__name__.lower(), verdict.job
        log.info(outcome, tenant=job.tenant, job=job.job_id, seq=job.seq, status=job.status)

    return messages.deliver(event, one)
