"""Step 6: the Lambda that invalidates changed views at the edge (`views/invalidate.py`)."""

from typing import Any

from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.container import (
    FromQueue,
    HasJobs,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
)
from functions.aws.invalidation_usage import S3InvalidationUsage
from functions.aws.metrics import LogMetrics
from functions.aws.s3_stores import S3Jobs
from functions.protocol.batches import BatchConsumer, JobRef, once
from functions.views.invalidate import InvalidateViews


class Settings(FromQueue, HasJobs):
    distribution_id: str
    invalidation_paths_per_month: int


@once
def wire() -> tuple[InvalidateViews, BatchConsumer[JobRef]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    forget = InvalidateViews(
        S3Jobs(s3, settings.jobs_bucket),
        CloudFrontCdn(client("cloudfront"), settings.distribution_id),
        S3InvalidationUsage(s3, settings.jobs_bucket),
        settings.invalidation_paths_per_month,
        LogMetrics(),
    )
    return forget, batch_consumer(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    forget, messages = wire()

    def all_jobs(refs: list[JobRef]) -> list[Exception | None]:
        errors = forget(refs)
        log.info("edge forgets", messages=len(refs), failed=sum(map(bool, errors)))
        return errors

    return messages.deliver_together(event, all_jobs)
