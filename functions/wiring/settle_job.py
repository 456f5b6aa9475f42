"""`SettleJob` on AWS, for `settle_job` and `register_wait`."""

from functions.aws.container import (
    Announces,
    HasJobs,
    HasViews,
    client,
    one_attempt,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.metrics import LogMetrics
from functions.aws.s3_stores import S3Jobs
from functions.jobs.settle import SettleJob


class SettleSettings(HasJobs, HasViews, Announces):
    """What is needed to settle a status."""


def settle_job_of(settings: SettleSettings) -> SettleJob:
    s3 = one_attempt("s3")
    return SettleJob(
        jobs=S3Jobs(s3, settings.jobs_bucket),
        views=public_views(s3, settings),
        bus=EventBridgeBus(client("events"), settings.bus_name),
        metrics=LogMetrics(),
    )
