"""Step 4: a status is settled: the view shows it, then the fact is announced.

The Lambda `register_wait` does this if the job waits for its next move, `settle_job` if it has
ended.

Every status is announced in order, even if two moves were committed at once. Settling twice writes
nothing new and announces the same fact again; consumers recognize it by `(job_id, seq)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.jobs.facts import fact_of_entry
from functions.protocol.clock import utc_now
from functions.protocol.compare_and_swap import Pause, commit, full_jitter
from functions.protocol.metrics import Metrics
from functions.protocol.ports import Bus, Jobs, Stored, Views
from functions.views.write_view import write_view
from statemachine.flows import Flow, load_flow
from statemachine.job.job import Job
from statemachine.values.values import Frozen, JobId, Tenant, Utc


class SettleRequest(Frozen):
    """`seq` is the ledger entry to settle; None asks where a new execution has to start."""

    tenant: Tenant
    job_id: JobId
    seq: int | None = None


class SettledStatus(Frozen):
    """Where the execution stands.

    `shown_at` is when the view of that entry was public; the wait that follows records it.
    """

    seq: int
    status: str
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
        """Raises UnknownJob, Corrupt, Unavailable; the state machine tries again."""
        return self.settled(self.jobs.read(request.tenant, request.job_id), request.seq)

    def settled(self, stored: Stored[Job], seq: int | None) -> SettledStatus:
        """The same of a job that was just read. Raises Corrupt, Unavailable."""
        job = stored.value
        flow, shown_at = load_flow(job.flow), None
        if seq is None:
            return _where_it_stands(job, flow)
        if unsettled := range(job.execution.seq + 1, seq + 1):
            shown_at = self._show(job, flow, seq)
            self.bus.announce([fact_of_entry(job, flow, each) for each in unsettled])
        status = job.status_at(seq)
        if flow.status(status).terminal:
            self._end(stored, seq, shown_at)
        return SettledStatus(seq=seq, status=status, shown_at=shown_at)

    def _show(self, job: Job, flow: Flow, seq: int) -> datetime:
        """Write the view; returns when the view of that entry, or of a later one, was public."""
        write_view(self.views, job, flow, self.clock(), self.pause)
        now = self.clock()
        took_ms = (now - job.entered_at_of(seq)).total_seconds() * 1000
        self.metrics.measure("EventToVisibleMs", took_ms, "Milliseconds", job.tenant)
        return now

    def _end(self, stored: Stored[Job], seq: int, shown_at: datetime | None) -> None:
        """Record an ended status as settled, because no wait follows that would record it.

        The job stays in the index of open jobs until the watchdog has seen that nothing is left to
        repair.
        """
        commit(
            self.jobs,
            stored.value.tenant,
            stored.value.job_id,
            lambda job: (_as_settled(job, seq, shown_at), None),
            self.pause,
            known=stored,
        )


def _where_it_stands(job: Job, flow: Flow) -> SettledStatus:
    """The last status that was settled, or the first one; settling that again does no harm.

    A job that was brought back from an ended status stands in the status to which it was brought:
    the ended one would end this execution too.
    """
    settled = max(job.execution.seq, 0)
    left = (seq for seq in range(settled, job.seq) if flow.status(job.status_at(seq)).terminal)
    seq = max((seq + 1 for seq in left), default=settled)
    return SettledStatus(seq=seq, status=job.status_at(seq))


def _as_settled(job: Job, seq: int, shown_at: datetime | None) -> Job:
    if job.execution.seq >= seq:
        return job
    wait = None if job.seq == seq else job.wait
    shown = job.with_shown_at(seq, shown_at)
    return job.with_bookkeeping(execution=job.execution.with_(seq=seq), wait=wait, shown=shown)
