"""Step 3: an execution has arrived in a status: it is settled, and the job gets the task token.

    advance_job    commit entry 2 ──────────────── sees no wait ── (no one to ring)
    register_wait          read ── PUT wait{seq 1} → 412 ── read ── PUT ── ledger ahead: ring

Both write the same object conditionally, so one of them always sees the other: no wake-up is
lost and no one polls. The status is settled in the same call (`settle_job.py`), for each step of a
state machine has its price; executions that earlier versions started have settled it themselves.
"""

from dataclasses import dataclass
from typing import Any, Literal

from functions.aws.container import client, log, read_settings
from functions.aws.stepfunctions import StepFunctionsTaskTokens
from functions.protocol.batches import once
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Jobs, TaskOutput, TaskTokens
from functions.protocol.resume_execution import next_task_output
from functions.settle_job import SettleJob, SettleRequest, SettleSettings, settle_job_of
from statemachine.job import SUPERSEDED, Epoch, Job, TaskWait
from statemachine.values import Frozen, JobId, Tenant, Utc

Outcome = Literal["waits", "goes on", "fenced", "superseded", "resumed"]


class WaitRequest(Frozen):
    """What the state machine passes on when it begins to wait."""

    tenant: Tenant
    job_id: JobId
    seq: int | None = None
    """None in an execution's first state: it does not know yet where its job stands."""
    execution: str
    """The execution's name; it ends in `-g` and its generation."""
    entered_at: Utc
    retry: int
    token: str
    settles: bool = False
    """Whether the status is still to be settled, which earlier versions did in a state before."""
    handles_late: bool = False
    reported_late: bool = False
    """Both as `TaskWait` has them."""
    shown_at: Utc | None = None
    """When the view of `seq` was public; None where it was settled before."""

    @property
    def generation(self) -> int:
        return int(self.execution.rpartition("-g")[2])

    @property
    def epoch(self) -> Epoch:
        return Epoch(generation=self.generation, entered_at=self.entered_at, retry=self.retry)


@dataclass(frozen=True)
class RegisterWait:
    jobs: Jobs
    task_tokens: TaskTokens
    settle: SettleJob
    pause: Pause = full_jitter

    def __call__(self, request: WaitRequest) -> Outcome:
        """Settle the status and wait in it; a successor is told at once where its job stands.

        Raises UnknownJob, Corrupt, Unavailable: the state machine tries again, with a new token.
        """
        seq = 0 if request.seq is None and request.generation == 0 else request.seq
        if not request.settles and seq is not None:
            return self._wait(request, seq)
        settled = self.settle(SettleRequest(tenant=request.tenant, job_id=request.job_id, seq=seq))
        if seq is None:
            self.task_tokens.send_success(
                request.token, TaskOutput(seq=settled.seq, to=settled.status)
            )
            return "resumed"
        return self._wait(request.with_(shown_at=settled.shown_at), seq)

    def _wait(self, request: WaitRequest, seq: int) -> Outcome:
        """Store the token unless a newer one is there; ring it at once if the ledger is ahead."""
        job, outcome = commit(
            self.jobs,
            request.tenant,
            request.job_id,
            lambda job: _registered(job, request, seq),
            self.pause,
        )
        if outcome == "superseded":
            self.task_tokens.send_success(request.token, TaskOutput(seq=seq, to=SUPERSEDED))
        elif outcome != "fenced" and (answer := next_task_output(job)):
            self.task_tokens.send_success(request.token, answer)
            return "goes on"
        return outcome


def _registered(job: Job, request: WaitRequest, seq: int) -> tuple[Job, Outcome]:
    epoch = request.epoch
    if epoch.generation < job.execution.generation:
        return job, "superseded"
    if job.wait and job.wait.token == request.token:
        return job, "waits"
    if job.wait and not epoch.newer_than(job.wait.epoch):
        return job, "fenced"
    wait = TaskWait(
        seq=seq,
        epoch=epoch,
        token=request.token,
        handles_late=request.handles_late,
        reported_late=request.reported_late,
    )
    settled = job.execution.with_(seq=max(job.execution.seq, seq))
    shown = job.with_shown_at(seq, request.shown_at)
    return job.with_bookkeeping(wait=wait, execution=settled, shown=shown), "waits"


@once
def wire() -> RegisterWait:
    settings = read_settings(SettleSettings)
    settle = settle_job_of(settings)
    return RegisterWait(settle.jobs, StepFunctionsTaskTokens(client("stepfunctions")), settle)


def handler(event: dict[str, Any], context: object) -> None:
    request = WaitRequest.model_validate(event)
    outcome = wire()(request)
    log.info("wait", tenant=request.tenant, job=request.job_id, seq=request.seq, outcome=outcome)
