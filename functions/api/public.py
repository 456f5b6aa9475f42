"""What needs no session: booking a job, following it, and the choices of whoever holds its link."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hmac import compare_digest

from events import JobMoveRequested, JobRequested
from functions.api.business import public_document
from functions.api.dependencies import Api
from functions.api.jobs import booked_answer, derived_id
from functions.api.move_outcome import outcome_of, refused
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import BookingBody, LinkHolderBody
from functions.api.responses import ApiResponse
from functions.people.accounts import Limit
from functions.protocol.ports import Corrupt, Stored, Unavailable, UnknownJob, UnknownTenant
from statemachine.business import BusinessSettings, is_internal
from statemachine.flow_machine import legal_move
from statemachine.flows import load_flow
from statemachine.ids import digest_of, is_token
from statemachine.job import Customer, Job, Place, RefusalReason, Schedule
from statemachine.values import Actor
from statemachine.views import View, view_of

BOOKER = Actor(kind="customer", id="booking")
HOLDER = Actor(kind="customer", id="link")
FORM_OF_BUSINESS = Limit("business-bookings", most=200, window=timedelta(hours=1))
"""From all addresses: a flood spends no more than a business can book by hand."""
BUSINESS_CACHED_S = 300
DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)


def book(api: Api, ask: ApiRequest) -> ApiResponse:
    """A job and its link; the same ones for a copy of the request under the same key.

    A key is no one's here: with another request it is refused, and tells nothing of the first.
    """
    order = ask.document(BookingBody)
    key = ask.idempotency_key
    if key is None:
        raise Problem("invalid", "send an Idempotency-Key, or a retry would book twice")
    flow = _bookable(api, order.tenant).flow
    api.count(FORM_OF_BUSINESS, order.tenant, ask.now)
    request = JobRequested(
        tenant=order.tenant,
        event_id=derived_id("booking", order.tenant, key),
        occurred_at=ask.now,
        actor=BOOKER,
        flow=flow,
        customer=Customer(name=order.name, phone=order.phone, language=order.language),
        place=Place(address=order.address),
        schedule=Schedule(window_start=order.window_start, window_end=order.window_end),
        note=order.what,
    )
    return booked_answer(api, order.tenant, api.create(request, ask.now, public=True))


def _bookable(api: Api, tenant: str) -> BusinessSettings:
    """Raises Problem, in the same words whether a business is not there or not public."""
    try:
        if not is_internal(tenant):
            return api.tenants.read(tenant)
    except UnknownTenant:
        pass
    raise Problem("invalid", "tenant: no business of that name takes bookings here")


def business(api: Api, ask: ApiRequest) -> ApiResponse:
    """What customers' pages need to know before anyone has booked."""
    tenant = ask.parameters["business"]
    if is_internal(tenant):
        raise Problem("unknown-business")
    try:
        return _business(api, tenant, ask.now)
    except UnknownTenant as error:
        raise Problem("unknown-business") from error


def business_of_job(api: Api, ask: ApiRequest) -> ApiResponse:
    """The business behind a tracking link: the public view does not say whose job it is."""
    job = _of_digest(api, ask)
    if job is None:
        raise UnknownJob
    return _business(api, job.tenant, ask.now)


def _business(api: Api, tenant: str, now: datetime) -> ApiResponse:
    document = public_document(api.tenants.read(tenant), now)
    return ApiResponse(200, document, {"Cache-Control": f"public, max-age={BUSINESS_CACHED_S}"})


def track(api: Api, ask: ApiRequest) -> ApiResponse:
    """The view, past every cache: for readers whose edge has stayed stale."""
    stored = _view(api, ask)
    etag = f'"{stored.value.rev}"'
    if etag in ask.known_etags:
        return ApiResponse(304, headers={"ETag": etag})
    return ApiResponse(200, stored.value, {"ETag": etag})


def place(api: Api, ask: ApiRequest) -> ApiResponse:
    """Where the crew is; one and the same no whatever the reason.

    The job itself is asked for its status: the view may be a moment behind.
    """
    job = _of_digest(api, ask)
    known = api.share_location.of(job, ask.now) if job else None
    if known is None:
        raise Problem("no-location")
    return ApiResponse(200, known)


def confirm(api: Api, ask: ApiRequest) -> ApiResponse:
    return _choose(api, ask, "confirm")


def cancel(api: Api, ask: ApiRequest) -> ApiResponse:
    return _choose(api, ask, "cancel")


def _choose(api: Api, ask: ApiRequest, move: str) -> ApiResponse:
    """A move by the holder of the link, who sends the token and not just its digest.

    What cannot be is refused here and now and leaves no record: a link is in anybody's hands, and
    a job has room for just so many records. What can be goes the way of every move.
    """
    request_body = ask.document(LinkHolderBody)
    job = _held(api, ask, request_body.token)
    if job.ledger and (job.ledger[-1].actor, job.ledger[-1].move) == (HOLDER, move):
        return _seen(job, "moved before")
    if why := _refusal(job, move, request_body.reason):
        raise refused(job, why, to_customer=True)
    request = JobMoveRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=derived_id("choice", job.job_id, move, str(job.seq), request_body.reason or ""),
        occurred_at=ask.now,
        actor=HOLDER,
        move=move,
        expected_rev=job.visible_rev,
        reason=request_body.reason,
    )
    verdict = api.advance(request, ask.now)
    return _seen(verdict.job, outcome_of(verdict, request, to_customer=True))


def _refusal(job: Job, move: str, reason: str | None) -> RefusalReason | None:
    flow = load_flow(job.flow)
    legal = legal_move(flow, job.status, move, None)
    if legal is None:
        return "illegal_move"
    if "customer" not in legal.by:
        return "not_allowed"
    if "reason" in legal.requires and not reason:
        return "reason_missing"
    return None


def _seen(job: Job, outcome: str) -> ApiResponse:
    return ApiResponse(
        200,
        view_of(job, load_flow(job.flow)),
        {"ETag": f'"{job.visible_rev}"'},
        about=(job.tenant, job.job_id),
        seq=job.seq,
        outcome=outcome,
    )


def _view(api: Api, ask: ApiRequest) -> Stored[View]:
    """Raises UnknownJob, in the same words whatever is wrong with the digest."""
    digest = ask.parameters["digest"]
    if not DIGEST.fullmatch(digest):
        raise UnknownJob
    try:
        stored = api.views.read(digest)
    except Corrupt as error:
        raise Unavailable("the view cannot be read; the next change repairs it") from error
    if stored is None:
        raise UnknownJob
    return stored


def _held(api: Api, ask: ApiRequest, token: str) -> Job:
    """The job whose link this is: digest and token belong together, and to it."""
    stored = _view(api, ask)
    proven = is_token(token) and compare_digest(digest_of(token), ask.parameters["digest"])
    if proven:
        for job in _jobs_named(api, stored.value.job_id):
            if compare_digest(job.token, token):
                return job
    raise UnknownJob


def _of_digest(api: Api, ask: ApiRequest) -> Job | None:
    """The job behind the digest, for those who know no more than that."""
    try:
        stored = _view(api, ask)
    except UnknownJob:
        return None
    digest = ask.parameters["digest"]
    jobs = _jobs_named(api, stored.value.job_id)
    return next((job for job in jobs if digest_of(job.token) == digest), None)


def _jobs_named(api: Api, job_id: str) -> Iterator[Job]:
    """A view does not say whose it is, and two businesses may have a job of the same id."""
    for tenant in api.tenants.names():
        try:
            yield api.jobs.read(tenant, job_id).value
        except (UnknownJob, Corrupt):  # the other business's is not this one's trouble
            continue
