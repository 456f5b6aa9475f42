"""A flow: the statuses of a job and the moves between them.

`flows/*.json` is the only definition. Lifecycle rules, Step Functions definitions, labels and
colours on pages, text messages, and time limits are read or generated from it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from statemachine.values.values import ActorKind, Frozen, Name, Text

FOLDER = Path(__file__).parent / "flows"
DEFAULT_FLOW = "haul"

Requirement = Literal["reason", "driver", "proof", "window"]
"""What a move requires: a reason in words, a driver on the job, proof of service (a photo before,
one after, and the load size), or, if it is the customer's, an arrival window from the business."""


Clearing = Literal["schedule"]
"""Window and ETA: without them the job is on no one's day, and reserves nothing."""

UNDO = "undo"
"""The move that takes back the last one. It is in no flow, because it follows from the ledger."""
FAILED_ATTEMPT = "no_access"
"""The move of a crew that was there and could not do the job, in every flow."""


class UnknownFlow(Exception):
    """This release has no flow of that name; `haul flow check` lists the flows."""


class UnknownStatus(UnknownFlow):
    """The flow of this release has no such status: a later release had it and was rolled back."""


class Requested(Frozen):
    """What a status says of a request: a job to which the business has given no window yet."""

    label: Text
    customer: Text
    sms: Text


class Status(Frozen):
    """Where a job stands in its flow."""

    name: Name
    label: Text
    """For the people who work here: a column of the board, a line in the terminal."""
    customer: Text
    """For the customer: what is happening now."""
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    icon: Literal["clock", "check", "truck", "road", "scale", "flag", "cross", "pause"]
    poll_s: Annotated[int, Field(ge=2, le=300)]
    """How many seconds a tracking page waits between two requests."""
    limit_minutes: Annotated[int, Field(ge=1, le=527_040)] | None = None
    """After this long in the status, or since its arrival window was changed there while no crew
    was at work, the job is overdue. None only in statuses with an `end`."""
    late_minutes: Annotated[int, Field(ge=1, le=10_080)] | None = None
    """If set, a job with an arrival window is overdue this long after the window ends instead, or
    this long after the limit began, whichever is later. A job booked for next week is then not
    overdue tomorrow, and one due at ten in the morning is not overdue only at night."""
    end: Literal["done", "cancelled"] | None = None
    """How a job that comes here has ended; None while it is open."""
    aside: Literal["hold", "failed"] | None = None
    """Off the way from booking to completion: on hold without a date, or after an attempt that
    failed. The customer's page shows it only while the job is in it."""
    under_way: bool = False
    """The crew is on its way or at work. Only then may the customer see the crew location."""
    sms: Text | None = None
    """The SMS sent when a job comes here by a move that has none of its own; docs/messages.md lists
    the fields in braces."""
    yes: Name | None = None
    """The move that a customer makes by answering YES or READY to that SMS."""
    requested: Requested | None = None
    """What it says in the place of `label`, `customer`, and `sms` while the job is a request."""

    @property
    def terminal(self) -> bool:
        return self.end is not None

    @property
    def awaits_arrival(self) -> bool:
        """Whether the customer waits for the crew, within the arrival window."""
        return self.late_minutes is not None and self.aside is None

    @model_validator(mode="after")
    def _limit_unless_ended(self) -> "Status":
        if self.terminal == (self.limit_minutes is not None):
            raise ValueError("a status needs either limit_minutes or end, not both")
        if self.terminal and self.late_minutes is not None:
            raise ValueError("a status with an end has no late_minutes: its job cannot be overdue")
        return self


class Move(Frozen):
    """A step from one status to another: who may make it and what it requires."""

    name: Name
    label: Text
    origins: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    to: Name
    by: Annotated[tuple[ActorKind, ...], Field(min_length=1)]
    requires: tuple[Requirement, ...] = ()
    clears: tuple[Clearing, ...] = ()
    """What the move takes off the job; its ledger entry keeps it."""
    sms: Text | Literal["none", "status"] | None = None
    """The SMS after this move, "none", or "status" for that of the status it leads to. If left out,
    a move forward sends that of its status, and a move back sends none, because what the customer
    was told before does not become news again; but it does after they were told of the end."""
    customer: Text | None = None
    """What its button says to the customer; None: the label."""

    model_config = ConfigDict(populate_by_name=True)


class Flow(Frozen):
    """The statuses in the order in which a job passes them; every job begins in the first."""

    name: Name
    label: Text
    version: Annotated[int, Field(ge=1)]
    early_minutes: Annotated[int, Field(ge=1, le=1440)]
    """How long an early move is kept, waiting for the moves before it."""
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
        raise UnknownStatus(f"flow {self.name!r} has no status {name!r} in this release")

    def is_under_way(self, name: str) -> bool:
        """Whether the crew is under way in that status; false for a status that the flow lacks."""
        return any(status.under_way for status in self.statuses if status.name == name)

    def position(self, name: str) -> int:
        return [status.name for status in self.statuses].index(name)

    def moves_from(self, status: str) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if status in move.origins)

    @property
    def texts(self) -> Iterator[tuple[tuple[str | int, ...], Text]]:
        """Every SMS of the flow, with its path in the file."""
        for number, status in enumerate(self.statuses):
            if status.sms:
                yield ("statuses", number, "sms"), status.sms
            if status.requested:
                yield ("statuses", number, "requested", "sms"), status.requested.sms
        for number, move in enumerate(self.moves):
            if isinstance(move.sms, Text):
                yield ("moves", number, "sms"), move.sms

    def next_statuses(self, status: str) -> tuple[str, ...]:
        """Where a job in `status` can be next: by a move from it, or by the undo of one to it."""
        ways = {move.to for move in self.moves_from(status)}
        ways |= {origin for move in self.moves if move.to == status for origin in move.origins}
        return tuple(sorted(ways, key=self.position))

    def sms_of(self, move: str, origin: str, to: str) -> Text | None:
        """The SMS after that move. A move that this release no longer has is one that says nothing.

        Raises UnknownStatus.
        """
        known = next((m for m in self.moves_from(origin) if (m.name, m.to) == (move, to)), None)
        if known and isinstance(known.sms, Text):
            return known.sms
        if known and known.sms:
            return self.status(to).sms if known.sms == "status" else None
        cancelled = self.status(origin).end == "cancelled"
        news = move != UNDO and (cancelled or self.position(to) > self.position(origin))
        return self.status(to).sms if news else None

    def named(self, move: str | None, to: str | None) -> tuple[Move, ...]:
        """The moves a request can mean, by the name of the move or by the status it leads to."""
        return tuple(m for m in self.moves if (m.name == move if move else m.to == to))

    def ahead(self, status: str) -> frozenset[str]:
        """The statuses that a job in `status` can still reach by moving forward.

        Only moves to a later status in the list count, and none that cancels or leads aside: a
        status that a job has passed is not ahead, even if a move leads back to it. From a status
        aside every way back is a way ahead.
        """
        here = -1 if self.status(status).aside else self.position(status)
        steps = {m.to for m in self.moves_from(status) if self._is_forward(m, here)}
        return frozenset(steps.union(*(self.ahead(step) for step in steps)))

    def _is_forward(self, move: Move, here: int) -> bool:
        to = self.status(move.to)
        return self.position(move.to) > here and to.end != "cancelled" and to.aside is None


@cache
def flow_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def load_flow(name: str) -> Flow:
    """The flow of that name. Raises UnknownFlow, or ValueError if its file is malformed."""
    if name not in flow_names():
        raise UnknownFlow(f"no flow {name!r}; there are {', '.join(flow_names())}")
    return Flow.model_validate_json((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
