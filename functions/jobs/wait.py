"""Step 3: an execution has reached a status: the status is settled and the job gets the task token.

    advance_job    commit entry 2 ──────────────── sees no wait ── (nothing to resume)
    register_wait  read, settle ── PUT wait{seq 1} → 412 ── read ── PUT ── ledger ahead: resume

Both write the same object conditionally, so one of them always sees the other: no move is missed,
and nothing polls. The status is settled in the same call (`settle.py`), because each step of a
state machine costs money.
"""

from dataclasses import dataclass
from typing import Literal

from functions.jobs.settle import SettleJob
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.ports import Jobs, Stored, TaskOutput, TaskTokens
from functions.protocol.resume_execution import next_task_output
from statemachine.job.job import SUPERSEDED, Epoch, Job, TaskWait
from statemachine.values.values import Frozen, JobId, Tenant, Utc

Outcome = Literal["waits", "goes on", "fenced", "superseded", "resumed"]


class WaitRequest(Frozen):
    """What the state machine passes when it begins to wait."""

    tenant: Tenant
    job_id: JobId
    seq: int | None = None
    """None in an execution's first state, which does not know yet where the job stands."""
    execution: str
    """The execution's name; it ends in `-g` and its generation."""
    entered_at: Utc
    retry: int
    token: str
    settles: bool = False
    """Whether the status is still to be settled; executions of earlier versions have settled it."""
    handles_late: bool = False
    reported_late: bool = False
    """Both as in `TaskWait`."""
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
        """Settle the status and wait in it; a new execution learns at once where its job stands.

        Raises UnknownJob, Corrupt, Unavailable; the state machine tries again with a new token.
        """
        seq = 0 if request.seq is None and request.generation == 0 else request.seq
        stored = self.jobs.read(request.tenant, request.job_id)
        if not request.settles and seq is not None:
            return self._wait(request, seq, stored)
        settled = self.settle.settled(stored, seq)
        if seq is None:
            self.task_tokens.send_success(
                request.token, TaskOutput(seq=settled.seq, to=settled.status)
            )
            return "resumed"
        return self._wait(request.with_(shown_at=settled.shown_at), seq, stored)

    def _wait(self, request: WaitRequest, seq: int, stored: Stored[Job]) -> Outcome:
        """Store the token unless a newer one is there; resume at once if the ledger is ahead."""
        job, outcome = commit(
            self.jobs,
            request.tenant,
            request.job_id,
            lambda job: _registered(job, request, seq),
            self.pause,
            known=stored,
        )
        if outcome == "superseded":
            self.task_tokens.send_success(request.token, TaskOutput(seq=seq, to=SUPERSEDED))
        elif outcome != "fenced" and (output := next_task_output(job)):
            self.task_tokens.send_success(request.token, output)
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
