"""Edits: changes of a job's details. Pure, like the lifecycle; status is not their business."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from statemachine.bounds import horizon_fault, window_fault
from statemachine.job import Assigned, CrewRole, Customer, Job, LoadSize, Place, Schedule
from statemachine.lifecycle import CLOCK_SKEW
from statemachine.record_limits import RecordsFull, has_room
from statemachine.records import Edit, EditRefusalReason, Note, RefusedEdit
from statemachine.values import Actor

MAX_OWN_NOTES = 50
"""So many notes on a job by any one who is not a dispatcher, also by its customer's texts."""

WRITTEN_EARLIER = timedelta(minutes=1)
"""What took longer to reach us says when it was written or done, beside when it was sent."""


class CrewRequest(Protocol):
    """Someone who shall be on the job; `events.Assignment` is one."""

    @property
    def role(self) -> CrewRole: ...
    @property
    def member(self) -> str: ...


class ChangeSet(Protocol):
    """New values; None leaves a particular as it is. `events.Changes` is one."""

    @property
    def note(self) -> str | None: ...
    @property
    def customer(self) -> Customer | None: ...
    @property
    def place(self) -> Place | None: ...
    @property
    def price_cents(self) -> int | None: ...
    @property
    def schedule(self) -> Schedule | None: ...
    @property
    def crew(self) -> Sequence[CrewRequest] | None: ...
    @property
    def truck(self) -> str | None: ...
    @property
    def load_size(self) -> LoadSize | None: ...
    @property
    def texts_stopped(self) -> bool | None: ...


class EditRequest(Protocol):
    @property
    def event_id(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def actor(self) -> Actor: ...
    @property
    def expected_rev(self) -> int | None: ...
    @property
    def changes(self) -> ChangeSet: ...
    @property
    def digest(self) -> str: ...


MAX_REFUSED_EDITS = 50

EXPLANATIONS: dict[EditRefusalReason, str] = {
    "overtaken": "the job has changed since; look again and decide again",
    "not_possible": "that change is not possible",
    "from_the_future": "`occurred_at` lies ahead of our clock; check the sender's clock",
    "schedule_not_possible": "the arrival window or ETA is not possible; correct it",
    "notes_full": "the job has all the notes of this sender that it can hold; send no more notes",
    "crew_unavailable": "someone, or a truck, is not available; choose another",
    "crew_taken": "someone, or a truck, is on another job at that time; choose another",
    "event_id_used": "that `event_id` belongs to another event of this job; send a fresh one",
}


class EditRefused(Exception):
    """The edit was decided on another state of the job, or cannot be; look and decide again."""

    why: EditRefusalReason = "not_possible"

    def __init__(self, text: str = "", why: EditRefusalReason | None = None) -> None:
        super().__init__(text)
        self.why = why or self.why


class ScheduleRefused(EditRefused):
    """The schedule cannot be, as it would be after the edit. `field` is what to correct."""

    why = "schedule_not_possible"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"schedule.{field}: {sentence}")


class NotesFull(EditRefused):
    """The job has all the notes of this sender that it can hold; all else can still be edited."""

    why = "notes_full"


class CrewUnavailable(EditRefused):
    """Someone, or a truck, is not there at that time, not in that role, or not on the roster."""

    why = "crew_unavailable"


class CrewTaken(EditRefused):
    """Someone, or a truck, is on another job at that time."""

    why = "crew_taken"


def edited(
    job: Job,
    request: EditRequest,
    now: datetime,
    name_of: Callable[[str], str] = str.title,
    horizon_days: int = 400,
) -> Job:
    """The job with the changes of `request`; the very same job if it has them already.

    `name_of` tells the first name of a member. Whether they can come is not asked here.
    `horizon_days` is how far from now the business plans.

    Raises EditRefused where the job has changed since `expected_rev`, where the event comes from
    the future, where the schedule cannot be, or where a role is given twice; RecordsFull instead
    of growing without bound.
    """
    if is_made(job, request):
        return job
    if refusal := refusal_of(job, request):
        raise _refused_as(refusal)
    if job.knows(request.event_id):
        raise EditRefused(EXPLANATIONS["event_id_used"], "event_id_used")
    _check_room(job, request)
    if request.occurred_at > now + CLOCK_SKEW:
        raise EditRefused(EXPLANATIONS["from_the_future"], "from_the_future")
    if request.expected_rev not in (None, job.rev):
        text = f"the job is at rev {job.rev}, not {request.expected_rev}"
        raise EditRefused(text, "overtaken")
    values = dict(_new_values(job, request, now, name_of))
    edit = Edit(
        event_id=request.event_id,
        fields=tuple(values),
        recorded_at=now,
        digest=request.digest,
        actor=request.actor,
    )
    _check_schedule(job.schedule, values.get("schedule"), now, horizon_days)
    return job.with_change(**values, edits=(*job.edits, edit))


def is_made(job: Job, request: EditRequest) -> bool:
    """Whether the job has this very edit: the same id and the same changes.

    An edit of an earlier version has no digest: any edit with its event id is its copy.
    """
    same = (edit for edit in job.edits if edit.event_id == request.event_id)
    return any(edit.digest in (None, request.digest) for edit in same)


def refusal_of(job: Job, request: EditRequest) -> RefusedEdit | None:
    """The record of this very edit, where it was refused."""
    mine = request.event_id, request.digest
    return next((each for each in job.refused_edits if (each.event_id, each.digest) == mine), None)


def with_refusal(job: Job, request: EditRequest, error: EditRefused, now: datetime) -> Job:
    """The job with the refused edit on its record; the very same job if it is there already."""
    if refusal_of(job, request):
        return job
    refusal = RefusedEdit(
        event_id=request.event_id,
        actor=request.actor,
        digest=request.digest,
        fields=tuple(sorted(fields_of(request.changes))),
        why=error.why,
        text=(str(error) or EXPLANATIONS[error.why])[:500],
        rev=job.rev,
        occurred_at=request.occurred_at,
        recorded_at=now,
    )
    return job.with_bookkeeping(refused_edits=(*job.refused_edits, refusal)[-MAX_REFUSED_EDITS:])


def _refused_as(refusal: RefusedEdit) -> EditRefused:
    """The error that this edit was refused with."""
    kinds: tuple[type[EditRefused], ...] = (CrewUnavailable, CrewTaken, NotesFull)
    kind = next((kind for kind in kinds if kind.why == refusal.why), EditRefused)
    return kind(refusal.text, refusal.why)


FIELDS = {
    "note": "notes",
    "schedule": "schedule",
    "crew": "crew",
    "truck": "truck",
    "customer": "customer",
    "place": "place",
    "price_cents": "price_cents",
    "load_size": "load_size",
    "texts_stopped": "texts_stopped",
}
"""What each change changes of the job."""


def fields_of(changes: ChangeSet) -> set[str]:
    """The job's fields that `changes` has new values for."""
    return {field for name, field in FIELDS.items() if getattr(changes, name) is not None}


def _check_room(job: Job, request: EditRequest) -> None:
    if not has_room(job.edits, request.actor):
        raise RecordsFull(f"{job.job_id} holds all edits it can; look who keeps sending")
    if request.changes.note is None:
        return
    if not has_room(job.notes, request.actor, own=MAX_OWN_NOTES):
        raise NotesFull(f"{job.job_id} holds all notes it can of one sender; send no more notes")


def _check_schedule(before: Schedule, after: object, now: datetime, horizon_days: int) -> None:
    """What stays as it is stored is not looked at: it may be of an earlier version."""
    if not isinstance(after, Schedule):
        return
    changed = {
        field: getattr(after, field)
        for field in Schedule.model_fields
        if getattr(after, field) != getattr(before, field)
    }
    fault = horizon_fault(Schedule(**changed), now, horizon_days)
    if changed.keys() & {"window_start", "window_end"}:
        fault = fault or window_fault(after)
    if fault:
        raise ScheduleRefused(*fault)


def _new_values(
    job: Job, request: EditRequest, now: datetime, name_of: Callable[[str], str]
) -> Iterator[tuple[str, object]]:
    changes = request.changes
    if changes.note is not None:
        yield "notes", (*job.notes, _note(request, changes.note, now))
    if changes.schedule is not None:
        given = {
            name: getattr(changes.schedule, name) for name in changes.schedule.model_fields_set
        }
        yield "schedule", job.schedule.with_(**given)
    if changes.crew is not None:
        yield "crew", tuple(_one_for_each_role(changes.crew, name_of))
    if changes.truck is not None:
        yield "truck", changes.truck or None
    for name in ("customer", "place", "price_cents", "load_size", "texts_stopped"):
        value = getattr(changes, name)
        if value is not None:
            yield name, value


def _note(request: EditRequest, text: str, now: datetime) -> Note:
    earlier = now - request.occurred_at > WRITTEN_EARLIER
    return Note(
        event_id=request.event_id,
        text=text,
        recorded_at=now,
        occurred_at=request.occurred_at if earlier else None,
        actor=request.actor,
    )


def _one_for_each_role(
    crew: Sequence[CrewRequest], name_of: Callable[[str], str]
) -> Iterator[Assigned]:
    roles = [wanted.role for wanted in crew]
    if len(set(roles)) < len(roles):
        raise EditRefused("a role is given to two people; name one for each role")
    for wanted in crew:
        first_name = name_of(wanted.member)
        yield Assigned(role=wanted.role, member=wanted.member, first_name=first_name)
