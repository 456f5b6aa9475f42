"""A claim on a message lasts as long as its sender can live, by what the template says."""

from statemachine.job.deliveries import CLAIM_LASTS
from tests.deploy.test_template import of_type, translated

SENDERS = {
    "SendSmsFunction": ["SmsQueue"],
    "ReceiveSmsFunction": ["InboundQueue"],
    "DeliverWebhooksFunction": ["WebhookQueue", "SlowWebhookQueue"],
}


def test_a_claim_outlasts_its_sender_and_ends_before_the_queue_brings_the_message_back() -> None:
    template = translated()
    functions = of_type(template, "AWS::Lambda::Function")
    queues = of_type(template, "AWS::SQS::Queue")
    lasts_s = CLAIM_LASTS.total_seconds()
    for sender, fed_by in SENDERS.items():
        assert functions[sender]["Timeout"] < lasts_s, sender
        for queue in fed_by:
            assert lasts_s < queues[queue]["VisibilityTimeout"], queue
