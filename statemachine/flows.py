"""A flow: the statuses a job goes through and the moves between them.

`flows/*.json` is the one definition. Lifecycle rules, Step Functions definitions, the labels and
colours of pages, texts and time limits are all read or generated from it.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from statemachine.values import ActorKind, Frozen, Name, Text

FOLDER = Path(__file__).parent / "flows"
DEFAULT_FLOW = "haul"

Requirement = Literal["reason", "driver", "proof"]
"""What a move needs before it is taken: a reason in words, a driver on the job, proof of service
(a photo before, one after, and the load size)."""


class UnknownFlow(Exception):
    """No flow of that name ships with this version; `haul flow check` lists the flows."""


class UnknownStatus(UnknownFlow):
    """This version's flow has no such status: a later one had it, and was rolled back."""


class Status(Frozen):
    """One place in a job's life."""

    name: Name
    label: Text
    """For the people who work here: a board column, a line in the terminal."""
    customer: Text
    """For the customer: one sentence that says what happens now."""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    icon: Literal["clock", "check", "truck", "road", "scale", "flag", "cross", "pause"]
    poll_s: Annotated[int, Field(ge=2, le=300)]
    """How long a tracking reader waits between two looks, in seconds."""
    limit_minutes: Annotated[int, Field(ge=1, le=527_040)] | None = None
    """After this long in the status the job is overdue; None only where the job has ended."""
    late_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    """Where the job has an arrival window it is overdue this long after its end instead, or this
    long after it came to the status where that is later: a job booked for next week is not late
    tomorrow, and one that should have begun at ten not only at night."""
    end: Literal["done", "cancelled"] | None = None
    """How a job that comes here has ended; None while it is open."""
    under_way: bool = False
    """The crew is on its way or at work: only now may its place be shared with the customer."""
    sms: Text | None = None
    """The text sent on arrival; fields in braces, see docs/messages.md."""
    yes: Name | None = None
    """The move that a customer makes who answers YES or READY to that text."""

    @property
    def terminal(self) -> bool:
        return self.end is not None

    @model_validator(mode="after")
    def _limit_unless_ended(self) -> "Status":
        if self.terminal == (self.limit_minutes is not None):
            raise ValueError("a status needs either limit_minutes or end, not both")
        if self.terminal and self.late_minutes is not None:
            raise ValueError("a status with an end has no late_minutes: its job cannot be overdue")
        return self


class Move(Frozen):
    """One way from a status to another, with who may take it and what it requires."""

    name: Name
    label: Text
    origins: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    to: Name
    by: Annotated[tuple[ActorKind, ...], Field(min_length=1)]
    requires: tuple[Requirement, ...] = ()

    model_config = ConfigDict(populate_by_name=True)


class Flow(Frozen):
    """Statuses in the order of a job's life; the first is where every job starts."""

    name: Name
    label: Text
    version: Annotated[int, Field(ge=1)]
    early_minutes: Annotated[int, Field(ge=1, le=1440)]
    """How long a move that came before its turn is kept, waiting for the moves before it."""
    statuses: Annotated[tuple[Status, ...], Field(min_length=2)]
    moves: Annotated[tuple[Move, ...], Field(min_length=1)]

    @property
    def initial(self) -> Status:
        return self.statuses[0]

    def status(self, name: str) -> Status:
        """Raises UnknownStatus."""
        for status in self.statuses:
            if status.name == name:
                return status
        raise UnknownStatus(f"flow {self.name!r} has no status {name!r} in this version")

    def is_under_way(self, name: str) -> bool:
        """Not in a status that this version does not have."""
        return any(status.under_way for status in self.statuses if status.name == name)

    def position(self, name: str) -> int:
        return [status.name for status in self.statuses].index(name)

    def moves_from(self, status: str) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if status in move.origins)

    def named(self, move: str | None, to: str | None) -> tuple[Move, ...]:
        """The moves a request can mean: by its name, or by the status it leads to."""
        return tuple(m for m in self.moves if (m.name == move if move else m.to == to))

    def ahead(self, status: str) -> frozenset[str]:
        """Statuses that a job in `status` has still before it on its way forward.

        Only moves that lead further down the list count, and none that ends the job aside from
        its way (cancelling): what lies behind a job is not "still to come", even where a flow
        has a way back.
        """
        here = self.position(status)
        steps = {m.to for m in self.moves_from(status) if self._is_forward(m, here)}
        return frozenset(steps.union(*(self.ahead(step) for step in steps)))

    def _is_forward(self, move: Move, here: int) -> bool:
        return self.position(move.to) > here and self.status(move.to).end != "cancelled"


@cache
def flow_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def load_flow(name: str) -> Flow:
    """The flow of that name. Raises UnknownFlow, or ValueError where its file is malformed."""
    if name not in flow_names():
        raise UnknownFlow(f"no flow {name!r}; there are {', '.join(flow_names())}")
    return Flow.model_validate_json((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
