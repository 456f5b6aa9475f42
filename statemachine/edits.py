"""Edits: changes of a job's particulars. Pure, like the lifecycle; status is not their business."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from statemachine.job import Assigned, Customer, Edit, Job, Note, Place, Schedule
from statemachine.lifecycle import CLOCK_SKEW, MAX_RECORDS, RecordsFull
from statemachine.values import Actor


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
    def crew(self) -> tuple[Assigned, ...] | None: ...
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


def edited(job: Job, request: EditRequest, now: datetime) -> Job:
    """The job with the changes of `request`; the very same job if it has them already.

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
    values = dict(_new_values(job, request, now))
    edit = Edit(
        event_id=request.event_id,
        fields=tuple(values),
        recorded_at=now,
        actor=request.actor,
    )
    return job.seen(**values, edits=(*job.edits, edit))


def _new_values(job: Job, request: EditRequest, now: datetime) -> Iterator[tuple[str, object]]:
    changes = request.changes
    if changes.note is not None:
        note = Note(
            event_id=request.event_id, text=changes.note, recorded_at=now, actor=request.actor
        )
        yield "notes", (*job.notes, note)
    if changes.schedule is not None:
        given = {
            name: getattr(changes.schedule, name) for name in changes.schedule.model_fields_set
        }
        yield "schedule", job.schedule.with_(**given)
    if changes.crew is not None:
        yield "crew", _one_for_each_role(changes.crew)
    for name in ("customer", "place", "price_cents", "texts_stopped"):
        value = getattr(changes, name)
        if value is not None:
            yield name, value


def _one_for_each_role(crew: tuple[Assigned, ...]) -> tuple[Assigned, ...]:
    roles = [member.role for member in crew]
    if len(set(roles)) < len(roles):
        raise EditRefused("a role is given to two people; name one for each role")
    return crew
