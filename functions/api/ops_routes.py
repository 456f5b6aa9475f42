"""Routes for ops: overview, timeline, repair, and dead-letter queues."""

from functions.api import ops
from functions.api.ops_models import (
    DeadLettersBody,
    DeadLettersDocument,
    DeadLettersResult,
    OpenJobsDocument,
    OpsDocument,
    RepairDocument,
    TimelineDocument,
)
from functions.api.route import OPS, Route

OPS_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/ops",
        summary="System overview",
        roles=OPS,
        handler=ops.read_overview,
        responses={200: OpsDocument},
    ),
    Route(
        method="GET",
        path="/api/ops/jobs",
        summary="The open jobs",
        roles=OPS,
        handler=ops.list_open_jobs,
        responses={200: OpenJobsDocument},
    ),
    Route(
        method="GET",
        path="/api/ops/jobs/<job_id>",
        summary="A job's timeline and diagnosis",
        roles=OPS,
        handler=ops.explain_job,
        responses={200: TimelineDocument},
        problems=("unknown-job",),
    ),
    Route(
        method="POST",
        path="/api/ops/jobs/<job_id>/repair",
        summary="Repair a job now, as the watchdog does",
        roles=OPS,
        handler=ops.repair_job,
        responses={200: RepairDocument},
        problems=("unknown-job",),
    ),
    Route(
        method="GET",
        path="/api/ops/dead-letters/<queue>",
        summary="The messages of a dead-letter queue, at most 100",
        roles=OPS,
        handler=ops.list_dead_letters,
        responses={200: DeadLettersDocument},
        problems=("unknown-queue",),
    ),
    Route(
        method="POST",
        path="/api/ops/dead-letters/<queue>/redrive",
        summary="Redrive messages of a dead-letter queue",
        roles=OPS,
        handler=ops.redrive_dead_letters,
        responses={200: DeadLettersResult},
        body=DeadLettersBody,
        problems=("unknown-queue", "not-redrivable"),
    ),
    Route(
        method="POST",
        path="/api/ops/dead-letters/<queue>/discard",
        summary="Discard messages of a dead-letter queue",
        roles=OPS,
        handler=ops.discard_dead_letters,
        responses={200: DeadLettersResult},
        body=DeadLettersBody,
        problems=("unknown-queue",),
    ),
)
