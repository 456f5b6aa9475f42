"""What is known about a job, and the events of its timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from statemachine.job.deliveries import Delivery
from statemachine.job.job import Job
from statemachine.values.values import Actor, Frozen, Utc
from statemachine.views.views import View

TimelineKind = Literal[
    "booked",
    "moved",
    "refused",
    "kept",
    "edited",
    "execution",
    "waiting",
    "settled",
    "view",
    "board",
    "invalidation",
    "message",
    "repair",
    "now",
]

T = TypeVar("T")


class TimelineEvent(Frozen):
    """An event of a job's timeline. `ok` is false if something was refused, failed, or got lost."""

    at: Utc
    what: TimelineKind
    text: str
    actor: Actor | None = None
    rev: int | None = None
    seq: int | None = None
    ok: bool = True


@dataclass(frozen=True)
class ObjectVersion(Generic[T]):
    """What an object held from `at` on. S3 gives the time of a version to the second."""

    at: datetime
    value: T


RunState = Literal["running", "succeeded", "failed", "timed_out", "aborted"]


class ExecutionRun(Frozen):
    """One Step Functions execution of the job."""

    generation: int
    state: RunState
    started_at: Utc
    stopped_at: Utc | None = None
    error: str | None = None


@dataclass(frozen=True)
class JobEvidence:
    """All that is known about a job. None means that a source was not read."""

    job: Job
    versions: tuple[ObjectVersion[Job], ...] | None = None
    """Oldest first. Possibly only the latest ones."""
    views: tuple[ObjectVersion[View], ...] | None = None
    cards: tuple[ObjectVersion[int], ...] | None = None
    """When the board first had a card with each rev, as far as that is known."""
    on_board: int | None = None
    """The rev of its card on the board now; 0 if it has none."""
    invalidations: tuple[datetime, ...] | None = None
    deliveries: tuple[Delivery, ...] | None = None
    runs: tuple[ExecutionRun, ...] | None = None
    missing: tuple[str, ...] | None = None
    """Messages that should exist and do not, as `sms 1 to customer`."""


LOST = frozenset({"unknown", "refused", "failed", "gone"})
"""The states of a message that did not arrive, or of which no one knows whether it did."""
