"""Step 8: the customer is sent a text about a status, once, and only while the status is current.

Messages wait in the queue for the merge window, so that after two quick moves only the last one
sends a text. In quiet hours a text is held: its message returns to the queue until they end,
several times, because a queue delays a message by at most 15 minutes. If that message gets lost,
the watchdog finds the held text by its object (repair/repair_deliveries.py).

A corrected phone number is sent the text about the current status, so that the customer has the
link.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, model_validator

from functions.messages.customer_jobs import open_jobs_of, texts_edit
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
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Jobs, Requests, Tenants
from statemachine.business import BusinessSettings, quiet_until
from statemachine.deliveries import Delivery, masked_phone
from statemachine.flows import Flow, load_flow
from statemachine.job import Job
from statemachine.sms_numbers import why_no_sms
from statemachine.sms_wording import Wording, wording
from statemachine.values import JobId, Tenant

TOO_OLD = timedelta(hours=6)
"""A fact that arrives later than this, without a delivery on record, is a replay or outdated."""


class StatusReached(BaseModel):
    """What a text needs from `JobCreated`, `JobMoved`, `JobEdited`, or our own `SmsRequest`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    tenant: Tenant
    job_id: JobId
    seq: int | None = None
    """None for an edit, which is not about a status."""
    mark: str | None = None
    """The mark of an existing delivery."""
    fields: tuple[str, ...] = ()
    """What the edit changed."""

    @model_validator(mode="after")
    def _tells_something(self) -> "StatusReached":
        if self.seq is None and not self.fields:
            raise ValueError("send `seq`, or the `fields` of an edit")
        return self


@dataclass(frozen=True)
class _Text:
    """A text that may have to be sent, and everything that decides it."""

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
        """When the reason for the text arose: the status, or a corrected number."""
        edited = [edit.recorded_at for edit in self.job.edits if "customer" in edit.fields]
        return max([self.job.entered_at_of(self.seq), *edited])

    @property
    def is_unconfirmed_booking(self) -> bool:
        """Booked by the public form, in which anyone can enter anyone's number."""
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
    """The tracking link of a token."""
    pause: Pause = full_jitter

    def __call__(self, arrival: StatusReached, now: datetime) -> Delivery | None:
        """The delivery of the text; None if there is nothing to say, or no one to text.

        Raises UnknownJob, UnknownTenant; Busy and Unavailable if the message is to be retried.
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
        """The mark of the text that an edit requires; None if it requires none.

        A text about the status that is not sent yet will go to the corrected number anyway.
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
        """Record for a held text that its number, or its wording, no longer exists."""
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
        return why_no_sms(phone, tenant.countries)

    def _is_over(self, draft: Delivery, too_old: bool) -> bool:
        """The delivery has ended, or would be too old: spend nothing and ask nothing."""
        stored = self.once.deliveries.read(draft.name)
        return stored.value.ended if stored else too_old

    def _may_spend(self, text: _Text, tenant: BusinessSettings, phone: str) -> bool:
        if not text.is_unconfirmed_booking:
            return True
        number = number_of(tenant.tenant, phone)
        return may_spend(self.budgets, tenant, number, text.job.job_id, text.now, self.pause)

    def _remember(self, text: _Text, phone: str) -> None:
        """Record what a reply to this text will mean, before anyone can reply."""
        job, move = text.job, text.flow.status(text.status).yes
        rev = job.ledger[text.seq - 1].rev if text.seq else 1
        question = PendingQuestion(job_id=job.job_id, rev=rev, move=move) if move else None
        others = self._others(text, phone) if text.is_unconfirmed_booking else []
        if not all(_is_unconfirmed(other) for other in others):
            question = None  # anyone may have made this booking; only its link confirms it
        change_phone_record(
            self.numbers,
            job.tenant,
            phone,
            lambda number: number.texted(job.job_id, question, behind=bool(others)),
            self.pause,
        )

    def _others(self, text: _Text, phone: str) -> list[Job]:
        """The other open jobs of the number."""
        known = phone_record(self.numbers, text.job.tenant, phone)
        job_ids = [job_id for job_id in known.jobs if job_id != text.job.job_id]
        return open_jobs_of(self.jobs, text.job.tenant, job_ids, phone)

    def _follow_up(self, delivery: Delivery, text: _Text, phone: str) -> None:
        job, now = text.job, text.now
        if delivery.state == "held" and delivery.due_at:
            due = SmsRequest(job.tenant, job.job_id, text.seq, text.mark)
            self.later.put(due.message(), (delivery.due_at - now).total_seconds())
        if delivery.why == OPTED_OUT:
            if delivery.state == "refused":  # the provider knew before us
                change_phone_record(
                    self.numbers, job.tenant, phone, lambda number: number.stop(now), self.pause
                )
            if not job.texts_stopped:
                edit = texts_edit(job.tenant, job.job_id, True, text.mark, now)
                self.requests.ask([edit])


def _is_unconfirmed(job: Job) -> bool:
    return job.seq == 0 and job.created_by.kind == "customer"
