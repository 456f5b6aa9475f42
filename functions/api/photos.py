"""Photos of a job, its proof of service: announced, uploaded by the phone, then added."""

from functions.api.dependencies import Api
from functions.api.jobs import actor_of, done_before, job_of, job_response
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import PhotoBody
from functions.api.response_models import PhotoDocument, UploadDocument
from functions.api.responses import ApiResponse, acts_on
from functions.photos.add_photo import PhotoRequest, UploadTarget
from statemachine.job.job import Job
from statemachine.rules.proof_of_service import photo_id_of


def announce_photo(api: Api, request: ApiRequest) -> ApiResponse:
    """201 and where to upload the photo; 200 and no upload if the job already has this photo."""
    body = request.document(PhotoBody)
    job = job_of(api, request)
    if not acts_on(request.session, job):
        return done_before(request.session, job, body.event_id)
    wanted = _photo_request(body, job, request)
    return announced_response(job, *api.add_photo.announce(job, wanted, request.now))


def announced_response(job: Job, photo_id: str, upload: UploadTarget | None) -> ApiResponse:
    document = PhotoDocument(
        photo_id=photo_id,
        upload=UploadDocument(url=upload.path, headers=upload.headers) if upload else None,
    )
    outcome = "photo announced" if upload else "photo already added"
    return ApiResponse(
        201 if upload else 200, document, about=(job.tenant, job.job_id), outcome=outcome
    )


def add_photo(api: Api, request: ApiRequest) -> ApiResponse:
    """The job with the uploaded photo; a copy of the request changes nothing."""
    body = request.document(PhotoBody)
    job = job_of(api, request)
    if not acts_on(request.session, job):
        return done_before(request.session, job, body.event_id)
    if request.parameters["photo_id"] != photo_id_of(job, body.event_id):
        raise Problem("invalid", "photo_id does not belong to event_id; announce the photo first")
    added = api.add_photo(job, _photo_request(body, job, request), request.now)
    return job_response(api, request, added, outcome="photo added")


def _photo_request(body: PhotoBody, job: Job, request: ApiRequest) -> PhotoRequest:
    return PhotoRequest(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=body.event_id,
        occurred_at=body.occurred_at,
        actor=actor_of(request.session),
        kind=body.kind,
        media_type=body.media_type,
        size=body.bytes,
    )
