"""Step 5: the Lambda that writes the board and the index (`views/board.py`)."""

from typing import Any

from functions.aws.container import (
    FromQueue,
    HasIndex,
    HasJobs,
    batch_consumer,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.job_index import DynamoJobIndex
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.protocol.batches import BatchConsumer, JobRef
from functions.protocol.clock import utc_now
from functions.views.board import PublishBoard
from functions.views.job_index import IndexJob


class Settings(FromQueue, HasJobs, HasIndex):
    pass


@once
def wire() -> tuple[PublishBoard, BatchConsumer[JobRef]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    index = DynamoJobIndex(one_attempt("dynamodb"), settings.job_index)
    publish = PublishBoard(jobs, S3Boards(s3, settings.jobs_bucket), IndexJob(index))
    return publish, batch_consumer(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    publish, messages = wire()

    return messages.deliver_together(event, lambda refs: publish.together(refs, utc_now()))
