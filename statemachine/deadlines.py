"""When a job becomes overdue in its status."""

from datetime import datetime, timedelta

from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.safe_time import shifted


def due_at(job: Job) -> datetime | None:
    """By its arrival window where the status goes by it, else by the status's limit.

    None once the job has ended, and in a status that this version does not have.
    """
    known = {status.name: status for status in load_flow(job.flow).statuses}
    status = known.get(job.status)
    if status is None or status.limit_minutes is None:
        return None
    window_end = job.schedule.window_end
    if status.late_minutes is None or window_end is None:
        return shifted(job.entered_at, timedelta(minutes=status.limit_minutes))
    return shifted(max(job.entered_at, window_end), timedelta(minutes=status.late_minutes))


def is_late_unreported(job: Job, now: datetime) -> bool:
    """Whether the job is overdue and its execution, which waits rightly, has to be told so.

    Where a status goes by the arrival window, the execution cannot know when that is: windows are
    changed while it waits. It is told once for each time the job was due, and again after each
    limit of the status, when it makes its wait again.
    """
    wait, due = job.wait, due_at(job)
    if due is None or due > now or wait is None or wait.seq != job.seq:
        return False
    return wait.handles_late and not (wait.reported_late and wait.epoch.entered_at >= due)
