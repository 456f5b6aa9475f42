"""Step 8: the customer is sent a text about a status, once, and only while it is true.

Messages wait in the queue for the merge window, so of two quick moves the first finds itself
passed by. In quiet hours a text is held: its message goes back into the queue until they end, in
hops, for a queue keeps a message back no longer than 15 minutes.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from events import Changes, JobEditRequested
from functions.aws.container import (
    Announces,
    FromQueue,
    HasJobs,
    client,
    inbox,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.edge_address import NotedEdgeAddress
from functions.aws.eventbridge import EventBridgeRequests
from functions.aws.hooks import S3Deliveries, S3Numbers
from functions.aws.metrics import LogMetrics
from functions.aws.queues import SqsLater
from functions.aws.stores import S3Jobs, S3Tenants
from functions.aws.texting import TextSettings, texts_of
from functions.commit import Pause, full_jitter
from functions.hooks.deliveries import Later
from functions.hooks.numbers import Numbers, Question, change_number, known_number
from functions.hooks.text_once import OPTED_OUT, TextOnce
from functions.inbox import Inbox, once
from functions.ports import Jobs, Requests, Tenants
from statemachine.deliveries import Delivery, DeliveryName, masked
from statemachine.flows import Flow, load_flow
from statemachine.job import Job
from statemachine.tenants import TenantSettings, quiet_until
from statemachine.texts import Wording, wording
from statemachine.values import RESERVED, Actor, JobId, Tenant

TOO_OLD = timedelta(hours=6)
"""A fact that comes later than this, and of which nothing is known, is a replay or no news."""
CUSTOMER = "customer"
BY_TEXT = Actor(kind="customer", id="sms")


class Arrival(BaseModel):
    """`JobCreated` or `JobMoved`, as far as a text needs it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    seq: int


@dataclass(frozen=True)
class SendMessages:
    jobs: Jobs
    tenants: Tenants
    numbers: Numbers
    requests: Requests
    once: TextOnce
    later: Later
    link: Callable[[str], str]
    """The address that a tracking token opens."""
    pause: Pause = full_jitter

    def __call__(self, arrival: Arrival, now: datetime) -> Delivery | None:
        """What became of the text; None where the status has none or the job has no number.

        Raises UnknownJob, UnknownTenant; Busy and Unavailable where it shall be delivered again.
        """
        job = self.jobs.read(arrival.tenant, arrival.job_id).value
        flow, status = load_flow(job.flow), job.status_at(arrival.seq)
        if job.customer.phone is None or flow.status(status).sms is None:
            return None  # nobody to be told, or nothing to say: the tenant need not be read
        tenant = self.tenants.read(job.tenant)
        text = wording(job, status, flow, tenant, self.link(job.token))
        assert text is not None
        return self._deliver(job, flow, arrival.seq, tenant, text, job.customer.phone, now)

    def _deliver(
        self,
        job: Job,
        flow: Flow,
        seq: int,
        tenant: TenantSettings,
        text: Wording,
        phone: str,
        now: datetime,
    ) -> Delivery:
        stopped = known_number(self.numbers, job.tenant, phone).stopped
        quiet = quiet_until(tenant, now)

        def drop(known: Delivery | None) -> str | None:
            if job.seq > seq:
                return "stale"
            if stopped:
                return OPTED_OUT
            if known is None and now - job.moment_of(seq) > TOO_OLD:
                return "too_old"
            return None

        if drop(None) is None and quiet is None:
            self._remember(job, flow, seq, phone)
        delivery = self.once(_draft(job, seq, text, now), phone, text.body, now, drop, quiet)
        self._follow_up(delivery, job, seq, phone, now)
        return delivery

    def _remember(self, job: Job, flow: Flow, seq: int, phone: str) -> None:
        """What an answer to this text will mean; known before anybody can answer."""
        move = flow.status(job.status_at(seq)).yes
        rev = job.ledger[seq - 1].rev if seq else 1
        question = Question(job_id=job.job_id, rev=rev, move=move) if move else None
        change_number(
            self.numbers,
            job.tenant,
            phone,
            lambda number: number.texted(job.job_id, question),
            self.pause,
        )

    def _follow_up(self, delivery: Delivery, job: Job, seq: int, phone: str, now: datetime) -> None:
        if delivery.state == "held" and delivery.due_at:
            message = {"tenant": job.tenant, "job_id": job.job_id, "seq": seq}
            self.later.put(_envelope(message), (delivery.due_at - now).total_seconds())
        if delivery.why == OPTED_OUT:
            if delivery.state == "refused":  # the provider knew it before us
                change_number(
                    self.numbers, job.tenant, phone, lambda number: number.stop(now), self.pause
                )
            if not job.texts_stopped:
                self.requests.ask([texts_edit(job.tenant, job.job_id, True, f"{seq}", now)])


def texts_edit(
    tenant: str, job_id: str, stopped: bool, what: str, now: datetime
) -> JobEditRequested:
    """The edit that shows on the board whether a customer gets texts; `what` names its cause."""
    return JobEditRequested(
        tenant=tenant,
        job_id=job_id,
        event_id=f"{RESERVED}texts-{'off' if stopped else 'on'}-{job_id}-{what}",
        occurred_at=now,
        actor=BY_TEXT,
        changes=Changes(texts_stopped=stopped),
    )


def _draft(job: Job, seq: int, text: Wording, now: datetime) -> Delivery:
    assert job.customer.phone is not None
    return Delivery(
        name=DeliveryName(
            tenant=job.tenant, about=job.job_id, mark=str(seq), channel="sms", recipient=CUSTOMER
        ),
        state="held",
        status=job.status_at(seq),
        to=masked(job.customer.phone),
        parts=text.parts,
        created_at=now,
        updated_at=now,
    )


def _envelope(message: dict[str, Any]) -> str:
    return json.dumps({"detail": message})


class Settings(FromQueue, HasJobs, Announces, TextSettings):
    queue_url: str
    edge_url: str = ""
    """Where customers reach us, if the deployment knows; else it is noted in the parameter."""
    edge_url_parameter: str


def text_once(settings: TextSettings, s3: Any, bucket: str) -> TextOnce:
    return TextOnce(
        S3Deliveries(s3, bucket), texts_of(settings), LogMetrics(), log, lambda: uuid.uuid4().hex
    )


def _link(settings: Settings) -> Callable[[str], str]:
    if settings.edge_url:
        return lambda token: f"{settings.edge_url.rstrip('/')}/track/{token}"
    noted = NotedEdgeAddress(client("ssm"), settings.edge_url_parameter)
    return lambda token: f"{noted.url}/track/{token}"


@once
def wire() -> tuple[SendMessages, Inbox[Arrival]]:
    settings = read_settings(Settings)
    s3, bucket = one_attempt("s3"), settings.jobs_bucket
    send = SendMessages(
        S3Jobs(s3, bucket),
        S3Tenants(s3, bucket),
        S3Numbers(s3, bucket),
        EventBridgeRequests(client("events"), settings.bus_name),
        text_once(settings, s3, bucket),
        SqsLater(client("sqs"), settings.queue_url),
        _link(settings),
    )
    return send, inbox(Arrival, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    send, messages = wire()

    def one(arrival: Arrival) -> None:
        delivery = send(arrival, utc_now())
        outcome = (delivery.why or delivery.state) if delivery else "nothing to say"
        log.info(
            "text", tenant=arrival.tenant, job=arrival.job_id, seq=arrival.seq, outcome=outcome
        )

    return messages.deliver(event, one)
