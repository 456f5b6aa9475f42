"""Step 2, for details: the Lambda that makes edits (`jobs/edit.py`)."""

from typing import Any

from events import JobEditRequested
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasRoster,
    HasViews,
    batch_consumer,
    client,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.stepfunctions import StepFunctionsTaskTokens
from functions.jobs.edit import EditJob
from functions.protocol.batches import BatchConsumer
from functions.protocol.clock import utc_now
from functions.wiring.assign_crew import assign_crew_of
from functions.wiring.take_slot import take_slot_of
from statemachine.rules.edits import EditRefused


class Settings(FromQueue, HasJobs, HasRoster, HasViews, Announces):
    pass


@once
def wire() -> tuple[EditJob, BatchConsumer[JobEditRequested]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs, tenants = S3Jobs(s3, settings.jobs_bucket), S3Tenants(s3, settings.jobs_bucket)
    edit = EditJob(
        jobs=jobs,
        views=public_views(s3, settings),
        bus=EventBridgeBus(client("events"), settings.bus_name),
        crew=assign_crew_of(settings, jobs, tenants),
        slots=take_slot_of(settings, jobs, tenants),
        task_tokens=StepFunctionsTaskTokens(client("stepfunctions")),
    )
    return edit, batch_consumer(JobEditRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    edit, messages = wire()

    def one(request: JobEditRequested) -> None:
        try:
            job = edit(request, utc_now())
        except EditRefused as refused:  # on the record and announced: nothing is left to do
            log.info("refused", tenant=request.tenant, job=request.job_id, why=refused.why)
            return
        log.info("edited", tenant=job.tenant, job=job.job_id, rev=job.rev)

    return messages.deliver(event, one)
