"""Step 8: the Lambda that texts customers about a status (`messages/customer_sms.py`)."""

from collections.abc import Callable
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
from functions.aws.eventbridge import EventBridgeRequests
from functions.aws.messages import S3Deliveries, S3PhoneRecords, S3TextBudgets
from functions.aws.queues import SqsDelayedMessages
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.site_address import StoredEdgeAddress
from functions.messages.customer_sms import SendSms
from functions.messages.plan_reminders import PlanReminders
from functions.messages.sms_request import JobChanged
from functions.protocol.batches import BatchConsumer, failures_by_group
from functions.protocol.clock import utc_now
from functions.wiring.sms_once import TextingSettings, sms_once_of

AT_ONCE = 10
"""Texts to different customers wait for S3 and the service side by side."""


class Settings(FromQueue, HasJobs, Announces, TextingSettings):
    queue_url: str
    edge_url: str = ""
    """Where customers reach us, if the deployment knows it; otherwise the parameter has it."""
    edge_url_parameter: str


def _link(settings: Settings) -> Callable[[str], str]:
    if settings.edge_url:
        return lambda token: f"{settings.edge_url.rstrip('/')}/track/{token}"
    noted = StoredEdgeAddress(client("ssm"), settings.edge_url_parameter)
    return lambda token: f"{noted.url}/track/{token}"


@once
def wire() -> tuple[SendSms, BatchConsumer[JobChanged]]:
    settings = read_settings(Settings)
    s3, bucket = one_attempt("s3"), settings.jobs_bucket
    send = SendSms(
        jobs=S3Jobs(s3, bucket),
        tenants=S3Tenants(s3, bucket),
        numbers=S3PhoneRecords(s3, bucket),
        budgets=S3TextBudgets(s3, bucket),
        requests=EventBridgeRequests(client("events"), settings.bus_name),
        once=sms_once_of(settings, s3, bucket),
        later=SqsDelayedMessages(client("sqs"), settings.queue_url),
        plan=PlanReminders(S3Deliveries(s3, bucket), S3Tenants(s3, bucket)),
        link=_link(settings),
    )
    return send, batch_consumer(JobChanged, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    send, messages = wire()

    def one(arrival: JobChanged) -> None:
        delivery = send(arrival, utc_now())
        outcome = (delivery.why or delivery.state) if delivery else "nothing to say"
        log.info(
            "text", tenant=arrival.tenant, job=arrival.job_id, seq=arrival.seq, outcome=outcome
        )

    def all_of(arrivals: list[JobChanged]) -> list[Exception | None]:
        return failures_by_group(one, arrivals, lambda each: (each.tenant, each.job_id), AT_ONCE)

    return messages.deliver_together(event, all_of)
