"""What the holder of a tracking link may do: confirm, cancel, reschedule, write, choose texts."""

from datetime import datetime, timedelta

from events import Changes, JobEditRequested, JobMoveRequested
from functions.api.customer_bodies import CustomerNoteBody, RescheduleBody, TextChoicesBody
from functions.api.dependencies import Api
from functions.api.jobs import derived_id
from functions.api.move_outcome import outcome_of, refused
from functions.api.problems import Problem
from functions.api.public import held_job
from functions.api.request import ApiRequest
from functions.api.request_models import LinkHolderBody
from functions.api.responses import ApiResponse
from functions.api.slots import slot_full
from statemachine.business.business import BusinessSettings
from statemachine.flow_machine import legal_move
from statemachine.flows import load_flow
from statemachine.job.job import Job, Schedule
from statemachine.job.records import RefusalReason
from statemachine.rules.edits import EditRefused, SlotFull
from statemachine.rules.requirements import window_is_missing
from statemachine.rules.reschedule import may_reschedule
from statemachine.schedule.public_booking import public_booking_fault
from statemachine.schedule.reservations import has_ended
from statemachine.values.values import Actor
from statemachine.views.views import view_of

LINK_HOLDER = Actor(kind="customer", id="link")
NO_REASON = "No reason given"


def confirm(api: Api, request: ApiRequest) -> ApiResponse:
    return _choose(api, request, "confirm")


def cancel(api: Api, request: ApiRequest) -> ApiResponse:
    return _choose(api, request, "cancel")


def reschedule(api: Api, request: ApiRequest) -> ApiResponse:
    """Another window for the same job: a free one, until the business's cut-off.

    The crew was planned for the window that the job leaves, so it is taken off with its truck.
    """
    body = request.document(RescheduleBody)
    job = held_job(api, request, body.token)
    wanted = Schedule(window_start=body.window_start, window_end=body.window_end, eta=None)
    if job.schedule.window == wanted.window:
        return view_response(job, "already rescheduled")
    _check_reschedule(api.tenants.read(job.tenant), job, wanted, request.now)
    event = derived_id("reschedule", job.job_id, str(job.version), *map(str, wanted.window))
    changes = Changes(schedule=wanted, crew=(), truck="", reason=body.reason)
    return view_response(_edited(api, request, job, event, changes), "rescheduled")


def add_note(api: Api, request: ApiRequest) -> ApiResponse:
    """A note to the crew. The Idempotency-Key makes a repeated request the same note."""
    body = request.document(CustomerNoteBody)
    if request.idempotency_key is None:
        raise Problem("invalid", "send an Idempotency-Key; without one a retry would write twice")
    job = held_job(api, request, body.token)
    if has_ended(job, load_flow(job.flow)):
        raise refused(job, "illegal_move", to_customer=True)
    event = derived_id("note", job.job_id, request.idempotency_key)
    changes = Changes(note=body.note)
    try:
        noted = _edited(api, request, job, event, changes)
    except EditRefused as error:
        if error.why == "event_id_used":
            raise Problem("idempotency-key-reused") from error
        raise
    return view_response(noted, "noted")


def choose_texts(api: Api, request: ApiRequest) -> ApiResponse:
    """Switch optional texts off and on. They belong to the job: the link proves no phone number."""
    body = request.document(TextChoicesBody)
    job = held_job(api, request, body.token)
    unwanted = tuple(sorted(set(body.unwanted)))
    if unwanted == job.unwanted_texts:
        return view_response(job, "already chosen")
    if has_ended(job, load_flow(job.flow)):
        raise refused(job, "illegal_move", to_customer=True)
    event = derived_id("texts", job.job_id, str(job.version), *unwanted)
    changes = Changes(unwanted_texts=unwanted)
    return view_response(_edited(api, request, job, event, changes), "texts chosen")


def _check_reschedule(
    business: BusinessSettings, job: Job, wanted: Schedule, now: datetime
) -> None:
    """Raises Problem where the customer may not have that window; nothing is on the record."""
    about = (job.tenant, job.job_id)
    if not may_reschedule(job, load_flow(job.flow)):
        raise refused(job, "illegal_move", to_customer=True)
    start = job.schedule.window_start
    if start and now > start - timedelta(minutes=business.reschedule_cutoff_minutes):
        raise Problem("too-late-to-reschedule", about=about)
    if business.suspended:
        raise Problem("business-suspended", about=about)
    if fault := public_booking_fault(business, wanted, now):
        raise Problem("invalid", ": ".join(fault), {"faults": [": ".join(fault)]}, about=about)


def _edited(api: Api, request: ApiRequest, job: Job, event_id: str, changes: Changes) -> Job:
    requested = JobEditRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=event_id,
        occurred_at=request.now,
        actor=LINK_HOLDER,
        changes=changes,
        expected_rev=None if changes.schedule is None else job.rev,
    )
    try:
        return api.edit(requested, request.now)
    except SlotFull as error:
        raise slot_full(api, job.tenant, request) from error


def _choose(api: Api, request: ApiRequest, move: str) -> ApiResponse:
    """A move by the holder of the link, who sends the token and not only its digest.

    A move that is not possible is refused here, without a record: anyone may have the link, and a
    job's record has limited room. A possible move takes the same way as every other move.
    """
    body = request.document(LinkHolderBody)
    job = held_job(api, request, body.token)
    if job.ledger and (job.ledger[-1].actor, job.ledger[-1].move) == (LINK_HOLDER, move):
        return view_response(job, "already moved")
    reason = body.reason or _reason_of_none(api, job, move)
    if why := _refusal(job, move, reason):
        raise refused(job, why, to_customer=True)
    requested = JobMoveRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=derived_id("choice", job.job_id, move, str(job.seq), reason or ""),
        occurred_at=request.now,
        actor=LINK_HOLDER,
        move=move,
        expected_rev=job.rev,
        reason=reason,
    )
    verdict = api.advance(requested, request.now)
    return view_response(verdict.job, outcome_of(verdict, requested, to_customer=True))


def _reason_of_none(api: Api, job: Job, move: str) -> str | None:
    """What the record says where the business asks for no reason."""
    if move != "cancel" or api.tenants.read(job.tenant).cancel_reason_required:
        return None
    return NO_REASON


def _refusal(job: Job, move: str, reason: str | None) -> RefusalReason | None:
    flow = load_flow(job.flow)
    legal = legal_move(flow, job.status, move, None)
    if legal is None:
        return "illegal_move"
    if "customer" not in legal.by:
        return "not_allowed"
    if "reason" in legal.requires and not reason:
        return "reason_missing"
    if window_is_missing(job, legal, LINK_HOLDER):
        return "window_missing"
    return None


def view_response(job: Job, outcome: str) -> ApiResponse:
    return ApiResponse(
        200,
        view_of(job, load_flow(job.flow)),
        {"ETag": f'"{job.rev}"'},
        about=(job.tenant, job.job_id),
        seq=job.seq,
        outcome=outcome,
    )
