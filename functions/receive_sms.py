"""Step 8, the other way: the Lambda that takes customers' texts (`messages/incoming_sms.py`)."""

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
from functions.aws.conversations import S3Conversations
from functions.aws.eventbridge import EventBridgeRequests
from functions.aws.messages import S3PhoneRecords, S3TextBudgets
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.messages.inbound import Inbound, parse_inbound
from functions.messages.incoming_sms import ReceiveSms
from functions.protocol.batches import BatchConsumer
from functions.protocol.clock import utc_now
from functions.wiring.sms_once import TextingSettings, sms_once_of


class Settings(FromQueue, HasJobs, Announces, TextingSettings):
    service_answers: str = "off"


@once
def wire() -> tuple[ReceiveSms, BatchConsumer[Inbound]]:
    settings = read_settings(Settings)
    s3, bucket = one_attempt("s3"), settings.jobs_bucket
    receive = ReceiveSms(
        tenants=S3Tenants(s3, bucket),
        numbers=S3PhoneRecords(s3, bucket),
        jobs=S3Jobs(s3, bucket),
        requests=EventBridgeRequests(client("events"), settings.bus_name),
        conversations=S3Conversations(s3, bucket),
        once=sms_once_of(settings, s3, bucket),
        budgets=S3TextBudgets(s3, bucket),
        service_answers=settings.service_answers == "on",
    )
    return receive, batch_consumer(Inbound, settings, parse_inbound)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    receive, messages = wire()

    def one(inbound: Inbound) -> None:
        meant = receive(inbound, utc_now())
        log.info("text received", meant=meant, event_id=inbound.event_id)

    return messages.deliver(event, one)
