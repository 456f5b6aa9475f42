"""The documents for ops: the overview, a job's timeline, and dead-letter queues."""

from typing import Annotated, Literal

from pydantic import Field

from events import StuckReason
from statemachine.job.records import Repair
from statemachine.values.values import Frozen, JobId, Name, Utc
from statemachine.views.evidence import TimelineEvent


class StatusCount(Frozen):
    """The jobs in one status. `oldest_at` is when the job that has been there longest came."""

    flow: Name
    status: Name
    jobs: int
    overdue: int
    oldest_at: Utc | None = None


class ExecutionCount(Frozen):
    """Executions by state, as Step Functions counts them; `more` if there are still more.

    Executions that failed, timed out, or were aborted count only if none has replaced them.
    """

    state: Literal["running", "succeeded", "failed", "timed_out", "aborted"]
    executions: int
    more: bool = False
    jobs: tuple[JobId, ...] = ()
    """The jobs of those that failed, timed out, or were aborted: each job's timeline says why."""


class ProblemJob(Frozen):
    """A job that is overdue or stuck."""

    job_id: JobId
    flow: Name | None = None
    status: Name | None = None
    since: Utc
    why: Literal["overdue"] | StuckReason
    detail: str | None = None
    """For a stuck job: the error's class and its place in the code."""


class QueueState(Frozen):
    """A queue, named by the function that reads it, and its dead-letter queue."""

    queue: Name
    waiting: int
    in_flight: int
    dead: int


class TimeInStatus(Frozen):
    """How long jobs stayed in a status, for jobs that have lately left it."""

    flow: Name
    status: Name
    jobs: int
    median_minutes: float
    longest_minutes: float
    limit_minutes: int | None = None
    """None if the limit depends on each job's arrival window."""


class VisibilityDelay(Frozen):
    """How long one move took from its commit until the view showed it."""

    at: Utc
    ms: int


class InvalidationUsageDocument(Frozen):
    """The paths invalidated in this month (UTC), and the monthly budget."""

    month: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    paths: int
    budget: int


class OpsDocument(Frozen):
    """A part that could not be read is null; problem jobs and queues list those that could be
    read. `incomplete` says what is missing."""

    statuses: tuple[StatusCount, ...] | None = None
    executions: tuple[ExecutionCount, ...] | None = None
    problem_jobs: tuple[ProblemJob, ...]
    queues: tuple[QueueState, ...]
    time_in_status: tuple[TimeInStatus, ...] | None = None
    visibility_delays: tuple[VisibilityDelay, ...] | None = None
    """The latest 100 moves, oldest first."""
    board_written_at: Utc | None = None
    """When `jobs.json` was last written."""
    board_jobs: int | None = None
    invalidations: InvalidationUsageDocument | None = None
    incomplete: tuple[str, ...] = ()
    """Sources that did not answer: the source, a colon, and the error."""
    as_of: Utc


class TimelineDocument(Frozen):
    """Everything that happened to a job, oldest first, and what is wrong with it now."""

    job_id: JobId
    flow: Name | None = None
    """Null, like `status`, if no version of the job can be read: then only `diagnosis` has it."""
    status: Name | None = None
    rev: int
    events: tuple[TimelineEvent, ...]
    diagnosis: tuple[str, ...] = ()
    """What is wrong with the job now and what to do, one problem each; empty if nothing is."""
    incomplete: tuple[str, ...] = ()
    """Sources that did not answer, or that have only the latest part."""


class RepairDocument(Frozen):
    """The repairs that were made; empty if nothing was wrong."""

    job_id: JobId
    repairs: tuple[Repair, ...]


class OpenJobsDocument(Frozen):
    """Every job that is open or has just ended: the jobs that may need `repair`."""

    job_ids: tuple[JobId, ...]
    as_of: Utc


class DeadLetter(Frozen):
    """A message in a dead-letter queue: what it is about, without its content."""

    message_id: str
    queue: Name
    sent_at: Utc
    event: str | None = None
    """The event's name, if the message is an event."""
    job_id: str | None = None
    event_id: str | None = None
    reason: str | None = None
    detail: str | None = None


class DeadLettersDocument(Frozen):
    messages: tuple[DeadLetter, ...]
    as_of: Utc


class DeadLettersBody(Frozen):
    """Which messages; null means all that are there now, and must be sent explicitly."""

    message_ids: Annotated[tuple[str, ...], Field(max_length=100)] | None


class DeadLettersResult(Frozen):
    """How many messages were redriven or discarded.

    `remaining` counts those that were not found or, for all messages, those beyond the first
    hundred.
    """

    done: int
    remaining: int
