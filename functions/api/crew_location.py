"""The crew's location, shared by a phone while the job is under way."""

from functions.api.dependencies import Api
from functions.api.jobs import visible_job
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.request_models import LocationBody
from functions.api.responses import ApiResponse, works_on
from functions.people.crew_location import rounded
from statemachine.job.job import Job


def share_location(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(LocationBody)
    job = _own_job(api, request)
    location = rounded(body.latitude, body.longitude, body.occurred_at)
    api.share_location.share(job, location, request.now)
    return ApiResponse(204, about=(job.tenant, job.job_id), outcome="location shared")


def stop_sharing_location(api: Api, request: ApiRequest) -> ApiResponse:
    """Deletes the location at once."""
    job = _own_job(api, request)
    api.share_location.stop(job)
    return ApiResponse(204, about=(job.tenant, job.job_id), outcome="location deleted")


def _own_job(api: Api, request: ApiRequest) -> Job:
    """Only the job's own crew may share its location: no one else knows where it is."""
    job = visible_job(api, request)
    if not works_on(request.session, job):
        raise Problem("not-allowed", about=(job.tenant, job.job_id))
    return job
