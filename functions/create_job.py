"""Step 1: the Lambda that books jobs, from the bus or invoked with a request (`jobs/create.py`)."""

from typing import Any

from pydantic import ValidationError

from events import JobRequested
from functions.aws.container import (
    FromQueue,
    HasJobs,
    HasRoster,
    HasViews,
    RunsMachines,
    batch_consumer,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.invalidation_usage import public_views
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.jobs.create import Booked, CreateJob
from functions.protocol.batches import PERMANENT_ERRORS, BatchConsumer, check_outside
from functions.protocol.clock import utc_now
from functions.protocol.field_errors import field_errors
from functions.wiring.executions import executions_of
from functions.wiring.take_slot import take_slot_of


class Settings(FromQueue, HasJobs, HasRoster, HasViews, RunsMachines):
    pass


@once
def wire() -> tuple[CreateJob, BatchConsumer[JobRequested]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs, tenants = S3Jobs(s3, settings.jobs_bucket), S3Tenants(s3, settings.jobs_bucket)
    create = CreateJob(
        jobs=jobs,
        views=public_views(s3, settings),
        executions=executions_of(settings),
        tenants=tenants,
        slots=take_slot_of(settings, jobs, tenants),
    )
    return create, batch_consumer(JobRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From the queue: the failures of the batch. Invoked with a request: `Booked`, or `error`."""
    create, messages = wire()

    def one(request: JobRequested) -> Booked:
        booked = create(request, utc_now())
        log.info("booked", tenant=request.tenant, job=booked.job_id, duplicate=booked.duplicate)
        return booked

    if "Records" in event:
        return messages.deliver(event, one)
    try:
        request = JobRequested.model_validate(event)
        check_outside(request)
        return one(request).model_dump(mode="json")
    except ValidationError as error:
        return {"error": "Invalid", "detail": "; ".join(field_errors(error))}
    except PERMANENT_ERRORS as error:
        return {"error": type(error).__name__, "detail": str(error)}
