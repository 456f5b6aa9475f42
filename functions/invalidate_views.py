"""Step 6: the Lambda that invalidates changed views at the edge (`views/invalidate.py`)."""

from typing import Any

from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.container import (
    FromQueue,
    HasJobs,
    HasRoster,
    batch_consumer,
    client,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.invalidation_counter import DynamoInvalidationCounter
from functions.aws.invalidation_usage import S3InvalidationUsage
from functions.aws.metrics import LogMetrics
from functions.aws.s3_stores import S3Jobs
from functions.protocol.batches import BatchConsumer, JobRef
from functions.views.invalidate import InvalidateViews


class Settings(FromQueue, HasJobs, HasRoster):
    distribution_id: str
    invalidation_paths_per_month: int


@once
def wire() -> tuple[InvalidateViews, BatchConsumer[JobRef]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    invalidate = InvalidateViews(
        jobs=S3Jobs(s3, settings.jobs_bucket),
        cdn=CloudFrontCdn(client("cloudfront"), settings.distribution_id),
        counter=DynamoInvalidationCounter(client("dynamodb"), settings.crew_roster),
        usage=S3InvalidationUsage(s3, settings.jobs_bucket),
        budget=settings.invalidation_paths_per_month,
        metrics=LogMetrics(),
    )
    return invalidate, batch_consumer(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    invalidate, messages = wire()

    def all_jobs(refs: list[JobRef]) -> list[Exception | None]:
        errors = invalidate(refs)
        log.info("views invalidated", messages=len(refs), failed=sum(map(bool, errors)))
        return errors

    return messages.deliver_together(event, all_jobs)
