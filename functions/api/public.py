"""What needs no session: booking a job, tracking it, and confirming or canceling it by its link."""

from datetime import datetime, timedelta
from hmac import compare_digest

from events import JobRequested
from functions.api.business import public_document
from functions.api.dependencies import Api
from functions.api.jobs import booked_response, derived_id
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import BookingBody
from functions.api.responses import ApiResponse
from functions.api.slots import slot_full, slots_of
from functions.people.rate_limits import Limit
from functions.protocol.ports import Corrupt, Stored, Unavailable, UnknownJob, UnknownTenant
from statemachine.business.business import BusinessSettings, is_internal
from statemachine.job.job import Customer, Job, Place, Schedule
from statemachine.rules.edits import SlotFull
from statemachine.rules.link import link_is_alive
from statemachine.values.ids import digest_of, is_token
from statemachine.values.values import Actor
from statemachine.views.views import View

BOOKER = Actor(kind="customer", id="booking")
BOOKINGS_PER_BUSINESS = Limit("business-bookings", most=200, window=timedelta(hours=1))
"""From all addresses together, so that a flood cannot exceed what a business can sort by hand. Only
jobs count: who finds a window full, or repeats a request, takes no one's turn."""
BUSINESS_CACHED_S = 300


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
    api.check_limit(BOOKINGS_PER_BUSINESS, body.tenant, request.now)
    requested = JobRequested(
        tenant=body.tenant,
        event_id=derived_id("booking", body.tenant, key),
        occurred_at=request.now,
        actor=BOOKER,
        flow=flow,
        customer=Customer(name=body.name, phone=body.phone, language=body.language),
        place=Place(address=body.address),
        schedule=Schedule(window_start=body.window_start, window_end=body.window_end),
        preferred_day=body.preferred_day,
        note=body.what,
        estimate=body.estimate,
        agreed_to_texts=body.agreed_to_texts,
        consent_wording=body.consent_wording,
    )
    try:
        booked = api.create(requested, request.now, public=True)
    except SlotFull as error:
        raise slot_full(api, body.tenant, request) from error
    if not booked.duplicate:
        api.limits.take(BOOKINGS_PER_BUSINESS, body.tenant, request.now)
    return booked_response(api, body.tenant, booked)


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
    job = job_of_digest(api, request)
    if job is None:
        raise UnknownJob
    return _business(api, job.tenant, request.now)


def _business(api: Api, tenant: str, now: datetime) -> ApiResponse:
    document = public_document(api.tenants.read(tenant), now)
    return ApiResponse(200, document, {"Cache-Control": f"public, max-age={BUSINESS_CACHED_S}"})


def read_slots_of_job(api: Api, request: ApiRequest) -> ApiResponse:
    """What can be booked with the business behind a tracking link, to move the job there."""
    job = job_of_digest(api, request)
    if job is None:
        raise UnknownJob
    return ApiResponse(200, slots_of(api, job.tenant, request))


def read_view(api: Api, request: ApiRequest) -> ApiResponse:
    """The view, not cached: for readers whose edge location has stayed stale."""
    stored, _ = _linked(api, request)
    etag = f'"{stored.value.rev}"'
    if etag in request.known_etags:
        return ApiResponse(304, headers={"ETag": etag})
    return ApiResponse(200, stored.value, {"ETag": etag})


def read_crew_location(api: Api, request: ApiRequest) -> ApiResponse:
    """The crew's location; the same refusal whatever the reason.

    The status comes from the job itself, because the view may lag behind it.
    """
    job = job_of_digest(api, request)
    location = api.share_location.of(job, request.now) if job else None
    if location is None:
        raise Problem("no-location")
    return ApiResponse(200, location)


def held_job(api: Api, request: ApiRequest, token: str) -> Job:
    """The job of this link, whose token proves it. Raises UnknownJob."""
    _, job = _linked(api, request)
    if not is_token(token) or not compare_digest(job.token, token):
        raise UnknownJob
    return job


def job_of_digest(api: Api, request: ApiRequest) -> Job | None:
    """The job behind the digest, for readers who know nothing else."""
    try:
        return _linked(api, request)[1]
    except UnknownJob:
        return None


def _linked(api: Api, request: ApiRequest) -> tuple[Stored[View], Job]:
    """The view under the digest and its job. Raises UnknownJob, whatever is wrong with the link:
    there was none, or it was replaced, was revoked, or has ended.

    The job decides, because a view may still be there for a moment.
    """
    digest = request.parameters["digest"]
    try:
        stored = api.views.read(digest)
    except Corrupt as error:
        raise Unavailable("the view cannot be read; the job's next change rewrites it") from error
    job = _job_of(api, stored.value) if stored else None
    if stored is None or job is None:
        raise UnknownJob
    if digest_of(job.token) != digest or not link_is_alive(job, request.now):
        raise UnknownJob
    return stored, job


def _job_of(api: Api, view: View) -> Job | None:
    """The job that a view is about; None if it is gone or cannot be read."""
    try:
        return api.jobs.read(view.business, view.job_id).value
    except (UnknownJob, Corrupt):
        return None
