"""Step 8: the Lambda that sends facts to endpoints (`messages/webhook_delivery.py`)."""

from typing import Any

from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    batch_consumer,
    client,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.metrics import LogMetrics
from functions.messages.webhook_client import (
    SafeWebhookClient,
)
from functions.messages.webhook_delivery import DeliverWebhooks, TestRequest
from functions.messages.webhook_schedule import (
    WebhookAttempt,
)
from functions.protocol.batches import BatchConsumer
from functions.wiring.webhook_queues import HasWebhookQueues, webhook_queues_of

ENGINE_ACCOUNT = "000000000000"


class Settings(FromQueue, HasJobs, Announces, HasWebhookQueues):
    slow_queue_arn: str
    local_endpoints: str = "off"
    account_id: str

    @property
    def allows_local(self) -> bool:
        """Only on the laptop engine, whose account number AWS has never given to anyone."""
        return self.local_endpoints == "on" and self.account_id == ENGINE_ACCOUNT


@once
def wire() -> tuple[DeliverWebhooks, BatchConsumer[WebhookAttempt], str]:
    settings = read_settings(Settings)
    s3 = one_attempt("s3")
    deliver = DeliverWebhooks(
        deliveries=S3Deliveries(s3, settings.jobs_bucket),
        endpoints=S3Endpoints(s3, settings.jobs_bucket),
        lanes=webhook_queues_of(settings),
        client=SafeWebhookClient(allow_local=settings.allows_local),
        bus=EventBridgeBus(client("events"), settings.bus_name),
        metrics=LogMetrics(),
        log=log,
    )
    return deliver, batch_consumer(WebhookAttempt, settings), settings.slow_queue_arn


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """From a queue: the failures of the batch. Invoked with `TestRequest`: the answer."""
    deliver, messages, slow_arn = wire()
    if "Records" not in event:
        test = TestRequest.model_validate(event)
        return deliver.test(test.tenant, test.test)
    records = event["Records"]
    slow = any(record["eventSourceARN"] == slow_arn for record in records)

    def all_of(dues: list[WebhookAttempt]) -> list[Exception | None]:
        errors = deliver.together(dues, slow)
        log.info("webhooks", messages=len(dues), slow=slow, again=sum(map(bool, errors)))
        return errors

    return messages.deliver_together(event, all_of)
