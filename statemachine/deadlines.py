"""When a job becomes overdue in its status."""

from datetime import datetime, timedelta

from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.safe_time import shifted


def due_at(job: Job) -> datetime | None:
    """When the job becomes overdue: by its arrival window if the status says so, else by its limit.

    None if the job has ended, or is in a status that this release does not have.
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
    """Whether the job is overdue and its waiting execution must be resumed to announce it.

    If a status goes by the arrival window, the execution cannot know the time, because the window
    may change while it waits. It is resumed once for each due time, and again after each time limit
    of the status, when it renews its wait.
    """
    wait, due = job.wait, due_at(job)
    if due is None or due > now or wait is None or wait.seq != job.seq:
        return False
    return wait.handles_late and not (wait.reported_late and wait.epoch.entered_at >= due)
