"""The documents for ops: how the whole is doing, one job's story, dead letters."""

from typing import Annotated, Literal

from pydantic import Field

from events import StuckReason
from statemachine.evidence import TimelineEvent
from statemachine.job import Repair
from statemachine.values import Frozen, JobId, Name, Utc


class StatusCount(Frozen):
    """The jobs in one status. `oldest_at` is when the one that has been there longest came."""

    flow: Name
    status: Name
    jobs: int
    overdue: int
    oldest_at: Utc | None = None


class ExecutionCount(Frozen):
    """Executions by state, as Step Functions counts them; `more` where there are still more.

    Of those that ended badly only the ones that no other execution of their job has followed.
    """

    state: Literal["running", "succeeded", "failed", "timed_out", "aborted"]
    executions: int
    more: bool = False
    jobs: tuple[JobId, ...] = ()
    """Of those that ended badly, whose they were: each job's story says why."""


class ProblemJob(Frozen):
    """A job that is overdue, or that the watchdog cannot help."""

    job_id: JobId
    flow: Name | None = None
    status: Name | None = None
    since: Utc
    why: Literal["overdue"] | StuckReason
    detail: str | None = None
    """What exactly, where it is stuck: the kind of the error and its place."""


class QueueState(Frozen):
    """A queue and its dead letters, by the function that reads it."""

    queue: Name
    waiting: int
    in_flight: int
    dead: int


class TimeInStatus(Frozen):
    """How long jobs stayed in a status, of those that have lately left it."""

    flow: Name
    status: Name
    jobs: int
    median_minutes: float
    longest_minutes: float
    limit_minutes: int | None = None
    """None where it is the arrival window that counts, which is another for each job."""


class VisibilityDelay(Frozen):
    """One move: how long it took from its commit until its view was public."""

    at: Utc
    ms: int


class InvalidationUsageDocument(Frozen):
    """Paths that CloudFront was told to forget in this month (UTC), and how many it may be."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    paths: int
    budget: int


class OpsDocument(Frozen):
    """A part that could not be read is null; of troubled jobs and queues there are those that
    could. `incomplete` says what is missing."""

    statuses: tuple[StatusCount, ...] | None = None
    executions: tuple[ExecutionCount, ...] | None = None
    troubled: tuple[ProblemJob, ...]
    queues: tuple[QueueState, ...]
    time_in_status: tuple[TimeInStatus, ...] | None = None
    visible: tuple[VisibilityDelay, ...] | None = None
    """Oldest first, the latest 100 moves."""
    snapshot_at: Utc | None = None
    """When `jobs.json` was written last."""
    snapshot_jobs: int | None = None
    invalidations: InvalidationUsageDocument | None = None
    incomplete: tuple[str, ...] = ()
    """Sources that did not answer: the source, a colon, and how it went."""
    as_of: Utc


class TimelineDocument(Frozen):
    """Everything that happened to a job, oldest first, and what is wrong with it now."""

    job_id: JobId
    flow: Name | None = None
    """Null, with `status`, where no version of the job can be read: only `wrong` tells of it."""
    status: Name | None = None
    rev: int
    lines: tuple[TimelineEvent, ...]
    wrong: tuple[str, ...] = ()
    """What a person should know, one sentence each; empty where all is well."""
    incomplete: tuple[str, ...] = ()
    """Sources that did not answer or hold only the latest part."""


class RepairDocument(Frozen):
    """What was done for the job; nothing where nothing was wrong."""

    job_id: JobId
    repairs: tuple[Repair, ...]


class OpenJobsDocument(Frozen):
    """Every job that is open, or ended a moment ago: those that `repair` can be needed for."""

    job_ids: tuple[JobId, ...]
    as_of: Utc


class DeadLetter(Frozen):
    """A message that was given up. Its content stays in the queue: here is what it is about."""

    message_id: str
    queue: Name
    sent_at: Utc
    event: str | None = None
    """The event's name, where the message is one."""
    job_id: str | None = None
    event_id: str | None = None
    reason: str | None = None
    detail: str | None = None


class DeadLettersDocument(Frozen):
    letters: tuple[DeadLetter, ...]
    as_of: Utc


class DeadLettersBody(Frozen):
    """Which letters of a queue; null is all that are there now, and has to be said."""

    message_ids: Annotated[tuple[str, ...], Field(max_length=100)] | None


class DeadLettersResult(Frozen):
    """How many were sent again, or thrown away.

    `left` are those that could not be found, or, of all, those past the hundred of one go.
    """

    done: int
    left: int
