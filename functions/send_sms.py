"""Step 8: the customer is sent a text about a status, once, and only while it is true.

Messages wait in the queue for the merge window, so of two quick moves the first finds itself
passed by. In quiet hours a text is held: its message goes back into the queue until they end, in
hops, because a queue keeps a message back no longer than 15 minutes. That message is a hint: what
is held is found by its object, see watch/repair_deliveries.py.

A corrected number is sent the text about the present status, so that its customer has the link.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from events import Changes, JobEditRequested
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
from functions.aws.messages import S3Deliveries, S3PhoneRecords, S3TextBudgets
from functions.aws.metrics import LogMetrics
from functions.aws.queues import SqsDelayedMessages
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.site_address import StoredEdgeAddress
from functions.aws.sms_providers import SmsSettings, sms_provider_of
from functions.messages.deliveries import DelayedMessages
from functions.messages.expected_messages import corrected_mark, number_of, text_name, was_sent_to
from functions.messages.phone_numbers import (
    PendingQuestion,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.messages.sms_budget import TextBudgets, may_spend
from functions.messages.sms_once import OPTED_OUT, SmsOnce
from functions.messages.sms_request import SmsRequest
from functions.protocol.batches import BatchConsumer, once
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Corrupt, Jobs, Requests, Tenants, UnknownJob
from statemachine.business import BusinessSettings, quiet_until
from statemachine.deliveries import Delivery, masked_phone
from statemachine.flows import Flow, load_flow
from statemachine.job import Job
from statemachine.sms_numbers import not_texted
from statemachine.sms_wording import Wording, wording
from statemachine.values import RESERVED, Actor, JobId, Tenant

TOO_OLD = timedelta(hours=6)
"""A fact that comes later than this, and of which nothing is known, is a replay or no news."""
BY_TEXT = Actor(kind="customer", id="sms")


class StatusReached(BaseModel):
    """`JobCreated`, `JobMoved` or `JobEdited`, as far as a text needs it, or our own `SmsRequest`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    seq: int | None = None
    """None in an edit, which tells of no status."""
    mark: str | None = None
    """Of a delivery that there is already."""
    fields: tuple[str, ...] = ()
    """What an edit has changed."""

    @model_validator(mode="after")
    def _tells_something(self) -> "StatusReached":
        if self.seq is None and not self.fields:
            raise ValueError("send `seq`, or the `fields` of an edit")
        return self


@dataclass(frozen=True)
class _Text:
    """One text that may have to go out, and all that decides on it."""

    job: Job
    flow: Flow
    seq: int
    mark: str
    now: datetime

    @property
    def status(self) -> str:
        return self.job.status_at(self.seq)

    @property
    def since(self) -> datetime:
        """When there was something to tell: the status, or a corrected number, is that old."""
        edited = [edit.recorded_at for edit in self.job.edits if "customer" in edit.fields]
        return max([self.job.moment_of(self.seq), *edited])

    @property
    def is_unconfirmed_booking(self) -> bool:
        """A form that anyone may fill in with anyone's number."""
        return self.seq == 0 and self.job.created_by.kind == "customer"

    def draft(self, text: Wording | None) -> Delivery:
        phone = self.job.customer.phone
        return Delivery(
            name=text_name(self.job, self.mark),
            state="held",
            status=self.status,
            to=masked_phone(phone or ""),
            number=number_of(self.job.tenant, phone) if phone else None,
            parts=text.parts if text else None,
            created_at=self.now,
            updated_at=self.now,
        )


@dataclass(frozen=True)
class SendSms:
    jobs: Jobs
    tenants: Tenants
    numbers: PhoneRecords
    budgets: TextBudgets
    requests: Requests
    once: SmsOnce
    later: DelayedMessages
    link: Callable[[str], str]
    """The address that a tracking token opens."""
    pause: Pause = full_jitter

    def __call__(self, arrival: StatusReached, now: datetime) -> Delivery | None:
        """What became of the text; None where there is nothing to say, or no one to be told.

        Raises UnknownJob, UnknownTenant; Busy and Unavailable where it shall be delivered again.
        """
        job = self.jobs.read(arrival.tenant, arrival.job_id).value
        seq = job.seq if arrival.seq is None else arrival.seq
        mark = arrival.mark or (str(seq) if arrival.seq is not None else self._edited(arrival, job))
        if mark is None:
            return None
        text = _Text(job, load_flow(job.flow), seq, mark, now)
        if job.customer.phone is None or text.flow.status(text.status).sms is None:
            return self._dropped(text)  # the tenant need not be read
        return self._deliver(text, self.tenants.read(job.tenant), job.customer.phone)

    def _edited(self, arrival: StatusReached, job: Job) -> str | None:
        """The mark of the text that an edit calls for; None where it calls for none.

        A text about the status that is still to go out goes to the corrected number by itself.
        """
        phone = job.customer.phone
        if "customer" not in arrival.fields or phone is None:
            return None
        told = self.once.deliveries.read(text_name(job, str(job.seq)))
        if told is None or not told.value.ended:
            return str(job.seq)
        if was_sent_to(told.value, job.tenant, phone):
            return None
        return corrected_mark(job, phone)

    def _dropped(self, text: _Text) -> Delivery | None:
        """Of one that was held, it is on the record that its number, or its text, is gone."""
        draft = text.draft(None)
        if self.once.deliveries.read(draft.name) is None:
            return None
        why = "no_text" if text.job.customer.phone else "no_number"
        return self.once(draft, "", "", text.now, lambda _: why)

    def _deliver(self, text: _Text, tenant: BusinessSettings, phone: str) -> Delivery:
        job, now = text.job, text.now
        wording_ = wording(job, text.status, text.flow, tenant, self.link(job.token))
        assert wording_ is not None
        quiet = quiet_until(tenant, now)
        why = self._refusal(text, tenant, phone)
        too_old = now - (quiet_until(tenant, text.since) or text.since) > TOO_OLD

        def drop(known: Delivery | None) -> str | None:
            return why or ("too_old" if known is None and too_old else None)

        draft = text.draft(wording_)
        if why is None and quiet is None and not self._is_over(draft, too_old):
            if not self._may_spend(text, tenant, phone):
                why = "over_budget"
            else:
                self._remember(text, phone)
        delivery = self.once(draft, phone, wording_.body, now, drop, quiet)
        self._follow_up(delivery, text, phone)
        return delivery

    def _refusal(self, text: _Text, tenant: BusinessSettings, phone: str) -> str | None:
        job = text.job
        if job.seq > text.seq:
            return "stale"
        if text.mark not in (str(text.seq), corrected_mark(job, phone)):
            return "number_changed"
        if phone_record(self.numbers, job.tenant, phone).stopped:
            return OPTED_OUT
        return not_texted(phone, tenant.countries)

    def _is_over(self, draft: Delivery, too_old: bool) -> bool:
        """Nothing is to be spent or asked any more."""
        stored = self.once.deliveries.read(draft.name)
        return stored.value.ended if stored else too_old

    def _may_spend(self, text: _Text, tenant: BusinessSettings, phone: str) -> bool:
        if not text.is_unconfirmed_booking:
            return True
        number = number_of(tenant.tenant, phone)
        return may_spend(self.budgets, tenant, number, text.job.job_id, text.now, self.pause)

    def _remember(self, text: _Text, phone: str) -> None:
        """What an answer to this text will mean; known before anyone can answer."""
        job, move = text.job, text.flow.status(text.status).yes
        rev = job.ledger[text.seq - 1].rev if text.seq else 1
        question = PendingQuestion(job_id=job.job_id, rev=rev, move=move) if move else None
        others = self._others(text, phone) if text.is_unconfirmed_booking else []
        if not all(_is_unconfirmed(other) for other in others):
            question = None  # anyone may have made this booking; its link confirms it
        change_phone_record(
            self.numbers,
            job.tenant,
            phone,
            lambda number: number.texted(job.job_id, question, behind=bool(others)),
            self.pause,
        )

    def _others(self, text: _Text, phone: str) -> list[Job]:
        """The open jobs of the number beside this one."""
        known = phone_record(self.numbers, text.job.tenant, phone)
        job_ids = [job_id for job_id in known.jobs if job_id != text.job.job_id]
        return open_jobs_of(self.jobs, text.job.tenant, job_ids, phone)

    def _follow_up(self, delivery: Delivery, text: _Text, phone: str) -> None:
        job, now = text.job, text.now
        if delivery.state == "held" and delivery.due_at:
            due = SmsRequest(job.tenant, job.job_id, text.seq, text.mark)
            self.later.put(due.message(), (delivery.due_at - now).total_seconds())
        if delivery.why == OPTED_OUT:
            if delivery.state == "refused":  # the provider knew it before us
                change_phone_record(
                    self.numbers, job.tenant, phone, lambda number: number.stop(now), self.pause
                )
            if not job.texts_stopped:
                edit = texts_edit(job.tenant, job.job_id, True, text.mark, now)
                self.requests.ask([edit])


def open_jobs_of(jobs: Jobs, tenant: str, job_ids: Iterable[str], phone: str) -> list[Job]:
    """Those among them that have this number now and have not ended. Raises Unavailable."""
    found = jobs_of(jobs, tenant, job_ids, phone)
    return [job for job in found if not load_flow(job.flow).status(job.status).terminal]


def jobs_of(jobs: Jobs, tenant: str, job_ids: Iterable[str], phone: str) -> Iterator[Job]:
    for job_id in job_ids:
        with suppress(UnknownJob, Corrupt):  # erased, or for others to repair
            job = jobs.read(tenant, job_id).value
            if job.customer.phone == phone:
                yield job


def _is_unconfirmed(job: Job) -> bool:
    return job.seq == 0 and job.created_by.kind == "customer"


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


class Settings(FromQueue, HasJobs, Announces, SmsSettings):
    queue_url: str
    edge_url: str = ""
    """Where customers reach us, if the deployment knows; else it is noted in the parameter."""
    edge_url_parameter: str


def text_once(settings: SmsSettings, s3: Any, bucket: str) -> SmsOnce:
    return SmsOnce(
        S3Deliveries(s3, bucket),
        sms_provider_of(settings),
        LogMetrics(),
        log,
        lambda: uuid.uuid4().hex,
    )


def _link(settings: Settings) -> Callable[[str], str]:
    if settings.edge_url:
        return lambda token: f"{settings.edge_url.rstrip('/')}/track/{token}"
    noted = StoredEdgeAddress(client("ssm"), settings.edge_url_parameter)
    return lambda token: f"{noted.url}/track/{token}"


@once
def wire() -> tuple[SendSms, BatchConsumer[StatusReached]]:
    settings = read_settings(Settings)
    s3, bucket = one_attempt("s3"), settings.jobs_bucket
    send = SendSms(
        S3Jobs(s3, bucket),
        S3Tenants(s3, bucket),
        S3PhoneRecords(s3, bucket),
        S3TextBudgets(s3, bucket),
        EventBridgeRequests(client("events"), settings.bus_name),
        text_once(settings, s3, bucket),
        SqsDelayedMessages(client("sqs"), settings.queue_url),
        _link(settings),
    )
    return send, batch_consumer(StatusReached, settings)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    send, messages = wire()

    def one(arrival: StatusReached) -> None:
        delivery = send(arrival, utc_now())
        outcome = (delivery.why or delivery.state) if delivery else "nothing to say"
        log.info(
            "text", tenant=arrival.tenant, job=arrival.job_id, seq=arrival.seq, outcome=outcome
        )

    return messages.deliver(event, one)
