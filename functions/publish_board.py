"""Step 5: the Lambda that writes the board (`views/board.py`)."""

from typing import Any

from functions.aws.container import (
    FromQueue,
    HasJobs,
    batch_consumer,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.clock import utc_now
from functions.views.board import PublishBoard


class Settings(FromQueue, HasJobs):
    pass


@once
def wire() -> tuple[PublishBoard, BatchConsumer[JobRef]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    return PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket)), batch_consumer(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    publish, messages = wire()

    return messages.deliver_together(event, lambda refs: publish.together(refs, utc_now()))
