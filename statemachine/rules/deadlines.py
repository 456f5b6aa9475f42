"""When a job becomes overdue in its status.

its clock begins        when it enters the status, and again with each change of its
                        arrival window, unless a crew is at work or has taken the load
overdue                 `late_minutes` after the window, where the status goes by it;
                        otherwise `limit_minutes` after the clock began
"""

from datetime import datetime, timedelta

from statemachine.flows import Flow, load_flow
from statemachine.job.job import Job
from statemachine.rules.reschedule import may_reschedule
from statemachine.values.safe_time import shifted


def due_at(job: Job) -> datetime | None:
    """When the job becomes overdue: by its arrival window if the status says so, else by its limit.

    None if the job has ended, or is in a status that this release does not have.
    """
    flow = load_flow(job.flow)
    known = {status.name: status for status in flow.statuses}
    status = known.get(job.status)
    if status is None or status.limit_minutes is None:
        return None
    begun, window_end = _clock_begun(job, flow), job.schedule.window_end
    if status.late_minutes is None or window_end is None:
        return shifted(begun, timedelta(minutes=status.limit_minutes))
    return shifted(max(begun, window_end), timedelta(minutes=status.late_minutes))


def _clock_begun(job: Job, flow: Flow) -> datetime:
    """With another window everyone has the whole time again: a customer to confirm it, the office
    to accept it. How long a crew is at work has nothing to do with the window."""
    if not may_reschedule(job, flow):
        return job.entered_at
    return max([job.entered_at, *(edit.recorded_at for edit in job.edits if edit.window)])


def is_late_unreported(job: Job, now: datetime) -> bool:
    """Whether the job is overdue and its waiting execution must be resumed to announce it.

    The execution cannot know the time, because the window may change while it waits. It is resumed
    once for each due time, and again after each time limit of the status, when it renews its wait.
    """
    wait, due = job.wait, due_at(job)
    if due is None or due > now or wait is None or wait.seq != job.seq:
        return False
    return wait.handles_late and not (wait.reported_late and wait.epoch.entered_at >= due)
