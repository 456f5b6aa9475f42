"""The job: the only truth about a piece of work. Everything else is derived from it."""

from datetime import date, datetime
from itertools import chain
from typing import Annotated, Literal, get_args

from pydantic import Field

from statemachine.flows import FAILED_ATTEMPT
from statemachine.job.consent import TextsConsent
from statemachine.job.link_values import JobLink
from statemachine.job.prices import Estimate, LoadSize, Payments, PriceCents
from statemachine.job.records import (
    Digest,
    EarlyMove,
    Edit,
    LedgerEntry,
    Note,
    Record,
    Refusal,
    RefusedEdit,
    Repair,
    RepairRecord,
)
from statemachine.job.unsent_text import UnsentText
from statemachine.job.visit import CrewApproach, OptionalText, VisitAnswer
from statemachine.values.values import (
    PHONE_PATTERN,
    Actor,
    EventId,
    Frozen,
    JobId,
    Language,
    Name,
    ShortText,
    Tenant,
    Utc,
)

DurationMinutes = Annotated[int, Field(strict=True, ge=5, le=1440)]
"""How long a job takes crew and truck, with the drive."""
USUAL_DURATION = 60
"""Of a job that was booked before jobs had a duration, and of a business that has set no other."""


class Epoch(Frozen):
    """Orders the waits that executions register: by generation, then entry time, then retry."""

    generation: Annotated[int, Field(ge=0)]
    entered_at: Utc
    retry: Annotated[int, Field(ge=0)]

    def newer_than(self, other: "Epoch") -> bool:
        return self._order() > other._order()

    def _order(self) -> tuple[int, datetime, int]:
        return self.generation, self.entered_at, self.retry


SUPERSEDED, LATE = "superseded", "late"
"""Task outputs that are no status. SUPERSEDED: a newer execution follows the job, so this one ends.
LATE: the job is overdue, so this one announces it."""


class TaskWait(Frozen):
    """The task token of the execution that waits for the ledger entry after `seq`."""

    seq: Annotated[int, Field(ge=0)]
    epoch: Epoch
    token: Annotated[str, Field(min_length=1, max_length=2048)]
    handles_late: bool = False
    """Whether the output LATE makes the execution announce that the job is overdue.

    False for executions of earlier versions: they announce it by their own time limit only.
    """
    reported_late: bool = False
    """Whether the execution announced that just before this wait."""


class Execution(Frozen):
    """The execution that follows this job's ledger.

    `seq` is the last entry it settled, that is, whose view it wrote and whose fact it announced.
    `since` is when this generation was requested.
    """

    generation: Annotated[int, Field(ge=0)] = 0
    seq: Annotated[int, Field(ge=-1)] = -1
    since: Utc


class Customer(Frozen):
    name: ShortText
    phone: Annotated[str, Field(pattern=PHONE_PATTERN)] | None = None
    """E.164, as `+15555550123`."""
    language: Language = "en"


class Place(Frozen):
    address: ShortText
    gate_code: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """Only for the crew."""


class Schedule(Frozen):
    """The arrival window promised to the customer, and when the crew now expects to arrive."""

    window_start: Utc | None = None
    window_end: Utc | None = None
    eta: Utc | None = None

    @property
    def window(self) -> tuple[Utc | None, Utc | None]:
        return self.window_start, self.window_end


CrewRole = Literal["driver", "first_mate", "supervisor"]
CREW_ROLES: frozenset[CrewRole] = frozenset(get_args(CrewRole))


PhotoId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
WorkPhotoKind = Literal["before", "after", "attempt"]  # the last one: of an attempt that failed
PhotoKind = Literal[WorkPhotoKind, "customer"]  # the last one: by the customer, of what to haul


class Photo(Record):
    """A photo: proof of service, or by the customer. `photo_id` is its name in the site bucket.

    The name cannot be guessed. Only people who work on the job get it and, of those taken as proof
    and once the job is completed, its customer.
    """

    photo_id: PhotoId
    kind: PhotoKind
    taken_at: Utc
    recorded_at: Utc


MAX_HISTORY = 50
"""How many entries of `shown`, and of `repaired`, a job keeps: the latest ones."""


class ShownAt(Frozen):
    """When the view of ledger entry `seq` became public."""

    seq: Annotated[int, Field(ge=0)]
    at: Utc


class Assigned(Frozen):
    role: CrewRole
    member: Name
    first_name: Annotated[str, Field(min_length=1, max_length=40)]


class Job(Frozen):
    """A job, as stored in S3.

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
    """The id of the request that booked this job."""
    request_digest: Digest | None = None
    """The digest of that request. If None, every request with its event id counts as a copy."""
    ledger: tuple[LedgerEntry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    early: tuple[EarlyMove, ...] = ()
    edits: tuple[Edit, ...] = ()
    refused_edits: tuple[RefusedEdit, ...] = ()
    """Only the latest, so that a sender of bad edits does not use up the job's room."""
    wait: TaskWait | None = None
    execution: Execution
    customer: Customer
    place: Place
    price_cents: PriceCents | None = None
    """What is owed, whatever was paid."""
    estimate: Estimate | None = None
    """None where the business had no price guide at the booking."""
    payments: Payments = ()
    schedule: Schedule = Schedule()
    preferred_day: date | None = None
    """The day that the customer asked for at the booking, although it was full."""
    duration_minutes: DurationMinutes = USUAL_DURATION
    accepted: bool = True
    """The business has given the arrival window; False: so far, a customer has asked for it."""
    overbooked: bool = False  # a dispatcher took the arrival window although it was full
    crew: tuple[Assigned, ...] = ()
    truck: Name | None = None
    notes: tuple[Note, ...] = ()
    photos: tuple[Photo, ...] = ()
    load_size: LoadSize | None = None
    shown: tuple[ShownAt, ...] = ()
    """When each status became public. Only the latest entries."""
    repaired: tuple[RepairRecord, ...] = ()
    """Only the latest entries."""
    texts_stopped: bool = False
    """The customer wants no texts. For display: the phone's own record decides whether to send."""
    unwanted_texts: tuple[OptionalText, ...] = ()
    """Those that the customer has switched off, for this job."""
    texts_consent: TextsConsent | None = None
    """None for a job from before customers were asked: they had given their number for texts."""
    unsent_text: UnsentText | None = None
    visit_answer: VisitAnswer | None = None
    approach: CrewApproach | None = None
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22}$")]
    link: JobLink = JobLink()

    @property
    def text_phone(self) -> str | None:
        """The number that texts about this job go to; None without one, or without consent."""
        refused = self.texts_consent is not None and not self.texts_consent.agreed
        return None if refused else self.customer.phone

    def entry_of(self, event_id: str) -> LedgerEntry | None:
        return next((entry for entry in self.ledger if entry.event_id == event_id), None)

    def refusal_of(self, event_id: str) -> Refusal | None:
        return next((refusal for refusal in self.refused if refusal.event_id == event_id), None)

    def refusals_written_with(self, event_id: str) -> tuple[Refusal, ...]:
        """The refusals stored in the same write as that event: of itself, or of early moves."""
        records = chain[LedgerEntry | Refusal | Edit](self.ledger, self.refused, self.edits)
        written = {record.recorded_at for record in records if record.event_id == event_id}
        return tuple(refusal for refusal in self.refused if refusal.recorded_at in written)

    def knows(self, event_id: str) -> bool:
        """Whether the job has a record of that event: a move, an early move, an edit, a refusal."""
        moves: tuple[Record, ...] = (*self.ledger, *self.refused, *self.early)
        records = (*moves, *self.edits, *self.refused_edits)
        return any(record.event_id == event_id for record in records)

    def status_at(self, seq: int) -> str:
        """The job's status after ledger entry `seq`, where 0 is the booking."""
        if seq > 0:
            return self.ledger[seq - 1].to
        return self.ledger[0].origin if self.ledger else self.status

    def entered_at_of(self, seq: int) -> datetime:
        """When ledger entry `seq` was recorded, where 0 is the booking."""
        return self.ledger[seq - 1].recorded_at if seq > 0 else self.created_at

    def standing_at(self, seq: int) -> tuple[LedgerEntry, ...]:
        """The ledger up to `seq`, without what was undone by then, and without the undos."""
        ledger = self.ledger[:seq]
        undone = {entry.undoes for entry in ledger}
        return tuple(each for each in ledger if each.undoes is None and each.seq not in undone)

    @property
    def standing(self) -> tuple[LedgerEntry, ...]:
        return self.standing_at(self.seq)

    @property
    def failed_attempts(self) -> int:
        """How often a crew was there and could not do the job."""
        return sum(entry.move == FAILED_ATTEMPT for entry in self.standing)

    def with_shown_at(self, seq: int, at: datetime | None) -> tuple[ShownAt, ...]:
        """`shown` with that entry; unchanged if `at` is None or the entry is there already."""
        if at is None or any(shown.seq == seq for shown in self.shown):
            return self.shown
        return (*self.shown, ShownAt(seq=seq, at=at))[-MAX_HISTORY:]

    def with_repairs(self, repairs: tuple[Repair, ...], at: datetime) -> tuple[RepairRecord, ...]:
        """`repaired` with these repairs; unchanged if the same record is there already."""
        done = RepairRecord(repairs=repairs, at=at)
        return self.repaired if done in self.repaired else (*self.repaired, done)[-MAX_HISTORY:]

    def with_change(self, **changes: object) -> "Job":
        """The next version, with `changes` that people can see."""
        version = self.version + 1
        return self._next(version=version, rev=version, **changes)

    def with_bookkeeping(self, **changes: object) -> "Job":
        """The next version, with `changes` that only functions and executions use."""
        return self._next(version=self.version + 1, **changes)

    def restored(self, above: int, **changes: object) -> "Job":
        """This version with `changes`, numbered above `above` so that it replaces later ones."""
        version = max(self.version, above) + 1
        return self._next(version=version, rev=version, **changes)

    def _next(self, **changes: object) -> "Job":
        return Job.model_validate({**self.__dict__, **changes})
