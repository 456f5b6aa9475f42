"""What others see of a job: the customer's view and the dispatcher's card. Both are allow-lists.

View and card have the job's `rev`, and the highest wins, so they may be written twice, late, and in
any order.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field

from statemachine.flows import Flow, Status
from statemachine.job.job import USUAL_DURATION, CrewRole, Job, PhotoKind, Schedule
from statemachine.job.prices import LoadSize, PriceCents
from statemachine.job.unsent_text import UnsentText
from statemachine.job.visit import ApproachStage, OptionalText
from statemachine.messages.reminders import approach_now, call_after
from statemachine.rules.deadlines import due_at
from statemachine.rules.requirements import is_request, shows_as_request
from statemachine.rules.reschedule import asks_in_any_business, may_reschedule
from statemachine.values.values import Frozen, JobId, Name, Tenant, Text, Utc
from statemachine.views.customer_acts import CustomerAct, customer_act_of

PHONE_END = 4
LOAD_ON_CARD = 160
"""How many characters of the description of the load a card shows."""
SHOWN_AFTER_END = timedelta(hours=48)
"""How long an ended job stays on the board."""


class ViewStep(Frozen):
    """One status on the customer's page; `at` is when the job came to it, if it did.

    `at` is when the move happened, which may be long before it was recorded.
    """

    status: Name
    label: Text
    customer: Text
    colour: str
    icon: str
    at: Utc | None = None


class CustomerChoice(Frozen):
    """A move that the customer may make."""

    move: Name
    label: Text
    needs_reason: bool = False


class PhotoShown(Frozen):
    """A photo as the customer sees it; `path` is its path at the edge."""

    kind: PhotoKind
    path: str


class View(Frozen):
    """`t/{digest}.json`: all that the holder of a tracking link sees of the job."""

    rev: Annotated[int, Field(ge=1)]
    business: Tenant = "main"
    """The id of the business, as in its booking page's address; views of before have none."""
    job_id: JobId
    flow: Name
    status: Name
    terminal: bool
    poll_s: int
    updated_at: Utc
    steps: tuple[ViewStep, ...]
    choices: tuple[CustomerChoice, ...] = ()
    may_reschedule: bool = True
    """Whether the flow lets the customer choose another window; the cut-off is not in it."""
    reschedule_asks: bool = False
    """Whether that is a request even in a business that accepts bookings at once."""
    schedule: Schedule = Schedule()
    requested: bool = False
    """The business has given no arrival window yet; one in `schedule` is asked for."""
    driver: str | None = None
    """The driver's first name."""
    approach: ApproachStage | None = None
    """What the crew said last about its way here."""
    unwanted_texts: tuple[OptionalText, ...] = ()
    """The texts that the customer has switched off."""
    under_way: bool = False
    """Whether the crew location may be requested now, at `/api/track/{digest}/place`."""
    photos: tuple[PhotoShown, ...] = ()
    """Proof of service, once the job is completed."""
    load_size: LoadSize | None = None


class CrewOnCard(Frozen):
    role: CrewRole
    first_name: str
    member: Name


class Card(Frozen):
    """One job on the board. Private, but without tracking token and task token."""

    rev: Annotated[int, Field(ge=1)]
    job_id: JobId
    flow: Name
    status: Name
    terminal: bool
    customer: str
    address: str
    phone_end: str | None = None
    """The last four digits: enough to find a caller, and not a number to call."""
    load: str | None = None
    """What is to be hauled: the beginning of the booking's note."""
    price_cents: PriceCents | None = None
    schedule: Schedule = Schedule()
    preferred_day: date | None = None
    duration_minutes: int = USUAL_DURATION
    crew: tuple[CrewOnCard, ...] = ()
    truck: Name | None = None
    failed_attempts: int = 0
    """How often a crew was there and could not do the job."""
    notes: int = 0
    """How many notes the job has."""
    requested: bool = False
    """The business has given no arrival window yet; one in `schedule` is asked for."""
    customer_act: CustomerAct | None = None
    """What the customer did, if that was the last thing that anyone did with the job."""
    texts_stopped: bool = False
    """The customer gets no texts, so call instead."""
    unsent_text: UnsentText | None = None
    """A text that waits for a person, or that the number cannot get."""
    call_after: Utc | None = None
    """From then on, call: the customer has not answered the reminder, wants another time, or has
    not agreed to texts."""
    entered_at: Utc
    due_at: Utc | None = None
    """When the job becomes overdue in its status; None once it has ended."""
    created_at: Utc

    def overdue_by(self, now: datetime) -> timedelta | None:
        """How long the job has been overdue; None if it is not."""
        return now - self.due_at if self.due_at and self.due_at < now else None


class Board(Frozen):
    """`jobs.json`: open jobs and those that ended recently.

    Its bytes depend only on the job objects, so a rebuild gives the same bytes. It needs no version
    of its own: a card never replaces one with a higher `rev`, so no state of the board comes twice.
    """

    jobs: dict[JobId, Card] = Field(default_factory=dict)

    def merged(self, cards: Iterable[Card]) -> "Board":
        """The board with each of `cards`, unless it has a card with the same or a higher `rev`."""
        jobs = dict(self.jobs)
        for card in cards:
            known = jobs.get(card.job_id)
            if known is None or known.rev < card.rev:
                jobs[card.job_id] = card
        return Board(jobs=jobs)

    def at(self, now: datetime) -> "Board":
        """The board without the jobs that ended more than SHOWN_AFTER_END before `now`."""
        oldest = now - SHOWN_AFTER_END
        shown = (c for c in self.jobs.values() if not c.terminal or c.entered_at > oldest)
        return Board(jobs={card.job_id: card for card in shown})

    def to_bytes(self) -> bytes:
        """Canonical: sorted by job id, so that equal boards have equal bytes."""
        ordered = Board(jobs=dict(sorted(self.jobs.items())))
        return ordered.model_dump_json(exclude_none=True).encode()


def view_of(job: Job, flow: Flow) -> View:
    status = flow.status(job.status)
    return View(
        rev=job.rev,
        business=job.tenant,
        job_id=job.job_id,
        flow=job.flow,
        status=job.status,
        terminal=status.terminal,
        poll_s=status.poll_s,
        updated_at=job.entered_at,
        steps=tuple(_steps(job, flow)),
        choices=tuple(_choices(job, flow)),
        may_reschedule=may_reschedule(job, flow),
        reschedule_asks=asks_in_any_business(job, flow),
        schedule=job.schedule,
        requested=shows_as_request(job, flow),
        driver=next((c.first_name for c in job.crew if c.role == "driver"), None),
        approach=said.stage if (said := approach_now(job, flow)) else None,
        unwanted_texts=job.unwanted_texts,
        under_way=status.under_way,
        photos=tuple(_photos(job)) if status.end == "done" else (),
        load_size=job.load_size if status.end == "done" else None,
    )


def photo_path(photo_id: str) -> str:
    """The path of a photo at the edge."""
    return f"/t/p/{photo_id}.jpg"


def _photos(job: Job) -> Iterable[PhotoShown]:
    """Of the work that was done; the others are for the business."""
    shown = (photo for photo in job.photos if photo.kind in ("before", "after"))
    return (PhotoShown(kind=photo.kind, path=photo_path(photo.photo_id)) for photo in shown)


def card_of(job: Job, flow: Flow) -> Card:
    status = flow.status(job.status)
    return Card(
        rev=job.rev,
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
        preferred_day=job.preferred_day,
        duration_minutes=job.duration_minutes,
        crew=tuple(
            CrewOnCard(role=c.role, first_name=c.first_name, member=c.member) for c in job.crew
        ),
        truck=job.truck,
        failed_attempts=job.failed_attempts,
        notes=len(job.notes),
        requested=shows_as_request(job, flow),
        customer_act=customer_act_of(job),
        texts_stopped=job.texts_stopped,
        unsent_text=job.unsent_text if job.unsent_text and job.unsent_text.is_shown else None,
        call_after=call_after(job, flow),
        entered_at=job.entered_at,
        due_at=due_at(job),
        created_at=job.created_at,
    )


def _load(job: Job) -> str | None:
    """The booking's note has the booking's `event_id`; later notes are about other things."""
    text = next((note.text for note in job.notes if note.event_id == job.event_id), None)
    return text[:LOAD_ON_CARD] if text else None


def _steps(job: Job, flow: Flow) -> Iterable[ViewStep]:
    """The statuses that the customer sees: all of the flow, but cancelled and those aside only if
    the job is there."""
    reached = dict(_reached(job))
    for status in _in_order(job, flow, reached):
        if (status.end == "cancelled" or status.aside) and job.status != status.name:
            continue
        at = job.created_at if status is flow.initial else reached.get(status.name)
        passed = flow.position(status.name) <= flow.position(job.status)
        here = status.name == job.status
        says = status.requested if here and status.requested and is_request(job) else status
        yield ViewStep(
            status=status.name,
            label=says.label,
            customer=says.customer,
            colour=status.colour,
            icon=status.icon,
            at=at if passed else None,
        )


def _in_order(job: Job, flow: Flow, reached: Collection[str]) -> list[Status]:
    """A status aside comes after those that the job has come to, before those still ahead."""
    here = flow.status(job.status)
    if here.aside is None:
        return list(flow.statuses)
    passed = [s for s in flow.statuses if s.name in reached or s is flow.initial]
    ahead = [s for s in flow.statuses if s not in passed]
    return [*(s for s in passed if s is not here), here, *ahead]


def _reached(job: Job) -> Iterator[tuple[str, datetime]]:
    """When the job came to each status: when it happened, not when it was recorded.

    A phone without signal reports late and with its own clock. So no step is earlier than the one
    before it, and none later than its record.
    """
    at = job.created_at
    for entry in job.standing:
        at = max(at, min(entry.occurred_at, entry.recorded_at))
        yield entry.to, at


def _choices(job: Job, flow: Flow) -> Iterable[CustomerChoice]:
    for move in flow.moves_from(job.status):
        if "customer" in move.by and not ("window" in move.requires and is_request(job)):
            label, reason = move.customer or move.label, "reason" in move.requires
            yield CustomerChoice(move=move.name, label=label, needs_reason=reason)
