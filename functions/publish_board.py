"""Step 5: the Lambda that writes the board and the index (`views/board.py`)."""

from typing import Any

from functions.aws.appsync import hints_of
from functions.aws.board_channels import S3BoardChannels
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
from functions.views.hinted_boards import HintedBoards
from functions.views.job_index import IndexJob


class Settings(FromQueue, HasJobs, HasIndex):
    push_host: str = ""


@once
def wire() -> tuple[PublishBoard, BatchConsumer[JobRef]]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    index = DynamoJobIndex(one_attempt("dynamodb"), settings.job_index)
    boards = HintedBoards(
        S3Boards(s3, settings.jobs_bucket),
        S3BoardChannels(s3, settings.jobs_bucket),
        hints_of(settings.push_host),
    )
    publish = PublishBoard(jobs, boards, IndexJob(index))
    return publish, batch_consumer(JobRef, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    publish, messages = wire()

    return messages.deliver_together(event, lambda refs: publish.together(refs, utc_now()))
