"""Step 8, the other way: the Lambda that takes customers' texts (`messages/incoming_sms.py`)."""

from typing import Any

from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    batch_consumer,
    client,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.eventbridge import EventBridgeRequests
from functions.aws.messages import S3PhoneRecords
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.sms_providers import SmsSettings
from functions.messages.incoming_sms import Inbound, ReceiveSms, parse_inbound
from functions.protocol.batches import BatchConsumer, once
from functions.wiring.sms_once import text_once


class Settings(FromQueue, HasJobs, Announces, SmsSettings):
    service_answers: str = "off"


@once
def wire() -> tuple[ReceiveSms, BatchConsumer[Inbound]]:
    settings = read_settings(Settings)
    s3, bucket = one_attempt("s3"), settings.jobs_bucket
    receive = ReceiveSms(
        S3Tenants(s3, bucket),
        S3PhoneRecords(s3, bucket),
        S3Jobs(s3, bucket),
        EventBridgeRequests(client("events"), settings.bus_name),
        text_once(settings, s3, bucket),
        settings.service_answers == "on",
    )
    return receive, batch_consumer(Inbound, settings, parse_inbound)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    receive, messages = wire()

    def one(inbound: Inbound) -> None:
        meant = receive(inbound, utc_now())
        log.info("text received", meant=meant, event_id=inbound.event_id)

    return messages.deliver(event, one)
