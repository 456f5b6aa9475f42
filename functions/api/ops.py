"""Ops: how the whole is doing, one job's story, and what a person can have repaired."""

import re

from functions.api.dependencies import Api
from functions.api.ops_models import (
    DeadLettersBody,
    DeadLettersDocument,
    OpenJobsDocument,
    RepairDocument,
)
from functions.api.problems import Problem
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from statemachine.values import JOB_ID_PATTERN


def overview(api: Api, ask: ApiRequest) -> ApiResponse:
    seen = api.ops().overview(ask.who.tenant, ask.now, own_letters_only=True)
    return ApiResponse(200, seen, compress=True)


def explain(api: Api, ask: ApiRequest) -> ApiResponse:
    job_id = _job_id(ask)
    story = api.ops().explain(ask.who.tenant, job_id, ask.now)
    return ApiResponse(200, story, about=(ask.who.tenant, job_id), compress=True)


def open_jobs(api: Api, ask: ApiRequest) -> ApiResponse:
    """From the index and not from the board, which may be what has to be repaired."""
    job_ids = tuple(sorted(api.ops().open_jobs(ask.who.tenant)))
    return ApiResponse(200, OpenJobsDocument(job_ids=job_ids, as_of=ask.now), compress=True)


def repair(api: Api, ask: ApiRequest) -> ApiResponse:
    """What a person asks for is done at once and not by the next round of the watchdog."""
    job_id = _job_id(ask)
    repairs = api.ops().repair(ask.who.tenant, job_id)
    document = RepairDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})
    return ApiResponse(200, document, about=(ask.who.tenant, job_id), outcome="redriven")


def dead_letters(api: Api, ask: ApiRequest) -> ApiResponse:
    letters = api.ops().letters.show(ask.parameters["queue"], ask.who.tenant)
    return ApiResponse(200, DeadLettersDocument(letters=letters, as_of=ask.now))


def replay(api: Api, ask: ApiRequest) -> ApiResponse:
    request_body = ask.document(DeadLettersBody)
    queue, tenant = ask.parameters["queue"], ask.who.tenant
    done = api.ops().letters.replay(queue, request_body.message_ids, tenant)
    return ApiResponse(200, done, outcome="letters replayed")


def discard(api: Api, ask: ApiRequest) -> ApiResponse:
    request_body = ask.document(DeadLettersBody)
    queue, tenant = ask.parameters["queue"], ask.who.tenant
    done = api.ops().letters.discard(queue, request_body.message_ids, tenant)
    return ApiResponse(200, done, outcome="letters discarded")


def _job_id(ask: ApiRequest) -> str:
    job_id = ask.parameters["job_id"]
    if not re.fullmatch(JOB_ID_PATTERN, job_id):
        raise Problem("unknown-job")
    return job_id
