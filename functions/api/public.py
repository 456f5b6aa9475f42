"""What needs no session: booking a job, tracking it, and confirming or canceling it by its link."""

import re
from datetime import datetime, timedelta
from hmac import compare_digest

from events import JobMoveRequested, JobRequested
from functions.api.business import public_document
from functions.api.dependencies import Api
from functions.api.jobs import booked_response, derived_id
from functions.api.move_outcome import outcome_of, refused
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import BookingBody, LinkHolderBody
from functions.api.responses import ApiResponse
from functions.people.rate_limits import Limit
from functions.protocol.ports import Corrupt, Stored, Unavailable, UnknownJob, UnknownTenant
from statemachine.business import BusinessSettings, is_internal
from statemachine.flow_machine import legal_move
from statemachine.flows import load_flow
from statemachine.ids import digest_of, is_token
from statemachine.job import Customer, Job, Place, Schedule
from statemachine.records import RefusalReason
from statemachine.values import Actor
from statemachine.views import View, view_of

BOOKER = Actor(kind="customer", id="booking")
LINK_HOLDER = Actor(kind="customer", id="link")
BOOKINGS_PER_BUSINESS = Limit("business-bookings", most=200, window=timedelta(hours=1))
"""From all addresses together, so that a flood cannot exceed what a business can sort by hand."""
BUSINESS_CACHED_S = 300
DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)


def book(api: Api, request: ApiRequest) -> ApiResponse:
    """A job and its link; the same ones for a copy of the request with the same key.

    Keys belong to no account here. A used key with a different request is refused, and the
    refusal reveals nothing about the first request.
    """
    body = request.document(BookingBody)
    key = request.idempotency_key
    if key is None:
        raise Problem("invalid", "send an Idempotency-Key; without one a retry would book twice")
    flow = _bookable(api, body.tenant).flow
    api.count(BOOKINGS_PER_BUSINESS, body.tenant, request.now)
    requested = JobRequested(
        tenant=body.tenant,
        event_id=derived_id("booking", body.tenant, key),
        occurred_at=request.now,
        actor=BOOKER,
        flow=flow,
        customer=Customer(name=body.name, phone=body.phone, language=body.language),
        place=Place(address=body.address),
        schedule=Schedule(window_start=body.window_start, window_end=body.window_end),
        note=body.what,
        estimate=body.estimate,
    )
    return booked_response(api, body.tenant, api.create(requested, request.now, public=True))


def _bookable(api: Api, tenant: str) -> BusinessSettings:
    """Raises the same Problem whether the business does not exist or is internal."""
    try:
        if not is_internal(tenant):
            return api.tenants.read(tenant)
    except UnknownTenant:
        pass
    raise Problem("invalid", "tenant: no business with that name takes bookings here")


def read_business(api: Api, request: ApiRequest) -> ApiResponse:
    """What the customers' pages need before anyone has booked."""
    tenant = request.parameters["business"]
    if is_internal(tenant):
        raise Problem("unknown-business")
    try:
        return _business(api, tenant, request.now)
    except UnknownTenant as error:
        raise Problem("unknown-business") from error


def read_business_of_job(api: Api, request: ApiRequest) -> ApiResponse:
    """The business behind a tracking link."""
    job = _of_digest(api, request)
    if job is None:
        raise UnknownJob
    return _business(api, job.tenant, request.now)


def _business(api: Api, tenant: str, now: datetime) -> ApiResponse:
    document = public_document(api.tenants.read(tenant), now)
    return ApiResponse(200, document, {"Cache-Control": f"public, max-age={BUSINESS_CACHED_S}"})


def read_view(api: Api, request: ApiRequest) -> ApiResponse:
    """The view, not cached: for readers whose edge location has stayed stale."""
    stored = _view(api, request)
    etag = f'"{stored.value.rev}"'
    if etag in request.known_etags:
        return ApiResponse(304, headers={"ETag": etag})
    return ApiResponse(200, stored.value, {"ETag": etag})


def read_crew_location(api: Api, request: ApiRequest) -> ApiResponse:
    """The crew's location; the same refusal whatever the reason.

    The status comes from the job itself, because the view may lag behind it.
    """
    job = _of_digest(api, request)
    location = api.share_location.of(job, request.now) if job else None
    if location is None:
        raise Problem("no-location")
    return ApiResponse(200, location)


def confirm(api: Api, request: ApiRequest) -> ApiResponse:
    return _choose(api, request, "confirm")


def cancel(api: Api, request: ApiRequest) -> ApiResponse:
    return _choose(api, request, "cancel")


def _choose(api: Api, request: ApiRequest, move: str) -> ApiResponse:
    """A move by the holder of the link, who sends the token and not only its digest.

    A move that is not possible is refused here, without a record: anyone may have the link, and a
    job's record has limited room. A possible move takes the same way as every other move.
    """
    body = request.document(LinkHolderBody)
    job = _held(api, request, body.token)
    if job.ledger and (job.ledger[-1].actor, job.ledger[-1].move) == (LINK_HOLDER, move):
        return _view_response(job, "already moved")
    if why := _refusal(job, move, body.reason):
        raise refused(job, why, to_customer=True)
    requested = JobMoveRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=derived_id("choice", job.job_id, move, str(job.seq), body.reason or ""),
        occurred_at=request.now,
        actor=LINK_HOLDER,
        move=move,
        expected_rev=job.rev,
        reason=body.reason,
    )
    verdict = api.advance(requested, request.now)
    return _view_response(verdict.job, outcome_of(verdict, requested, to_customer=True))


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


def _view_response(job: Job, outcome: str) -> ApiResponse:
    return ApiResponse(
        200,
        view_of(job, load_flow(job.flow)),
        {"ETag": f'"{job.rev}"'},
        about=(job.tenant, job.job_id),
        seq=job.seq,
        outcome=outcome,
    )


def _view(api: Api, request: ApiRequest) -> Stored[View]:
    """Raises the same UnknownJob whatever is wrong with the digest."""
    digest = request.parameters["digest"]
    if not DIGEST.fullmatch(digest):
        raise UnknownJob
    try:
        stored = api.views.read(digest)
    except Corrupt as error:
        raise Unavailable("the view cannot be read; the job's next change rewrites it") from error
    if stored is None:
        raise UnknownJob
    return stored


def _held(api: Api, request: ApiRequest, token: str) -> Job:
    """The job of this link: both the digest and the token must be its own."""
    stored = _view(api, request)
    proven = is_token(token) and compare_digest(digest_of(token), request.parameters["digest"])
    job = _job_of(api, stored.value) if proven else None
    if job is None or not compare_digest(job.token, token):
        raise UnknownJob
    return job


def _of_digest(api: Api, request: ApiRequest) -> Job | None:
    """The job behind the digest, for readers who know nothing else."""
    try:
        stored = _view(api, request)
    except UnknownJob:
        return None
    job = _job_of(api, stored.value)
    return job if job and digest_of(job.token) == request.parameters["digest"] else None


def _job_of(api: Api, view: View) -> Job | None:
    """The job that a view is about; None if it is gone or cannot be read."""
    try:
        return api.jobs.read(view.business, view.job_id).value
    except (UnknownJob, Corrupt):
        return None
