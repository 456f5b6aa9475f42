"""Step 4: a status is settled: the view shows it, then the fact is announced.

`register_wait` does it where the job waits for its next move, this function where it has ended.

The execution settles the ledger one entry at a time, so every status is told in order even where
two moves were committed at once. Settling twice writes nothing new and announces the same fact
again; consumers know it by `(job_id, seq)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events import Fact, JobCreated, JobMoved
from functions.aws.container import (
    Announces,
    HasJobs,
    HasViews,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.metrics import LogMetrics
from functions.aws.s3_stores import S3Jobs
from functions.protocol.batches import once
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Jobs, TaskOutput, Views
from functions.views.write_view import write_view
from statemachine.flows import Flow, load_flow
from statemachine.job import Job
from statemachine.values import Frozen, JobId, Tenant, Utc


class SettleRequest(Frozen):
    """`seq` is the ledger entry to settle; None asks where a successor has to go on."""

    tenant: Tenant
    job_id: JobId
    seq: int | None = None


class SettledStatus(Frozen):
    """Where the execution stands, and in an ended status whether the ledger goes on after all.

    `shown_at` is when the view of that entry was public; the wait that follows records it.
    """

    seq: int
    status: str
    following: TaskOutput | None = None
    shown_at: Utc | None = None


@dataclass(frozen=True)
class SettleJob:
    jobs: Jobs
    views: Views
    bus: Bus
    metrics: Metrics
    clock: Callable[[], datetime] = utc_now
    pause: Pause = full_jitter

    def __call__(self, request: SettleRequest) -> SettledStatus:
        """Raises UnknownJob, Corrupt, Unavailable: the state machine tries again."""
        job = self.jobs.read(request.tenant, request.job_id).value
        if request.seq is None:
            return _place(job)
        flow, shown_at = load_flow(job.flow), None
        if job.execution.seq < request.seq:
            shown_at = self._show(job, flow, request.seq)
            self.bus.announce([fact_of_entry(job, flow, request.seq)])
        status = job.status_at(request.seq)
        following = None
        if flow.status(status).terminal:
            following = self._end(job, request.seq, shown_at)
        return SettledStatus(seq=request.seq, status=status, following=following, shown_at=shown_at)

    def _show(self, job: Job, flow: Flow, seq: int) -> datetime:
        """When the view of that entry, or of a later one, was public."""
        write_view(self.views, job, flow, self.pause)
        now = self.clock()
        took_ms = (now - job.entered_at_of(seq)).total_seconds() * 1000
        self.metrics.measure("EventToVisibleMs", took_ms, "Milliseconds", job.tenant)
        return now

    def _end(self, job: Job, seq: int, shown_at: datetime | None) -> TaskOutput | None:
        """An ended status has no wait that would record it as settled; so it is recorded here.

        Where someone has brought the job back in the meantime, the ledger goes on. In the index
        of open jobs it stays until the watchdog has seen that nothing is left to repair.
        """
        job, _ = commit(
            self.jobs,
            job.tenant,
            job.job_id,
            lambda job: (_marked(job, seq, shown_at), None),
            self.pause,
        )
        if job.seq > seq:
            return TaskOutput(seq=seq + 1, to=job.status_at(seq + 1))
        return None


def _place(job: Job) -> SettledStatus:
    """The last status that was settled, or the first one: settle_job_of it again does no harm."""
    seq = max(job.execution.seq, 0)
    return SettledStatus(seq=seq, status=job.status_at(seq))


def _marked(job: Job, seq: int, shown_at: datetime | None) -> Job:
    if job.execution.seq >= seq:
        return job
    wait = None if job.seq == seq else job.wait
    shown = job.with_shown_at(seq, shown_at)
    return job.with_bookkeeping(execution=job.execution.with_(seq=seq), wait=wait, shown=shown)


def fact_of_entry(job: Job, flow: Flow, seq: int) -> Fact:
    """The fact that the job came to the status of ledger entry `seq`."""
    if seq == 0:
        return JobCreated(
            tenant=job.tenant,
            job_id=job.job_id,
            flow=job.flow,
            recorded_at=job.created_at,
            event_id=job.event_id,
            actor=job.created_by,
            status=job.status_at(0),
            rev=1,
        )
    entry = job.ledger[seq - 1]
    return JobMoved(
        tenant=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        recorded_at=entry.recorded_at,
        event_id=entry.event_id,
        actor=entry.actor,
        seq=seq,
        rev=entry.rev,
        move=entry.move,
        origin=entry.origin,
        to=entry.to,
        terminal=flow.status(entry.to).terminal,
        occurred_at=entry.occurred_at,
    )


class SettleSettings(HasJobs, HasViews, Announces):
    """What is needed to settle a status."""


def settle_job_of(settings: SettleSettings) -> SettleJob:
    s3 = one_attempt("s3")
    return SettleJob(
        S3Jobs(s3, settings.jobs_bucket),
        public_views(s3, settings),
        EventBridgeBus(client("events"), settings.bus_name),
        LogMetrics(),
    )


@once
def wire() -> SettleJob:
    return settle_job_of(read_settings(SettleSettings))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    request = SettleRequest.model_validate(event)
    settled = wire()(request)
    log.info("settled", tenant=request.tenant, job=request.job_id, seq=settled.seq)
    return settled.model_dump(mode="json", exclude_none=True)
