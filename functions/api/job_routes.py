"""Routes of the board and its jobs."""

from functions.api import board, jobs
from functions.api.request_models import EditBody, JobsQuery, MoveBody, NewJobBody
from functions.api.response_models import BookedDocument, FlowsDocument, JobDocument, JobsDocument
from functions.api.route import CREW, DISPATCHER, MOVE_REFUSED, SIGNED_IN, Route

JOB_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/flows",
        summary="The flows: statuses, moves, labels, and colors",
        roles=SIGNED_IN,
        handler=board.list_flows,
        responses={200: FlowsDocument, 304: None},
        headers=("If-None-Match",),
    ),
    Route(
        method="GET",
        path="/api/jobs",
        summary="The board; crew see only the jobs they are on",
        roles=SIGNED_IN,
        handler=board.list_jobs,
        responses={200: JobsDocument, 304: None},
        query=JobsQuery,
        headers=("If-None-Match",),
        problems=("invalid",),
    ),
    Route(
        method="POST",
        path="/api/jobs",
        summary="Create a job",
        roles=DISPATCHER,
        handler=jobs.create_job,
        responses={201: BookedDocument, 200: BookedDocument},
        body=NewJobBody,
        headers=("Idempotency-Key",),
        problems=("unknown-flow", "idempotency-key-reused"),
    ),
    Route(
        method="GET",
        path="/api/jobs/<job_id>",
        summary="A job with its history, refused moves, and legal moves",
        roles=SIGNED_IN,
        handler=jobs.read_job,
        responses={200: JobDocument},
        problems=("unknown-job",),
    ),
    Route(
        method="POST",
        path="/api/jobs/<job_id>/moves",
        summary="Move a job",
        roles=CREW,
        handler=jobs.move_job,
        responses={200: JobDocument, 202: JobDocument, 204: None},
        body=MoveBody,
        problems=("unknown-job", *MOVE_REFUSED),
    ),
    Route(
        method="PATCH",
        path="/api/jobs/<job_id>",
        summary="Change a job's details",
        roles=CREW,
        handler=jobs.edit_job,
        responses={200: JobDocument, 204: None},
        body=EditBody,
        headers=("If-Match", "Idempotency-Key"),
        problems=(
            "unknown-job",
            "job-changed",
            "crew-unavailable",
            "crew-taken",
            "event-id-used",
            "edit-reason-missing",
            "amount-missing",
            "if-match-missing",
            "records-full",
            "notes-full",
            "idempotency-key-reused",
        ),
    ),
)
