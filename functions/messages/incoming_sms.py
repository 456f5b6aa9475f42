"""Step 8, the other way: a customer replies by text with STOP, START, HELP, or YES.

Every text from a phone is a message of its conversation. One that is no command is for people to
read, and also becomes a note on the job. Texts from short codes are only counted.

A text belongs to the business that owns the number it was sent to. On a shared number, an opt-out
counts for every business that shares it, an answer for the one that asked, and anything else for
the one that texted last.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from events import Changes, JobEditRequested
from functions.messages.answers import Answered, AnswerQuestions
from functions.messages.conversations import Conversations, add_message
from functions.messages.customer_jobs import BY_TEXT, jobs_of, open_jobs_of, texts_edit
from functions.messages.deliveries import Busy
from functions.messages.expected_messages import number_of
from functions.messages.inbound import Inbound
from functions.messages.phone_numbers import (
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.messages.sms_budget import TextBudgets, may_answer, may_confirm_stop
from functions.messages.sms_once import SmsOnce
from functions.messages.sms_request import REPLIES as REPLIES_TO_TEXTS
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Corrupt, Jobs, Requests, Tenants, UnknownTenant
from statemachine.business.business import MAIN, SHARED, BusinessSettings
from statemachine.job.deliveries import Delivery, DeliveryName, masked_phone
from statemachine.job.job import Job
from statemachine.messages.conversation import ConversationMessage
from statemachine.messages.sms_parts import Wording, counted, filled
from statemachine.messages.sms_replies import (
    A_PICTURE,
    FROM_CUSTOMER,
    REPLIES,
    WHICH_JOB,
    ReplyMeaning,
    is_keyword,
    meaning_of_reply,
    reply_to,
)
from statemachine.messages.sms_wording import choices
from statemachine.values.readable_text import without_hidden


@dataclass(frozen=True)
class ReceiveSms:
    tenants: Tenants
    numbers: PhoneRecords
    jobs: Jobs
    requests: Requests
    conversations: Conversations
    once: SmsOnce
    budgets: TextBudgets
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
        if may := meant != "other" and self._may_answer(business, inbound, meant, now):
            answered = self.answers(business.tenant, inbound, meant, now)
        else:
            answered = Answered(False)
        is_command = may and (meant in REPLIES or answered.understood)
        job = self._meant_job(business, inbound)
        if job and not is_command:
            self._note(business, job, inbound, now)
        add_message(
            self.conversations, business.tenant, inbound.sender,
            ConversationMessage(
                message_id=inbound.event_id, at=inbound.at, sender="customer", text=inbound.body,
                meant=meant, to_read=not is_command, job_id=job.job_id if job else None,
            ), self.pause,
        )  # fmt: skip
        if is_command:
            self._reply(business, inbound, meant, answered, now)
        return meant

    @property
    def answers(self) -> AnswerQuestions:
        return AnswerQuestions(self.numbers, self.jobs, self.requests, self.pause)

    def _owner_of(self, number: str) -> BusinessSettings | None:
        """The business whose own number this is; None for the shared one."""
        name = self.tenants.owner_of(number)
        owner = self._read(name) if name else None
        return owner if owner and owner.sms_number == number else None

    def _sharing(self, inbound: Inbound) -> list[BusinessSettings]:
        """Those that have texted this customer from the shared number, the last one first; and then
        the stage's first business: what it sent before there were others is on no list."""
        known = phone_record(self.numbers, SHARED, inbound.sender).businesses
        found = map(self._readable, dict.fromkeys((*known, MAIN)))
        return [each for each in found if each and each.sms_number is None]

    def _readable(self, name: str) -> BusinessSettings | None:
        """None, too, if its settings cannot be read: the text may be for another business."""
        try:
            return self._read(name)
        except Corrupt:
            return None

    def _read(self, name: str) -> BusinessSettings | None:
        try:
            return self.tenants.read(name)
        except UnknownTenant:
            return None

    def _addressed(
        self, businesses: list[BusinessSettings], inbound: Inbound, meant: ReplyMeaning
    ) -> BusinessSettings | None:
        """The one business that the text is for: an answer is for the one that asked, and anything
        else for the one that texted last. The others learn nothing of it."""
        if meant in ("yes", "choice") and len(businesses) > 1:
            known = [(each, self._known(each, inbound)) for each in businesses]
            answered = (each for each, number in known if number.answer_of(inbound.event_id))
            asked = (
                each for each, number in known if self.answers.is_asked(number, inbound, meant)
            )
            if found := next(chain(answered, asked), None):
                return found
        return next(iter(businesses), None)

    def _known(self, tenant: BusinessSettings, inbound: Inbound) -> PhoneRecord:
        return phone_record(self.numbers, tenant.tenant, inbound.sender)

    def _may_answer(
        self, tenant: BusinessSettings, inbound: Inbound, meant: ReplyMeaning, now: datetime
    ) -> bool:
        """What is over the budget is for people to read; a STOP counts in any case."""
        number = number_of(tenant.tenant, inbound.sender)
        text = inbound.event_id
        if meant == "stop":
            return may_confirm_stop(self.budgets, tenant, number, text, now, self.pause)
        has_jobs = bool(self._known(tenant, inbound).jobs)
        return may_answer(self.budgets, tenant, number, text, has_jobs, now, self.pause)

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

    def _note(self, tenant: BusinessSettings, job: Job, inbound: Inbound, now: datetime) -> None:
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
        """The job of the last text to this number, preferring open jobs."""
        known = self._known(tenant, inbound).jobs
        open_jobs = open_jobs_of(self.jobs, tenant.tenant, known, inbound.sender)
        return next(iter(open_jobs), None) or next(
            jobs_of(self.jobs, tenant.tenant, known, inbound.sender), None
        )

    def _reply(
        self,
        tenant: BusinessSettings,
        inbound: Inbound,
        meant: ReplyMeaning,
        answered: Answered,
        now: datetime,
    ) -> None:
        """At most one reply to each text, in the tenant's language."""
        is_ours = meant in REPLIES and not (self.service_answers and is_keyword(inbound.body))
        if not (is_ours or answered.choose):
            return
        words = (
            WHICH_JOB.get(tenant.language)
            if answered.choose
            else reply_to(meant, tenant.language, tenant.phone)
        )
        said = filled(words, {"business": tenant.name})
        text = counted(f"{said}{choices(answered.choose, tenant)}")
        draft = _draft(tenant, inbound, text, now)
        sent = self.once(draft, inbound.sender, text.body, now, sender=tenant.sms_number)
        if sent.state == "held":  # only this message has the wording
            raise Busy("the carrier did not take the reply yet")


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
