"""Step 8, the other way: a customer answers a text. STOP, START, HELP, YES; the rest is a note
on the job.

Whatever strangers can send is taken and counted: short codes, pictures without a word, anything.

A number belongs to the business whose own number it wrote to; on a shared number an opt-out counts
for every business that shares it, and a YES for the one that asked.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from events import Changes, JobEditRequested, JobMoveRequested
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
from functions.messages.deliveries import Busy
from functions.messages.phone_numbers import (
    PendingQuestion,
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.messages.sms_once import SmsOnce
from functions.protocol.batches import BatchConsumer, Permanent, once
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Jobs, Requests, Tenants
from functions.send_sms import BY_TEXT, jobs_of, open_jobs_of, text_once, texts_edit
from statemachine.bounds import without_hidden
from statemachine.business import BusinessSettings
from statemachine.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.job import Job
from statemachine.sms_replies import (
    A_PICTURE,
    FROM_CUSTOMER,
    REPLIES,
    ReplyMeaning,
    is_keyword,
    meaning_of_reply,
    readable,
)
from statemachine.sms_wording import Wording, counted, filled
from statemachine.values import PHONE_PATTERN, RESERVED, Utc


class Inbound(BaseModel):
    """A text that came in, as AWS End User Messaging SMS writes it (two-way SMS, 2026-11-21)."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    sender: Annotated[str, Field(alias="originationNumber", min_length=1)]
    """Mostly a phone's number; but services write from short codes, as `72345`, or from a name."""
    receiver: Annotated[str, Field(alias="destinationNumber")]
    body: Annotated[str, Field(alias="messageBody"), AfterValidator(readable)] = ""
    """Empty where there was but a picture, which is not brought to us."""
    message_id: Annotated[
        str, Field(validation_alias=AliasChoices("inboundMessageId", "message_id"), min_length=1)
    ]
    at: Utc

    @property
    def is_from_phone(self) -> bool:
        return re.fullmatch(PHONE_PATTERN, self.sender) is not None

    @property
    def event_id(self) -> str:
        """The same for every copy of the text; the carrier's id may hold anything."""
        return f"{RESERVED}sms-{hashlib.sha256(self.message_id.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class ReceiveSms:
    tenants: Tenants
    numbers: PhoneRecords
    jobs: Jobs
    requests: Requests
    once: SmsOnce
    service_answers: bool = False
    """Whether the carrier's service answers STOP, START and HELP itself where they stand alone."""
    pause: Pause = full_jitter

    def __call__(self, inbound: Inbound, now: datetime) -> ReplyMeaning:
        """What the text meant. Copies of it change nothing. Raises Busy, Unavailable.

        No service is answered: two of them could answer each other for ever.
        """
        meant = meaning_of_reply(inbound.body) if inbound.is_from_phone else "other"
        self.once.metrics.count("TextsReceived", Outcome=meant)
        if not inbound.is_from_phone:
            return meant
        for tenant in self._meant_for(inbound, meant):
            match meant:
                case "stop" | "start":
                    self._request_body(tenant, inbound, meant == "stop", now)
                case "yes":
                    if not self._yes(tenant, inbound, now):
                        self._note(tenant, inbound, now)
                case "other":
                    self._note(tenant, inbound, now)
                case "help":
                    pass
        if meant in REPLIES and not (self.service_answers and is_keyword(inbound.body)):
            for tenant in self._who_replies(inbound):
                self._reply(tenant, inbound, meant, now)
        return meant

    def _meant_for(self, inbound: Inbound, meant: ReplyMeaning) -> Iterator[BusinessSettings]:
        """The business of that number; of a shared number those that ever sent a text there.

        A STOP counts for all that share it, even before the first text.
        """
        everyone = [self.tenants.read(name) for name in self.tenants.names()]
        own = [tenant for tenant in everyone if tenant.sms_number == inbound.receiver]
        sharing = [tenant for tenant in everyone if tenant.sms_number is None]
        if own or len(sharing) == 1:
            yield from own or sharing
            return
        for tenant in sharing:
            if self._known(tenant, inbound).rev or meant == "stop":
                yield tenant

    def _who_replies(self, inbound: Inbound) -> list[BusinessSettings]:
        """One business, also where several share the number: the first that knows the customer."""
        everyone = list(self._meant_for(inbound, "stop"))
        known = (tenant for tenant in everyone if self._known(tenant, inbound).jobs)
        return [next(known, everyone[0])] if everyone else []

    def _known(self, tenant: BusinessSettings, inbound: Inbound) -> PhoneRecord:
        return phone_record(self.numbers, tenant.tenant, inbound.sender)

    def _request_body(
        self, tenant: BusinessSettings, inbound: Inbound, stopped: bool, now: datetime
    ) -> None:
        def changed(number: PhoneRecord) -> PhoneRecord:
            return number.stop(inbound.at) if stopped else number.start(inbound.at)

        number = change_phone_record(
            self.numbers, tenant.tenant, inbound.sender, changed, self.pause
        )
        self.requests.ask(
            [
                texts_edit(tenant.tenant, job_id, number.stopped, inbound.event_id[-16:], now)
                for job_id in number.jobs
            ]
        )

    def _yes(self, tenant: BusinessSettings, inbound: Inbound, now: datetime) -> bool:
        """Whether it answered a question: that one's move, refused on the record like anyone's."""
        question = self._answered(tenant, inbound)
        if question is None:
            return False
        request = JobMoveRequested(
            tenant=tenant.tenant,
            job_id=question.job_id,
            event_id=inbound.event_id,
            occurred_at=now,
            actor=BY_TEXT,
            move=question.move,
            expected_rev=question.rev,
        )
        self.requests.ask([request])
        return True

    def _answered(self, tenant: BusinessSettings, inbound: Inbound) -> PendingQuestion | None:
        """The question that this text answers, which it alone answers from then on.

        The oldest one that still stands; a copy of the text answers the same.
        """

        def changed(number: PhoneRecord) -> PhoneRecord:
            if number.answer_of(inbound.event_id):
                return number
            asked = self._open_question(number, inbound.sender)
            return number.answered(asked, inbound.event_id) if asked else number

        number = change_phone_record(
            self.numbers, tenant.tenant, inbound.sender, changed, self.pause
        )
        return number.answer_of(inbound.event_id)

    def _open_question(self, number: PhoneRecord, phone: str) -> PendingQuestion | None:
        """Of a job that has this number now; first one about the status that its job still has."""
        asked = {q.job_id: q for q in number.questions if q.answered_by is None}
        found = {job.job_id: job for job in jobs_of(self.jobs, number.tenant, asked, phone)}
        standing = [job_id for job_id, job in found.items() if _stands(asked[job_id], job)]
        first = next(iter(standing or found), None)
        return asked[first] if first else None

    def _note(self, tenant: BusinessSettings, inbound: Inbound, now: datetime) -> None:
        """Something for people to read, on the job that it is most likely about."""
        job = self._meant_job(tenant, inbound)
        if job is None:
            return
        words = FROM_CUSTOMER.get(tenant.language)
        body = without_hidden(inbound.body) or A_PICTURE.get(tenant.language)
        note = JobEditRequested(
            tenant=tenant.tenant,
            job_id=job.job_id,
            event_id=inbound.event_id,
            occurred_at=now,
            actor=BY_TEXT,
            changes=Changes(note=f"{words}: {body}"[:2000]),
        )
        self.requests.ask([note])

    def _meant_job(self, tenant: BusinessSettings, inbound: Inbound) -> Job | None:
        """The one of the last text, an open one before those that have ended."""
        known = self._known(tenant, inbound).jobs
        open_jobs = open_jobs_of(self.jobs, tenant.tenant, known, inbound.sender)
        return next(iter(open_jobs), None) or next(
            jobs_of(self.jobs, tenant.tenant, known, inbound.sender), None
        )

    def _reply(
        self, tenant: BusinessSettings, inbound: Inbound, meant: ReplyMeaning, now: datetime
    ) -> None:
        """At most one answer to each text, in the tenant's language."""
        words = REPLIES[meant].get(tenant.language)
        text = counted(filled(words, {"business": tenant.name}))
        sent = self.once(_draft(tenant, inbound, text, now), inbound.sender, text.body, now)
        if sent.state == "held":  # no one but this message knows the words
            raise Busy("the carrier did not take the answer yet")


def _stands(question: PendingQuestion, job: Job) -> bool:
    """Whether no move was made since it was asked."""
    return not job.ledger or job.ledger[-1].rev <= question.rev


def _draft(tenant: BusinessSettings, inbound: Inbound, text: Wording, now: datetime) -> Delivery:
    return Delivery(
        name=DeliveryName(
            tenant=tenant.tenant,
            about="replies",
            mark=inbound.event_id,
            channel="sms",
            recipient="customer",
        ),
        state="held",
        to=masked_phone(inbound.sender),
        parts=text.parts,
        created_at=now,
        updated_at=now,
    )


def parse_inbound(event: type[Inbound], body: str) -> Inbound:
    """The text in SNS's notification. Raises Permanent, which says nothing of what it held."""
    try:
        notification = json.loads(body)
        text = json.loads(notification["Message"])
        return event.model_validate({**text, "at": notification["Timestamp"]})
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Permanent("not an inbound text as AWS End User Messaging SMS writes it") from error


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
