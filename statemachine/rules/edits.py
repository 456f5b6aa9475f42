"""The rules about edits, which change a job's details and never its status. Pure functions."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.job.record_limits import RecordsFull, has_room
from statemachine.job.records import Edit, EditRefusalReason, Note, RefusedEdit
from statemachine.job.visit import approach_said
from statemachine.money.job_money import MoneyRefused, money_change, money_values
from statemachine.rules.crew_edit import crew_fault, crew_of
from statemachine.rules.edit_request import ChangeSet, EditRequest
from statemachine.rules.job_texts import TextNotHeld, text_values
from statemachine.rules.lifecycle import CLOCK_SKEW
from statemachine.rules.link import changed_link
from statemachine.rules.reschedule import as_request, may_reschedule, only_asks
from statemachine.rules.window_change import schedule_after, schedule_fault, window_change
from statemachine.values.ids import new_token

MAX_OWN_NOTES = 50
"""How many notes on one job a sender who is not a dispatcher may write, texts included."""
WRITTEN_EARLIER = timedelta(minutes=1)
"""A note that took longer to arrive also says when it was written."""
MAX_REFUSED_EDITS = 50

EXPLANATIONS: dict[EditRefusalReason, str] = {
    "overtaken": "the job has changed since; look at it again and decide again",
    "not_possible": "that change is not possible",
    "from_the_future": "`occurred_at` is in the future; check the sender's clock",
    "reason_missing": "a price or a payment is changed with a reason; send `reason`",
    "amount_missing": "it is not known what is owed; send `amount_cents` with the payment",
    "schedule_not_possible": "the arrival window or ETA is not possible; correct it",
    "notes_full": "the job holds all the notes it can from this sender; send no more notes",
    "crew_unavailable": "a person or a truck is not available; choose another",
    "crew_off": "a person is not available at that time; choose another",
    "crew_taken": "a person or a truck cannot do all their jobs in time; choose another",
    "override_not_allowed": "only a dispatcher may override what does not fit; ask one",
    "link_not_allowed": "only a dispatcher may replace or revoke a tracking link; ask one",
    "event_id_used": "another event of this job has that `event_id`; send a new one",
    "slot_full": "that arrival window is full; choose another, or let a dispatcher overbook it",
}


class EditRefused(Exception):
    """The edit cannot be made, or the job has changed since: look at it again and decide again."""

    why: EditRefusalReason = "not_possible"

    def __init__(self, text: str = "", why: EditRefusalReason | None = None) -> None:
        super().__init__(text)
        self.why = why or self.why


class ScheduleRefused(EditRefused):
    """The schedule would not be possible after the edit. `field` is what to correct."""

    why = "schedule_not_possible"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"schedule.{field}: {sentence}")


class NotesFull(EditRefused):
    """The job holds all the notes it can from this sender. Other edits are still possible."""

    why = "notes_full"


class CrewUnavailable(EditRefused):
    """A person or a truck is not available then, not in that role, or not on the roster."""

    why = "crew_unavailable"


class CrewOff(EditRefused):
    """A person is not available for the whole arrival window."""

    why = "crew_off"


class CrewTaken(EditRefused):
    """A person or a truck could not do all the jobs that they would have."""

    why = "crew_taken"


class SlotFull(EditRefused):
    """The arrival window takes no more jobs; a dispatcher may overbook it."""

    why = "slot_full"


def edited(
    job: Job,
    request: EditRequest,
    now: datetime,
    name_of: Callable[[str], str] = str.title,
    horizon_days: int = 400,
    new_token: Callable[[], str] = new_token,
    by_dispatcher: bool = False,
) -> Job:
    """The job with the changes of `request`; the same object if it has this edit already.

    `name_of` gives a member's first name; whether they are available is not checked here.
    `horizon_days` is how far the business plans. `new_token` gives the token of another link.
    `by_dispatcher`: it accepts bookings so; a customer's window then makes the job a request again.

    Raises EditRefused if the job has changed since `expected_rev`, the event is from the future,
    the schedule is not possible, or a role is given twice; RecordsFull if there is no room.
    """
    if is_made(job, request):
        return job
    if refusal := refusal_of(job, request):
        raise _refused_as(refusal)
    if job.knows(request.event_id):
        raise EditRefused(EXPLANATIONS["event_id_used"], "event_id_used")
    if why := _only_for_dispatchers(request):
        raise EditRefused(EXPLANATIONS[why], why)
    _check_room(job, request)
    if request.occurred_at > now + CLOCK_SKEW:
        raise EditRefused(EXPLANATIONS["from_the_future"], "from_the_future")
    if request.expected_rev not in (None, job.rev):
        raise EditRefused(f"the job is at rev {job.rev}, not {request.expected_rev}", "overtaken")
    values = dict(_new_values(job, request, now, name_of, new_token))
    if fault := schedule_fault(job.schedule, values.get("schedule"), now, horizon_days):
        raise ScheduleRefused(*fault)
    asks = "schedule" in values and only_asks(job, request, by_dispatcher)
    window = window_change(job.schedule, values.get("schedule"), request, asks)
    if window and request.actor.kind == "customer" and not may_reschedule(job, load_flow(job.flow)):
        raise EditRefused("the crew has begun, or the job has ended: it stays where it is")
    edit = Edit(
        event_id=request.event_id,
        fields=tuple(name for name in values if name != "token"),  # `link` says it
        recorded_at=now,
        occurred_at=_done_earlier(request, now),
        digest=request.digest,
        actor=request.actor,
        reason=request.changes.reason,
        money=money_change(job, job.with_(**values)),
        override=bool(request.changes.override),
        window=window,
    )
    if window:
        values |= {"overbooked": window.overbooked, "accepted": not window.asked}
    after = job.with_change(**values, edits=(*job.edits, edit))
    return as_request(after, request, now) if window and window.asked else after


def _only_for_dispatchers(request: EditRequest) -> EditRefusalReason | None:
    if request.actor.kind == "dispatcher":
        return None
    if request.changes.override:
        return "override_not_allowed"
    return "link_not_allowed" if request.changes.link else None


def is_made(job: Job, request: EditRequest) -> bool:
    """Whether the job has this edit: the same event id and the same changes."""
    wanted = request.event_id, request.digest
    return any((edit.event_id, edit.digest) == wanted for edit in job.edits)


def refusal_of(job: Job, request: EditRequest) -> RefusedEdit | None:
    """The record of this edit, if it was refused."""
    mine = request.event_id, request.digest
    return next((each for each in job.refused_edits if (each.event_id, each.digest) == mine), None)


def with_refusal(job: Job, request: EditRequest, error: EditRefused, now: datetime) -> Job:
    """The job with a record of the refused edit; the same object if it has one already."""
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
    """The error with which this edit was refused."""
    kinds = (CrewUnavailable, CrewOff, CrewTaken, NotesFull, SlotFull)
    kind = next((kind for kind in kinds if kind.why == refusal.why), EditRefused)
    return kind(refusal.text, refusal.why)


FIELDS = {
    "note": "notes",
    "schedule": "schedule",
    "duration_minutes": "duration_minutes",
    "crew": "crew",
    "truck": "truck",
    "customer": "customer",
    "place": "place",
    "price_cents": "price_cents",
    "payment": "payments",
    "load_size": "load_size",
    "agreed_to_texts": "texts_consent",
    "texts_stopped": "texts_stopped",
    "unwanted_texts": "unwanted_texts",
    "unsent_text": "unsent_text",
    "visit_answer": "visit_answer",
    "approach": "approach",
    "link": "link",
}
"""The field of the job that each change sets."""
SINGLE_VALUES = (
    "customer",
    "place",
    "duration_minutes",
    "load_size",
    "texts_stopped",
    "unwanted_texts",
    "visit_answer",
)
"""Changes whose value becomes the field's value as it is."""


def fields_of(changes: ChangeSet) -> set[str]:
    """The job's fields that `changes` has new values for."""
    return {field for name, field in FIELDS.items() if getattr(changes, name) is not None}


def _check_room(job: Job, request: EditRequest) -> None:
    if not has_room(job.edits, request.actor):
        raise RecordsFull(f"{job.job_id} holds all the edits it can; find out who keeps sending")
    if request.changes.note is None:
        return
    if not has_room(job.notes, request.actor, own=MAX_OWN_NOTES):
        raise NotesFull(
            f"{job.job_id} holds all the notes it can from one sender; send no more notes"
        )


def _new_values(
    job: Job,
    request: EditRequest,
    now: datetime,
    name_of: Callable[[str], str],
    new_token: Callable[[], str],
) -> Iterator[tuple[str, object]]:
    changes = request.changes
    if changes.note is not None:
        yield "notes", (*job.notes, _note(request, changes.note, now))
    if changes.schedule is not None:
        yield "schedule", schedule_after(job.schedule, changes.schedule)
    if changes.crew is not None:
        if fault := crew_fault(changes.crew):
            raise EditRefused(fault)
        yield "crew", tuple(crew_of(changes.crew, name_of))
    if changes.truck is not None:
        yield "truck", changes.truck or None
    if changes.approach is not None:
        yield "approach", approach_said(changes.approach, now)
    if changes.link is not None:
        yield from changed_link(job, changes.link, new_token).items()
    for name in SINGLE_VALUES:
        value = getattr(changes, name)
        if value is not None:
            yield name, value
    try:
        yield from text_values(job, request, now).items()
        yield from money_values(job, changes).items()
    except TextNotHeld as refused:
        raise EditRefused(str(refused)) from refused
    except MoneyRefused as refused:
        raise EditRefused(str(refused), refused.why) from refused


def _done_earlier(request: EditRequest, now: datetime) -> datetime | None:
    """When it was done, if it took long to arrive."""
    return request.occurred_at if now - request.occurred_at > WRITTEN_EARLIER else None


def _note(request: EditRequest, text: str, now: datetime) -> Note:
    return Note(
        event_id=request.event_id,
        text=text,
        recorded_at=now,
        occurred_at=_done_earlier(request, now),
        actor=request.actor,
    )
