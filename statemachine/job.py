"""The job: the one truth about a piece of work. Everything else is derived from it."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field

from statemachine.values import (
    PHONE_PATTERN,
    Actor,
    EventId,
    Frozen,
    JobId,
    Language,
    Name,
    Tenant,
    Utc,
)

Short = Annotated[str, Field(min_length=1, max_length=200)]
Long = Annotated[str, Field(min_length=1, max_length=2000)]
PriceCents = Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
"""A whole number and nothing that could be read as one: `true` is no cent, "600" no amount."""

RefusalReason = Literal[
    "illegal_move",
    "unknown_move",
    "overtaken",
    "not_allowed",
    "reason_missing",
    "driver_missing",
    "proof_missing",
    "from_the_future",
    "kept_too_long",
    "too_many_waiting",
    "event_id_used",
]
"""Why a move was refused, as one word; `lifecycle.EXPLANATIONS` has the sentence for people."""

EditRefusalReason = Literal[
    "overtaken",
    "not_possible",
    "from_the_future",
    "crew_unavailable",
    "crew_taken",
    "event_id_used",
    "schedule_not_possible",
    "notes_full",
]
"""Why an edit was refused, as one word; `edits.EXPLANATIONS` has the sentence for people."""


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Of what a request asked for: tells a copy from another request under the same event id."""


class Record(Frozen):
    """What the job keeps of an event, and by whose id it knows a copy of it."""

    event_id: EventId
    actor: Actor


class LedgerEntry(Record):
    """One move that was committed. `rev` is what the job showed from then on."""

    seq: Annotated[int, Field(ge=1)]
    rev: Annotated[int, Field(ge=1)]
    move: Name
    origin: Annotated[Name, Field(alias="from")]
    to: Name
    occurred_at: Utc
    recorded_at: Utc
    reason: Long | None = None
    note: Long | None = None

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class Refusal(Record):
    """One move that was asked for and not made, kept so that nothing vanishes."""

    move: Name | None = None
    to: Name | None = None
    why: RefusalReason
    status: Name
    occurred_at: Utc
    recorded_at: Utc


class EarlyMove(Record):
    """A move that came before its turn; tried again after every move until `until`."""

    move: Name | None = None
    to: Name | None = None
    expected_rev: int | None = None
    occurred_at: Utc
    reason: Long | None = None
    note: Long | None = None
    until: Utc


class Edit(Record):
    """One change of the job's details: which, by whom and when, without their content."""

    fields: tuple[str, ...]
    recorded_at: Utc
    digest: Digest | None = None
    """Of the changes: the same event id with other ones is no copy of it."""


class RefusedEdit(Record):
    """An edit that was asked for and not made: `fields` were to be changed, at that `rev`."""

    fields: tuple[str, ...]
    digest: Digest | None = None
    why: EditRefusalReason
    text: Annotated[str, Field(max_length=500)]
    """What was said to who asked: who is not there, and when. For those who see the job alone."""
    rev: Annotated[int, Field(ge=1)]
    occurred_at: Utc
    recorded_at: Utc


class Note(Record):
    text: Long
    recorded_at: Utc
    occurred_at: Utc | None = None
    """When it was written, where that was earlier: on a phone without signal."""


class Epoch(Frozen):
    """Which of two registrations is the newer one: generation first, then time, then retry."""

    generation: Annotated[int, Field(ge=0)]
    entered_at: Utc
    retry: Annotated[int, Field(ge=0)]

    def newer_than(self, other: "Epoch") -> bool:
        return self._order() > other._order()

    def _order(self) -> tuple[int, datetime, int]:
        return self.generation, self.entered_at, self.retry


SUPERSEDED, LATE = "superseded", "late"
"""What a waiting execution is told instead of a status to go to: that a newer execution follows
the job and it shall end, or that the job is overdue by its arrival window and it shall say so."""


class TaskWait(Frozen):
    """The execution waits, with this token, for the ledger entry after `seq`."""

    seq: Annotated[int, Field(ge=0)]
    epoch: Epoch
    token: Annotated[str, Field(min_length=1, max_length=2048)]
    handles_late: bool = False
    """Resumed for it, the execution says that the job is overdue; else it only does so by its own
    limit, as those of earlier versions do everywhere."""
    reported_late: bool = False
    """It has just said so, and waits on."""


class Execution(Frozen):
    """The execution that follows this job's ledger.

    `seq` is the last entry it has settled: its view written and its fact announced. `since` is
    when this generation was asked for.
    """

    generation: Annotated[int, Field(ge=0)] = 0
    seq: Annotated[int, Field(ge=-1)] = -1
    since: Utc


class Customer(Frozen):
    name: Short
    phone: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None
    """E.164, as `+15555550123`."""
    language: Language = "en"


class Place(Frozen):
    address: Short
    gate_code: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """For the crew alone."""


class Schedule(Frozen):
    """The arrival window the customer was promised, and when the crew now expects to be there."""

    window_start: Utc | None = None
    window_end: Utc | None = None
    eta: Utc | None = None


CrewRole = Literal["driver", "first_mate", "supervisor"]
CREW_ROLES: frozenset[CrewRole] = frozenset(get_args(CrewRole))


LoadSize = Literal["minimum", "quarter", "half", "three_quarters", "full"]
"""How much of the truck the load took."""

PhotoId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
PhotoKind = Literal["before", "after"]


class Photo(Record):
    """A picture taken as proof of service. `photo_id` is its name in the site bucket.

    The name cannot be guessed, and no one is told it but those who work on the job and, once it
    is completed, its customer.
    """

    photo_id: PhotoId
    kind: PhotoKind
    taken_at: Utc
    recorded_at: Utc


LATEST = 50
"""How many records of what was shown, and of what was repaired, a job keeps."""


class ShownAt(Frozen):
    """When the view of ledger entry `seq` was public."""

    seq: Annotated[int, Field(ge=0)]
    at: Utc


Repair = Literal[
    "resumed",
    "started",
    "replaced",
    "view written",
    "card written",
    "refused late",
    "text given up",
    "webhook sent again",
    "text sent again",
    "fact announced again",
]


class RepairRecord(Frozen):
    """What the watchdog had to do for this job, and when."""

    repairs: Annotated[tuple[Repair, ...], Field(min_length=1)]
    at: Utc


class Assigned(Frozen):
    role: CrewRole
    member: Name
    first_name: Annotated[str, Field(min_length=1, max_length=40)]


class Job(Frozen):
    """A job, as its object in S3 holds it.

    `version` grows with every write, by one or by one for each move that the write commits, so
    no two stored versions are equal byte for byte. `rev` is the `version` of the last change
    that people can see: a move or an edit, not the bookkeeping of executions.
    """

    job_id: JobId
    tenant: Tenant
    flow: Name
    version: Annotated[int, Field(ge=1)]
    rev: Annotated[int, Field(ge=1)]
    seq: Annotated[int, Field(ge=0)] = 0
    status: Name
    entered_at: Utc
    created_at: Utc
    created_by: Actor
    event_id: EventId
    """The request that booked this job."""
    request_digest: Digest | None = None
    """Of what it asked for; None in jobs of earlier versions."""
    ledger: tuple[LedgerEntry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    early: tuple[EarlyMove, ...] = ()
    edits: tuple[Edit, ...] = ()
    refused_edits: tuple[RefusedEdit, ...] = ()
    """The latest only: whoever has edits refused takes no one's room."""
    wait: TaskWait | None = None
    execution: Execution
    customer: Customer
    place: Place
    price_cents: PriceCents | None = None
    schedule: Schedule = Schedule()
    crew: tuple[Assigned, ...] = ()
    truck: Name | None = None
    notes: tuple[Note, ...] = ()
    photos: tuple[Photo, ...] = ()
    load_size: LoadSize | None = None
    shown: tuple[ShownAt, ...] = ()
    """When each status was public; the latest entries only."""
    repaired: tuple[RepairRecord, ...] = ()
    """What the watchdog did; the latest entries only."""
    texts_stopped: bool = False
    """The customer wants no texts. ShownAt here; what counts is what the number has said."""
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]

    def entry_of(self, event_id: str) -> LedgerEntry | None:
        return next((entry for entry in self.ledger if entry.event_id == event_id), None)

    def refusal_of(self, event_id: str) -> Refusal | None:
        return next((refusal for refusal in self.refused if refusal.event_id == event_id), None)

    def refusals_written_with(self, event_id: str) -> tuple[Refusal, ...]:
        """What was refused in the write that took in that event: itself, or kept moves it ended."""
        records: tuple[LedgerEntry | Refusal | Edit, ...] = (
            *self.ledger,
            *self.refused,
            *self.edits,
        )
        written = {record.recorded_at for record in records if record.event_id == event_id}
        return tuple(refusal for refusal in self.refused if refusal.recorded_at in written)

    def knows(self, event_id: str) -> bool:
        """Whether that event was already committed, refused, kept for later, or an edit."""
        moves: tuple[Record, ...] = (*self.ledger, *self.refused, *self.early)
        records = (*moves, *self.edits, *self.refused_edits)
        return any(record.event_id == event_id for record in records)

    def status_at(self, seq: int) -> str:
        """The status the job had after ledger entry `seq` (0: when it was booked)."""
        if seq > 0:
            return self.ledger[seq - 1].to
        return self.ledger[0].origin if self.ledger else self.status

    def entered_at_of(self, seq: int) -> datetime:
        """When the status of `seq` was entered, by the committed record."""
        return self.ledger[seq - 1].recorded_at if seq > 0 else self.created_at

    def with_shown_at(self, seq: int, at: datetime | None) -> tuple[ShownAt, ...]:
        """`shown` with that entry, told once; as it is where no one says when."""
        if at is None or any(shown.seq == seq for shown in self.shown):
            return self.shown
        return (*self.shown, ShownAt(seq=seq, at=at))[-LATEST:]

    def with_repairs(self, repairs: tuple[Repair, ...], at: datetime) -> tuple[RepairRecord, ...]:
        """`repaired` with what was done at that moment; a second attempt to say so adds nothing."""
        done = RepairRecord(repairs=repairs, at=at)
        return self.repaired if done in self.repaired else (*self.repaired, done)[-LATEST:]

    def replaced_since(self, moment: datetime) -> int:
        """How many successors its execution was given since then."""
        return sum("replaced" in done.repairs and done.at > moment for done in self.repaired)

    def with_change(self, **changes: object) -> "Job":
        """The next version of the job, with `changes` that people can see."""
        version = self.version + 1
        return self._next(version=version, rev=version, **changes)

    def with_bookkeeping(self, **changes: object) -> "Job":
        """The next version of the job, with `changes` that only the machinery cares for."""
        return self._next(version=self.version + 1, **changes)

    def restored(self, above: int, **changes: object) -> "Job":
        """This version brought back over a later one, whose `rev` was `above` or lower."""
        version = max(self.version, above) + 1
        return self._next(version=version, rev=version, **changes)

    def _next(self, **changes: object) -> "Job":
        return Job.model_validate({**self.__dict__, **changes})
