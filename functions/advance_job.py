"""Step 2: the Lambda that makes moves (`jobs/advance.py`)."""

from typing import Any

from events import JobMoveRequested
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    HasRoster,
    RunsMachines,
    batch_consumer,
    client,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.jobs.advance import AdvanceJob
from functions.protocol.batches import BatchConsumer
from functions.protocol.clock import utc_now
from functions.wiring.executions import executions_of
from functions.wiring.take_slot import take_slot_of


class Settings(FromQueue, HasJobs, HasRoster, Announces, RunsMachines):
    pass


@once
def wire() -> tuple[AdvanceJob, BatchConsumer[JobMoveRequested]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs, tenants = S3Jobs(s3, settings.jobs_bucket), S3Tenants(s3, settings.jobs_bucket)
    advance = AdvanceJob(
        jobs=jobs,
        executions=executions_of(settings),
        bus=EventBridgeBus(client("events"), settings.bus_name),
        slots=take_slot_of(settings, jobs, tenants),
        log=log,
    )
    return advance, batch_consumer(JobMoveRequested, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    advance, messages = wire()

    def one(request: JobMoveRequested) -> None:
        verdict = advance(request, utc_now())
        outcome, job = type(verdict).__name__.lower(), verdict.job
        log.info(outcome, tenant=job.tenant, job=job.job_id, seq=job.seq, status=job.status)

    return messages.deliver(event, one)
