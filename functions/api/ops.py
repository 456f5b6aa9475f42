"""For ops: the overview, a job's timeline, repair, and dead-letter queues."""

from functions.api.dependencies import Api
from functions.api.ops_models import (
    DeadLettersBody,
    DeadLettersDocument,
    OpenJobsDocument,
    RepairDocument,
)
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse


def read_overview(api: Api, request: ApiRequest) -> ApiResponse:
    document = api.ops().overview(request.session.tenant, request.now, own_dead_letters_only=True)
    return ApiResponse(200, document, compress=True)


def explain_job(api: Api, request: ApiRequest) -> ApiResponse:
    job_id, tenant = request.parameters["job_id"], request.session.tenant
    document = api.ops().explain(tenant, job_id, request.now)
    return ApiResponse(200, document, about=(tenant, job_id), compress=True)


def list_open_jobs(api: Api, request: ApiRequest) -> ApiResponse:
    """From the index of open jobs: the board may be the very thing that needs repair."""
    job_ids = tuple(sorted(api.ops().open_jobs(request.session.tenant)))
    return ApiResponse(200, OpenJobsDocument(job_ids=job_ids, as_of=request.now), compress=True)


def repair_job(api: Api, request: ApiRequest) -> ApiResponse:
    """Repairs at once, without waiting for the watchdog's next round."""
    job_id, tenant = request.parameters["job_id"], request.session.tenant
    repairs = api.ops().repair(tenant, job_id)
    document = RepairDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})
    return ApiResponse(200, document, about=(tenant, job_id), outcome="repaired")


def list_dead_letters(api: Api, request: ApiRequest) -> ApiResponse:
    messages = api.ops().dead_letters.show(request.parameters["queue"], request.session.tenant)
    return ApiResponse(200, DeadLettersDocument(messages=messages, as_of=request.now))


def redrive_dead_letters(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(DeadLettersBody)
    queue, tenant = request.parameters["queue"], request.session.tenant
    result = api.ops().dead_letters.redrive(queue, body.message_ids, tenant)
    return ApiResponse(200, result, outcome="dead letters redriven")


def discard_dead_letters(api: Api, request: ApiRequest) -> ApiResponse:
    body = request.document(DeadLettersBody)
    queue, tenant = request.parameters["queue"], request.session.tenant
    result = api.ops().dead_letters.discard(queue, body.message_ids, tenant)
    return ApiResponse(200, result, outcome="dead letters discarded")
