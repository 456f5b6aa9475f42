"""Step 8: the Lambda that makes one message of a fact for each endpoint (`messages/fan_out.py`)."""

from typing import Any

from functions.aws.container import (
    FromQueue,
    HasJobs,
    batch_consumer,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.messages import S3Endpoints
from functions.messages.fact_notice import FactNotice
from functions.messages.fan_out import FanOutFacts, parse_fact
from functions.protocol.batches import BatchConsumer
from functions.protocol.clock import utc_now
from functions.wiring.webhook_queues import HasWebhookQueues, webhook_queues_of


class Settings(FromQueue, HasJobs, HasWebhookQueues):
    pass


@once
def wire() -> tuple[FanOutFacts, BatchConsumer[FactNotice]]:
    settings = read_settings(Settings)
    fan_out = FanOutFacts(
        endpoints=S3Endpoints(one_attempt("s3"), settings.jobs_bucket),
        lanes=webhook_queues_of(settings),
    )
    return fan_out, batch_consumer(FactNotice, settings, parse_fact)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    fan_out, messages = wire()

    return messages.deliver_together(event, lambda facts: fan_out(facts, utc_now()))
