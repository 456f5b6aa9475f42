"""Step 3: an execution has arrived in a status and leaves its task token in the job's object.

    advance_job    commit entry 2 ──────────────── sees no wait ── (nobody to ring)
    register_wait          read ── PUT wait{seq 1} → 412 ── read ── PUT ── ledger ahead: ring

Both write the same object conditionally, so one of them always sees the other: no wake-up is
lost and nobody polls.
"""

from dataclasses import dataclass
from typing import Any, Literal

from functions.aws.container import HasJobs, client, log, one_attempt, read_settings
from functions.aws.stepfunctions import StepFunctionsBells
from functions.aws.stores import S3Jobs
from functions.commit import Pause, commit, full_jitter
from functions.inbox import once
from functions.ports import Answer, Bells, Jobs
from functions.wake import SUPERSEDED, next_answer
from statemachine.job import Epoch, Job, Wait
from statemachine.values import Frozen, JobId, Tenant, Utc

Outcome = Literal["waits", "goes on", "fenced", "superseded"]


class WaitRequest(Frozen):
    """What the state machine passes on when it begins to wait."""

    tenant: Tenant
    job_id: JobId
    seq: int
    execution: str
    """The execution's name; it ends in `-g` and its generation."""
    entered_at: Utc
    retry: int
    token: str
    shown_at: Utc | None = None
    """When the view of `seq` was public; None from an execution that an earlier version started,
    and where it was settled before."""

    @property
    def epoch(self) -> Epoch:
        generation = int(self.execution.rpartition("-g")[2])
        return Epoch(generation=generation, entered_at=self.entered_at, retry=self.retry)


@dataclass(frozen=True)
class RegisterWait:
    jobs: Jobs
    bells: Bells
    pause: Pause = full_jitter

    def __call__(self, request: WaitRequest) -> Outcome:
        """Store the token unless a newer one is there; ring it at once if the ledger is ahead."""
        job, outcome = commit(
            self.jobs,
            request.tenant,
            request.job_id,
            lambda job: _registered(job, request),
            self.pause,
        )
        if outcome == "superseded":
            self.bells.ring(request.token, Answer(seq=request.seq, to=SUPERSEDED))
        elif outcome != "fenced" and (answer := next_answer(job)):
            self.bells.ring(request.token, answer)
            return "goes on"
        return outcome


def _registered(job: Job, request: WaitRequest) -> tuple[Job, Outcome]:
    epoch = request.epoch
    if epoch.generation < job.execution.generation:
        return job, "superseded"
    if job.wait and job.wait.token == request.token:
        return job, "waits"
    if job.wait and not epoch.newer_than(job.wait.epoch):
        return job, "fenced"
    wait = Wait(seq=request.seq, epoch=epoch, token=request.token)
    settled = job.execution.with_(seq=max(job.execution.seq, request.seq))
    shown = job.with_shown(request.seq, request.shown_at)
    return job.bookkept(wait=wait, execution=settled, shown=shown), "waits"


@once
def wire() -> RegisterWait:
    settings = read_settings(HasJobs)
    jobs = S3Jobs(one_attempt("s3"), settings.jobs_bucket)
    return RegisterWait(jobs, StepFunctionsBells(client("stepfunctions")))


def handler(event: dict[str, Any], context: object) -> None:
    request = WaitRequest.model_validate(event)
    outcome = wire()(request)
    log.info("wait", tenant=request.tenant, job=request.job_id, seq=request.seq, outcome=outcome)
