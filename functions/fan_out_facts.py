"""Step 8: the Lambda that makes one message of a fact for each endpoint (`messages/fan_out.py`)."""

from typing import Any

from functions.aws.container import (
    FromQueue,
    HasJobs,
    batch_consumer,
    client,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.messages import S3Endpoints
from functions.aws.queues import SqsDelayedMessages
from functions.messages.fact_notice import FactNotice
from functions.messages.fan_out import FanOutFacts, parse_fact
from functions.messages.webhook_schedule import WebhookQueues
from functions.protocol.batches import BatchConsumer, once


class Settings(FromQueue, HasJobs):
    prompt_queue_url: str
    slow_queue_url: str


@once
def wire() -> tuple[FanOutFacts, BatchConsumer[FactNotice]]:
    settings = read_settings(Settings)
    sqs = client("sqs")
    lanes = WebhookQueues(
        SqsDelayedMessages(sqs, settings.prompt_queue_url),
        SqsDelayedMessages(sqs, settings.slow_queue_url),
    )
    fan_out = FanOutFacts(S3Endpoints(one_attempt("s3"), settings.jobs_bucket), lanes)
    return fan_out, batch_consumer(FactNotice, settings, parse_fact)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    fan_out, messages = wire()

    return messages.deliver_together(event, lambda facts: fan_out(facts, utc_now()))
