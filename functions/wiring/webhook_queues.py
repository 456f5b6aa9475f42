"""The two queues of webhooks, for the Lambda that fills them and the one that empties them."""

from functions.aws.container import FunctionSettings, client
from functions.aws.queues import SqsDelayedMessages
from functions.messages.webhook_schedule import WebhookQueues


class HasWebhookQueues(FunctionSettings):
    prompt_queue_url: str
    slow_queue_url: str


def webhook_queues_of(settings: HasWebhookQueues) -> WebhookQueues:
    sqs = client("sqs")
    return WebhookQueues(
        SqsDelayedMessages(sqs, settings.prompt_queue_url),
        SqsDelayedMessages(sqs, settings.slow_queue_url),
    )
