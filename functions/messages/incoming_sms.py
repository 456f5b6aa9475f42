"""Step 8, the other way: a customer replies by text with STOP, START, HELP, or YES.

Any other text becomes a note on the job. Every text is accepted and counted, also from short codes
or with only a picture.

A text belongs to the business that owns the number it was sent to. On a shared number, an opt-out
counts for every business that shares it, a YES for the one that asked, and anything else for the
one that texted last.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from events import Changes, JobEditRequested, JobMoveRequested
from functions.messages.customer_jobs import BY_TEXT, jobs_of, open_jobs_of, texts_edit
from functions.messages.deliveries import Busy
from functions.messages.inbound import Inbound
from functions.messages.phone_numbers import (
    PendingQuestion,
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.messages.sms_once import SmsOnce
from functions.messages.sms_request import REPLIES as REPLIES_TO_TEXTS
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Jobs, Requests, Tenants, UnknownTenant
from statemachine.bounds import without_hidden
from statemachine.business import MAIN, SHARED, BusinessSettings
from statemachine.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.flows import load_flow
from statemachine.job import Job
from statemachine.sms_parts import Wording, counted, filled
from statemachine.sms_replies import (
    A_PICTURE,
    FROM_CUSTOMER,
    REPLIES,
    ReplyMeaning,
    is_keyword,
    meaning_of_reply,
    reply_to,
)
from statemachine.visit import VisitAnswer


@dataclass(frozen=True)
class ReceiveSms:
    tenants: Tenants
    numbers: PhoneRecords
    jobs: Jobs
    requests: Requests
    once: SmsOnce
    service_answers: bool = False
    """Whether the carrier's service itself replies to a text that is only STOP, START, or HELP."""
    pause: Pause = full_jitter

    def __call__(self, inbound: Inbound, now: datetime) -> ReplyMeaning:
        """What the text meant. Copies of it change nothing. Raises Busy, Unavailable.

        Services get no reply, because two of them could reply to each other forever.
        """
        meant = meaning_of_reply(inbound.body) if inbound.is_from_phone else "other"
        self.once.metrics.count("TextsReceived", Outcome=meant)
        if not inbound.is_from_phone:
            return meant
        owner = self._owner_of(inbound.receiver)
        businesses = [owner] if owner else self._sharing(inbound)
        if meant in ("stop", "start"):
            sharing = [] if owner else [SHARED]
            for name in (*sharing, *(each.tenant for each in businesses)):
                self._set_opt_out(name, inbound, meant == "stop", now)
        business = self._addressed(businesses, inbound, meant)
        if business is None:
            return meant
        self._act(business, inbound, meant, now)
        if meant in REPLIES and not (self.service_answers and is_keyword(inbound.body)):
            self._reply(business, inbound, meant, now)
        return meant

    def _act(
        self, tenant: BusinessSettings, inbound: Inbound, meant: ReplyMeaning, now: datetime
    ) -> None:
        match meant:
            case "yes":
                if not self._yes(tenant, inbound, now):
                    self._note(tenant, inbound, now)
            case "reschedule":
                self._note(tenant, inbound, now)
                self._other_time(tenant, inbound, now)
            case "other":
                self._note(tenant, inbound, now)
            case "stop" | "start" | "help":
                pass

    def _owner_of(self, number: str) -> BusinessSettings | None:
        """The business whose own number this is; None for the shared one."""
        name = self.tenants.owner_of(number)
        owner = self._read(name) if name else None
        return owner if owner and owner.sms_number == number else None

    def _sharing(self, inbound: Inbound) -> list[BusinessSettings]:
        """Those that have texted this customer from the shared number, the last one first; and then
        the stage's first business: what it sent before there were others is on no list."""
        known = phone_record(self.numbers, SHARED, inbound.sender).businesses
        found = map(self._read, dict.fromkeys((*known, MAIN)))
        return [each for each in found if each and each.sms_number is None]

    def _read(self, name: str) -> BusinessSettings | None:
        try:
            return self.tenants.read(name)
        except UnknownTenant:
            return None

    def _addressed(
        self, businesses: list[BusinessSettings], inbound: Inbound, meant: ReplyMeaning
    ) -> BusinessSettings | None:
        """The one business that the text is for: a YES is for the one that asked, and anything else
        for the one that texted last. The others learn nothing of it."""
        if meant == "yes" and len(businesses) > 1:
            known = [(each, self._known(each, inbound)) for each in businesses]
            answered = (each for each, number in known if number.answer_of(inbound.event_id))
            asked = (each for each, number in known if self._asks(number, inbound.sender))
            if found := next(chain(answered, asked), None):
                return found
        return next(iter(businesses), None)

    def _asks(self, number: PhoneRecord, phone: str) -> bool:
        """Whether there is a question that still applies."""
        question = self._open_question(number, phone)
        if question is None:
            return False
        return _still_applies(question, self.jobs.read(number.tenant, question.job_id).value)

    def _known(self, tenant: BusinessSettings, inbound: Inbound) -> PhoneRecord:
        return phone_record(self.numbers, tenant.tenant, inbound.sender)

    def _set_opt_out(self, tenant: str, inbound: Inbound, stopped: bool, now: datetime) -> None:
        def changed(number: PhoneRecord) -> PhoneRecord:
            return number.stop(inbound.at) if stopped else number.start(inbound.at)

        number = change_phone_record(self.numbers, tenant, inbound.sender, changed, self.pause)
        self.requests.ask(
            [
                texts_edit(tenant, job_id, number.stopped, inbound.event_id[-16:], now)
                for job_id in number.jobs
            ]
        )

    def _yes(self, tenant: BusinessSettings, inbound: Inbound, now: datetime) -> bool:
        """Request the move that a pending question offers; returns whether there was a question."""
        question = self._answered(tenant, inbound)
        if question is None:
            return False
        self.requests.ask([_answer_to(question, tenant.tenant, inbound.event_id, now)])
        return True

    def _answered(self, tenant: BusinessSettings, inbound: Inbound) -> PendingQuestion | None:
        """The question that this text answers; no other text can answer it from then on.

        It is the oldest one that still applies. A copy of the text answers the same question.
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
        """A question about a job that has this number, preferably one about its current status."""
        asked = {q.job_id: q for q in number.questions if q.answered_by is None}
        found = {job.job_id: job for job in jobs_of(self.jobs, number.tenant, asked, phone)}
        standing = [job_id for job_id, job in found.items() if _still_applies(asked[job_id], job)]
        first = next(iter(standing or found), None)
        return asked[first] if first else None

    def _note(self, tenant: BusinessSettings, inbound: Inbound, now: datetime) -> None:
        """Add the text as a note to the job that it is most likely about."""
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

    def _other_time(self, tenant: BusinessSettings, inbound: Inbound, now: datetime) -> None:
        """Record that the customer wants another time; the text with the link follows from that."""
        job = self._meant_job(tenant, inbound)
        if job is None or load_flow(job.flow).status(job.status).terminal:
            return
        start = job.schedule.window_start
        answer = VisitAnswer(state="other_time", window_start=start, answer_by=inbound.at)
        event_id = f"{inbound.event_id}-time"
        self.requests.ask([_answer_edit(job.tenant, job.job_id, answer, event_id, now)])

    def _meant_job(self, tenant: BusinessSettings, inbound: Inbound) -> Job | None:
        """The job of the last text to this number, preferring open jobs."""
        known = self._known(tenant, inbound).jobs
        open_jobs = open_jobs_of(self.jobs, tenant.tenant, known, inbound.sender)
        return next(iter(open_jobs), None) or next(
            jobs_of(self.jobs, tenant.tenant, known, inbound.sender), None
        )

    def _reply(
        self, tenant: BusinessSettings, inbound: Inbound, meant: ReplyMeaning, now: datetime
    ) -> None:
        """At most one reply to each text, in the tenant's language."""
        words = reply_to(meant, tenant.language, tenant.phone)
        text = counted(filled(words, {"business": tenant.name}))
        draft = _draft(tenant, inbound, text, now)
        sent = self.once(draft, inbound.sender, text.body, now, sender=tenant.sms_number)
        if sent.state == "held":  # only this message has the wording
            raise Busy("the carrier did not take the reply yet")


def _answer_to(
    question: PendingQuestion, tenant: str, event_id: str, now: datetime
) -> JobMoveRequested | JobEditRequested:
    """What a YES to that question requests."""
    if question.move is None:
        yes = VisitAnswer(state="yes", window_start=question.window_start)
        return _answer_edit(tenant, question.job_id, yes, event_id, now)
    return JobMoveRequested(
        tenant=tenant,
        job_id=question.job_id,
        event_id=event_id,
        occurred_at=now,
        actor=BY_TEXT,
        move=question.move,
        expected_rev=question.rev,
    )


def _answer_edit(
    tenant: str, job_id: str, answer: VisitAnswer, event_id: str, now: datetime
) -> JobEditRequested:
    return JobEditRequested(
        tenant=tenant,
        job_id=job_id,
        event_id=event_id,
        occurred_at=now,
        actor=BY_TEXT,
        changes=Changes(visit_answer=answer),
    )


def _still_applies(question: PendingQuestion, job: Job) -> bool:
    """Whether no move was made since the question was asked."""
    return not job.ledger or job.ledger[-1].rev <= question.rev


def _draft(tenant: BusinessSettings, inbound: Inbound, text: Wording, now: datetime) -> Delivery:
    return Delivery(
        name=DeliveryName(
            tenant=tenant.tenant,
            about=REPLIES_TO_TEXTS,
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
