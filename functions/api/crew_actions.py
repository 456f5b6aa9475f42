"""What a crew's phone adds to its job: photos, and where it is."""

from functions.api.crew_models import LocationBody, PhotoBody, PhotoDocument, UploadDocument
from functions.api.dependencies import Api
from functions.api.jobs import actor_of, done_before, job_of, shown, visible_job
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, acts_on, works_on
from functions.people.crew_location import rounded
from functions.photos.add_photo import PhotoRequest
from statemachine.job import Job
from statemachine.proof_of_service import photo_id_of


def announce_photo(api: Api, ask: ApiRequest) -> ApiResponse:
    """Where to upload it; 200 and no upload where the job has this very photo already."""
    request_body = ask.document(PhotoBody)
    job = job_of(api, ask)
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, request_body.event_id)
    photo_id, upload = api.add_photo.announce(job, _wanted(request_body, job, ask), ask.now)
    document = PhotoDocument(
        photo_id=photo_id,
        upload=UploadDocument(url=upload.path, headers=upload.headers) if upload else None,
    )
    outcome = "photo announced" if upload else "photo there before"
    return ApiResponse(
        201 if upload else 200, document, about=(job.tenant, job.job_id), outcome=outcome
    )


def add_photo(api: Api, ask: ApiRequest) -> ApiResponse:
    """The job with the photo, once it has been uploaded; a copy of the request changes nothing."""
    request_body = ask.document(PhotoBody)
    job = job_of(api, ask)
    if not acts_on(ask.who, job):
        return done_before(ask.who, job, request_body.event_id)
    if ask.parameters["photo_id"] != photo_id_of(job, request_body.event_id):
        raise Problem("invalid", "photo_id is not that of event_id; announce the photo first")
    return shown(
        api, ask, api.add_photo(job, _wanted(request_body, job, ask), ask.now), outcome="photo"
    )


def share_location_now(api: Api, ask: ApiRequest) -> ApiResponse:
    request_body = ask.document(LocationBody)
    job = _crews_job(api, ask)
    place = rounded(request_body.latitude, request_body.longitude, request_body.occurred_at)
    api.share_location.tell(job, place, ask.now)
    return ApiResponse(204, about=(job.tenant, job.job_id), outcome="place told")


def stop_telling(api: Api, ask: ApiRequest) -> ApiResponse:
    """The switch is off: what was told is forgotten at once."""
    job = _crews_job(api, ask)
    api.share_location.stop(job)
    return ApiResponse(204, about=(job.tenant, job.job_id), outcome="place forgotten")


def _crews_job(api: Api, ask: ApiRequest) -> Job:
    """A place is told by those who are there: the job's crew, and no one for them."""
    job = visible_job(api, ask)
    if not works_on(ask.who, job):
        raise Problem("not-allowed", about=(job.tenant, job.job_id))
    return job


def _wanted(request_body: PhotoBody, job: Job, ask: ApiRequest) -> PhotoRequest:
    return PhotoRequest(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=request_body.event_id,
        occurred_at=request_body.occurred_at,
        actor=actor_of(ask.who),
        kind=request_body.kind,
        media_type=request_body.media_type,
        size=request_body.bytes,
    )
