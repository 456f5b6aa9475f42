"""Edits: changes of a job's particulars. Pure, like the lifecycle; status is not their business."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from statemachine.job import (
    Assigned,
    CrewRole,
    Customer,
    Edit,
    Job,
    LoadSize,
    Note,
    Place,
    Schedule,
)
from statemachine.lifecycle import CLOCK_SKEW, MAX_RECORDS, RecordsFull
from statemachine.values import Actor

WRITTEN_EARLIER = timedelta(minutes=1)
"""What took longer to reach us says when it was written or done, beside when it was sent."""


class Wanted(Protocol):
    """Somebody who shall be on the job; `events.Assignment` is one."""

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
    def crew(self) -> Sequence[Wanted] | None: ...
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


class EditRefused(Exception):
    """The edit was decided on another state of the job, or cannot be; look and decide anew."""


class CrewUnavailable(EditRefused):
    """Somebody, or a truck, is not there at that time, not in that role, or not on the roster."""


class CrewTaken(EditRefused):
    """Somebody, or a truck, is on another job at that time."""


def edited(
    job: Job, request: EditRequest, now: datetime, name_of: Callable[[str], str] = str.title
) -> Job:
    """The job with the changes of `request`; the very same job if it has them already.

    `name_of` tells the first name of a member. Whether they can come is not asked here.

    Raises EditRefused where the job has changed since `expected_rev`, where the event comes from
    the future, or where a role is given twice; RecordsFull instead of growing without bound.
    """
    if job.knows(request.event_id):
        return job
    if len(job.edits) >= MAX_RECORDS:
        raise RecordsFull(f"{job.job_id} holds {MAX_RECORDS} edits; look who keeps sending")
    if request.occurred_at > now + CLOCK_SKEW:
        raise EditRefused("`occurred_at` lies ahead of our clock; check the sender's clock")
    if request.expected_rev not in (None, job.visible_rev):
        raise EditRefused(f"the job is at rev {job.visible_rev}, not {request.expected_rev}")
    values = dict(_new_values(job, request, now, name_of))
    edit = Edit(
        event_id=request.event_id,
        fields=tuple(values),
        recorded_at=now,
        actor=request.actor,
    )
    return job.seen(**values, edits=(*job.edits, edit))


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


def _one_for_each_role(crew: Sequence[Wanted], name_of: Callable[[str], str]) -> Iterator[Assigned]:
    roles = [wanted.role for wanted in crew]
    if len(set(roles)) < len(roles):
        raise EditRefused("a role is given to two people; name one for each role")
    for wanted in crew:
        first_name = name_of(wanted.member)
        yield Assigned(role=wanted.role, member=wanted.member, first_name=first_name)
