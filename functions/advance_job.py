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
    once,
    one_attempt,
    read_settings,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.s3_stores import S3Jobs
from functions.jobs.advance import AdvanceJob
from functions.protocol.batches import BatchConsumer
from functions.protocol.clock import utc_now
from functions.wiring.executions import executions_of


class Settings(FromQueue, HasJobs, Announces, RunsMachines):
    pass


@once
def wire() -> tuple[AdvanceJob, BatchConsumer[JobMoveRequested]]:
    settings = read_settings(Settings)
    advance = AdvanceJob(
        jobs=S3Jobs(one_attempt("s3"), settings.jobs_bucket),
        executions=executions_of(settings),
        bus=EventBridgeBus(client("events"), settings.bus_name),
    )
    return advance, batch_consumer(JobMoveRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    advance, messages = wire()

    def one(request: JobMoveRequested) -> None:
        verdict = advance(request, utc_now())
        outcome, job = type(verdict).__name__.lower(), verdict.job
        log.info(outcome, tenant=job.tenant, job=job.job_id, seq=job.seq, status=job.status)

    return messages.deliver(event, one)
