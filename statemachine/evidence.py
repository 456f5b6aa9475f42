"""What is known of a job, and the lines it is told in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from statemachine.deliveries import Delivery
from statemachine.job import Job
from statemachine.values import Actor, Frozen, Utc
from statemachine.views import View

Chapter = Literal[
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
    """One line of a job's story. `ok` is false where something was refused, failed or got lost."""

    at: Utc
    what: Chapter
    text: str
    actor: Actor | None = None
    rev: int | None = None
    seq: int | None = None
    ok: bool = True


@dataclass(frozen=True)
class ObjectVersion(Generic[T]):
    """What an object held from `at` on. S3 tells the time of a version to the second."""

    at: datetime
    value: T


RunState = Literal["running", "succeeded", "failed", "timed_out", "aborted"]


class ExecutionRun(Frozen):
    """One execution of the job, by its generation."""

    generation: int
    state: RunState
    started_at: Utc
    stopped_at: Utc | None = None
    error: str | None = None


@dataclass(frozen=True)
class JobEvidence:
    """All that is known of a job. None where a source was not read: then nothing is said of it."""

    job: Job
    versions: tuple[ObjectVersion[Job], ...] | None = None
    """Oldest first; perhaps only the latest."""
    views: tuple[ObjectVersion[View], ...] | None = None
    cards: tuple[ObjectVersion[int], ...] | None = None
    """When the board first had a card of that `rev`; of changes whose first board is known."""
    on_board: int | None = None
    """The `rev` of its card as the board is now; 0 where it has none."""
    invalidations: tuple[datetime, ...] | None = None
    deliveries: tuple[Delivery, ...] | None = None
    runs: tuple[ExecutionRun, ...] | None = None
    missing: tuple[str, ...] | None = None
    """Messages that ought to exist and do not, as `sms 1 to customer`."""


LOST = frozenset({"unknown", "refused", "failed", "gone"})
"""A message in one of these did not get there, or no one knows."""
