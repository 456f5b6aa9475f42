"""Photos by the holder of a tracking link: of what is to be hauled, for the crew."""

from functions.api.customer_bodies import CustomerPhotoBody
from functions.api.dependencies import Api
from functions.api.jobs import derived_id
from functions.api.link_holder import LINK_HOLDER, view_response
from functions.api.photos import announced_response
from functions.api.problems import Problem
from functions.api.public import held_job
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.photos.add_photo import PhotoRequest
from statemachine.job.job import Job
from statemachine.rules.proof_of_service import photo_id_of


def announce_customer_photo(api: Api, request: ApiRequest) -> ApiResponse:
    """201 and where to upload the photo; 200 and no upload if the job already has this photo."""
    body = request.document(CustomerPhotoBody)
    job = held_job(api, request, body.token)
    wanted = _photo_request(body, job, request)
    return announced_response(job, *api.add_photo.announce(job, wanted, request.now))


def add_customer_photo(api: Api, request: ApiRequest) -> ApiResponse:
    """The view after the photo was added; a copy of the request changes nothing."""
    body = request.document(CustomerPhotoBody)
    job = held_job(api, request, body.token)
    wanted = _photo_request(body, job, request)
    if request.parameters["photo_id"] != photo_id_of(job, wanted.event_id):
        raise Problem("invalid", "photo_id does not belong to event_id; announce the photo first")
    return view_response(api.add_photo(job, wanted, request.now), "photo added")


def _photo_request(body: CustomerPhotoBody, job: Job, request: ApiRequest) -> PhotoRequest:
    return PhotoRequest(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=derived_id("photo", job.job_id, body.event_id),
        occurred_at=request.now,
        actor=LINK_HOLDER,
        kind="customer",
        media_type=body.media_type,
        size=body.bytes,
    )
