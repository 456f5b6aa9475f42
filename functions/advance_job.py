"""Step 2: the Lambda that makes moves (`jobs/advance.py`)."""

from typing import Any

from events import JobMoveRequested
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    RunsMachines,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.s3_stores import S3Jobs
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.jobs.advance import AdvanceJob
from functions.protocol.batches import BatchConsumer, once


class Settings(FromQueue, HasJobs, Announces, RunsMachines):
    pass


@once
def wire() -> tuple[AdvanceJob, BatchConsumer[JobMoveRequested]]:
    settings = read_settings(Settings)
    advance = AdvanceJob(
        S3Jobs(one_attempt("s3"), settings.jobs_bucket),
        StepFunctionsExecutions(
            client("stepfunctions"), settings.machine_prefix, settings.machine_alias
        ),
        EventBridgeBus(client("events"), settings.bus_name),
    )
    return advance, batch_consumer(JobMoveRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    advance, messages = wire()

    def one(request: JobMoveRequested) -> None:
        verdict = advance(request, utc_now())
        outcome, job = type(verdict).__name__.lower(), verdict.job
        log.info(outcome, tenant=job.tenant, job=job.job_id, seq=job.seq, status=job.status)

    return messages.deliver(event, one)
