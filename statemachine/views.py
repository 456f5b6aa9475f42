"""What others see of a job: the customer's view and the dispatcher's card. Both are allow-lists.

View and card carry the job's `visible_rev` as `rev` and are merged by the highest: writing them
twice, late or in any order does no harm.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from statemachine.deadlines import due_at
from statemachine.flows import Flow, Status
from statemachine.job import CrewRole, Job, LoadSize, PhotoKind, PriceCents, Schedule
from statemachine.values import Frozen, JobId, Name, Text, Utc

PHONE_END = 4
LOAD_ON_CARD = 160
"""How much of what is to be hauled a card tells, in characters."""
SHOWN_AFTER_END = timedelta(hours=48)
"""How long a job that has ended stays on the board."""


class ViewStep(Frozen):
    """One status on the customer's timeline; `at` is when the job came there, if it did.

    That is when it was done, which may be long before we heard of it.
    """

    status: Name
    label: Text
    customer: Text
    colour: str
    icon: str
    at: Utc | None = None


class CustomerChoice(Frozen):
    """A move the customer may make alone."""

    move: Name
    label: Text
    needs_reason: bool = False


class PhotoShown(Frozen):
    """A photo as the customer sees it; `path` is where the edge has it."""

    kind: PhotoKind
    path: str


class View(Frozen):
    """`t/{digest}.json`: all that the holder of a tracking link ever sees of the job."""

    rev: Annotated[int, Field(ge=1)]
    job_id: JobId
    flow: Name
    status: Name
    terminal: bool
    poll_s: int
    updated_at: Utc
    steps: tuple[ViewStep, ...]
    choices: tuple[CustomerChoice, ...] = ()
    schedule: Schedule = Schedule()
    driver: str | None = None
    """The driver's first name."""
    under_way: bool = False
    """Now the crew's place may be asked for, at `/api/track/{digest}/location`."""
    photos: tuple[PhotoShown, ...] = ()
    """Proof of service, once the job is completed."""
    load_size: LoadSize | None = None


class CrewOnCard(Frozen):
    role: CrewRole
    first_name: str
    member: Name | None = None
    """None on a card that an earlier version wrote."""


class Card(Frozen):
    """One job on the board: private, yet without token and task token."""

    rev: Annotated[int, Field(ge=1)]
    job_id: JobId
    flow: Name
    status: Name
    terminal: bool
    customer: str
    address: str
    phone_end: str | None = None
    """The last four digits: enough to find a caller by, and no number to call."""
    load: str | None = None
    """What is to be hauled: the beginning of the note that came with the booking."""
    price_cents: PriceCents | None = None
    schedule: Schedule = Schedule()
    crew: tuple[CrewOnCard, ...] = ()
    truck: Name | None = None
    notes: int = 0
    """How many notes the job has."""
    texts_stopped: bool = False
    """The customer gets no texts: call instead."""
    entered_at: Utc
    due_at: Utc | None = None
    """When the job becomes overdue in its status; None once it has ended."""
    created_at: Utc

    def overdue_by(self, now: datetime) -> timedelta | None:
        """How long the job has been overdue; None if it is not."""
        return now - self.due_at if self.due_at and self.due_at < now else None


class Board(Frozen):
    """`jobs.json`: active jobs and those that ended a short while ago.

    Its bytes are a function of the job objects alone, so that a rebuild gives the same bytes. It
    needs no version of its own: a card is never replaced by one of a lower `rev`, so no state of
    the board comes twice.
    """

    jobs: dict[JobId, Card] = Field(default_factory=dict)

    def merged(self, cards: Iterable[Card]) -> "Board":
        """The board with `cards`, each unless a card of the same or a higher `rev` is there."""
        jobs = dict(self.jobs)
        for card in cards:
            known = jobs.get(card.job_id)
            if known is None or known.rev < card.rev:
                jobs[card.job_id] = card
        return Board(jobs=jobs)

    def at(self, now: datetime) -> "Board":
        """The board without the jobs that ended too long ago to be of interest."""
        fresh = {
            job_id: card
            for job_id, card in self.jobs.items()
            if not card.terminal or card.entered_at > now - SHOWN_AFTER_END
        }
        return Board(jobs=fresh)

    def to_bytes(self) -> bytes:
        """Canonical: jobs in the order of their ids, so that equal boards are equal bytes."""
        ordered = Board(jobs=dict(sorted(self.jobs.items())))
        return ordered.model_dump_json(exclude_none=True).encode()


def view_of(job: Job, flow: Flow) -> View:
    status = flow.status(job.status)
    return View(
        rev=job.visible_rev,
        job_id=job.job_id,
        flow=job.flow,
        status=job.status,
        terminal=status.terminal,
        poll_s=status.poll_s,
        updated_at=job.entered_at,
        steps=tuple(_steps(job, flow)),
        choices=tuple(_choices(job, flow)),
        schedule=job.schedule,
        driver=next((c.first_name for c in job.crew if c.role == "driver"), None),
        under_way=status.under_way,
        photos=tuple(_photos(job)) if _completed(status) else (),
        load_size=job.load_size if _completed(status) else None,
    )


def photo_path(photo_id: str) -> str:
    """Where the edge has a photo."""
    return f"/t/p/{photo_id}.jpg"


def _photos(job: Job) -> Iterable[PhotoShown]:
    return (PhotoShown(kind=photo.kind, path=photo_path(photo.photo_id)) for photo in job.photos)


def _completed(status: Status) -> bool:
    """Ended by being done, not by being cancelled."""
    return status.terminal and status.name != "cancelled"


def card_of(job: Job, flow: Flow) -> Card:
    status = flow.status(job.status)
    return Card(
        rev=job.visible_rev,
        job_id=job.job_id,
        flow=job.flow,
        status=job.status,
        terminal=status.terminal,
        customer=job.customer.name,
        address=job.place.address,
        phone_end=job.customer.phone[-PHONE_END:] if job.customer.phone else None,
        load=_load(job),
        price_cents=job.price_cents,
        schedule=job.schedule,
        crew=tuple(
            CrewOnCard(role=c.role, first_name=c.first_name, member=c.member) for c in job.crew
        ),
        truck=job.truck,
        notes=len(job.notes),
        texts_stopped=job.texts_stopped,
        entered_at=job.entered_at,
        due_at=due_at(job),
        created_at=job.created_at,
    )


def _load(job: Job) -> str | None:
    """A note that came with the booking bears its `event_id`; later ones are about other things."""
    booked = (note.text for note in job.notes if note.event_id == job.event_id)
    text = next(booked, None)
    return text[:LOAD_ON_CARD] if text else None


def _steps(job: Job, flow: Flow) -> Iterable[ViewStep]:
    """The customer's timeline: the way of the flow; of the side ends only the one taken."""
    reached = dict(_reached(job))
    for status in flow.statuses:
        if status.name == "cancelled" and job.status != "cancelled":
            continue
        at = job.created_at if status is flow.initial else reached.get(status.name)
        passed = flow.position(status.name) <= flow.position(job.status)
        yield ViewStep(
            status=status.name,
            label=status.label,
            customer=status.customer,
            colour=status.colour,
            icon=status.icon,
            at=at if passed else None,
        )


def _reached(job: Job) -> Iterator[tuple[str, datetime]]:
    """When the job came to each status: when it was done, and not when we heard of it.

    A phone without signal tells us later, with a clock of its own: no step comes before the one
    before it, and none after we heard of it.
    """
    at = job.created_at
    for entry in job.ledger:
        at = max(at, min(entry.occurred_at, entry.recorded_at))
        yield entry.to, at


def _choices(job: Job, flow: Flow) -> Iterable[CustomerChoice]:
    for move in flow.moves_from(job.status):
        if "customer" in move.by:
            yield CustomerChoice(
                move=move.name, label=move.label, needs_reason="reason" in move.requires
            )
