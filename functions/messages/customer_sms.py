"""Step 8: the customer is sent a text about a change, once, and only while it is true; and, when
its time has come, a reminder (plan_reminders.py).

Messages wait in the queue for the merge window, so that after two quick moves only the last one
sends a text. What a message names is only a hint: the job and what was told of it decide what is
sent (`owed_texts.py`). In quiet hours a text is held: its message returns to the queue until they
end, several times, because a queue delays a message by at most 15 minutes. If that message gets
lost, the watchdog finds the held text by its object (repair/repair_deliveries.py).

    edit: Dec 1 -> Dec 3    held until 08:00          08:00: sent, tells Dec 3
    edit: Dec 3 -> Dec 4             held until 08:00        08:00: stale, Dec 4 is owed and sent
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.messages.customer_jobs import open_jobs_of, texts_edit
from functions.messages.deliveries import DelayedMessages
from functions.messages.expected_messages import number_of, text_name
from functions.messages.phone_numbers import (
    PhoneRecords,
    ReadNumbers,
    change_phone_record,
    phone_record,
    read_numbers,
)
from functions.messages.plan_reminders import PlanReminders, asked_edit
from functions.messages.sms_budget import TextBudgets
from functions.messages.sms_once import OPTED_OUT, SmsOnce
from functions.messages.sms_request import JobChanged, SmsRequest
from functions.messages.text_about_job import TextAboutJob
from functions.messages.unsent_texts import hold_of, unsent_edit
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Jobs, Requests, Tenants
from statemachine.business.business import SHARED, BusinessSettings, quiet_until
from statemachine.flows import Flow, load_flow
from statemachine.job.deliveries import OVER_BUDGET, Delivery
from statemachine.job.job import Job
from statemachine.messages.owed_texts import (
    TELLING,
    TOLD,
    OwedText,
    corrected_mark,
    owed_text,
    text_after,
    text_of_move,
    texts_before,
)
from statemachine.messages.reminders import is_still_due, is_wanted, reminder_kind
from statemachine.messages.sms_numbers import why_no_sms
from statemachine.messages.sms_texts import CHANGE_TEXTS
from statemachine.messages.sms_wording import wording
from statemachine.settings.own_words import words_of

TOO_OLD = timedelta(hours=6)
"""A fact that arrives later than this, without a delivery on record, is a replay or outdated."""


@dataclass(frozen=True)
class SendSms:
    jobs: Jobs
    tenants: Tenants
    numbers: PhoneRecords
    budgets: TextBudgets
    requests: Requests
    once: SmsOnce
    later: DelayedMessages
    plan: PlanReminders
    link: Callable[[str], str]
    """The tracking link of a token."""
    pause: Pause = full_jitter

    def __call__(self, change: JobChanged, now: datetime) -> Delivery | None:
        """The delivery of the text; None if there is nothing to say, or no one to text.

        Raises UnknownJob, UnknownTenant; Busy and Unavailable if the message is to be retried.
        """
        if change.named is None and not TELLING & set(change.fields):
            return None
        job = self.jobs.read(change.tenant, change.job_id).value
        flow, mark = load_flow(job.flow), change.named or _decided(change, job)
        phone = job.text_phone
        if phone is None:
            why = "not_agreed" if job.customer.phone else "no_number"
            return self._dropped(job, flow, mark, why, now)
        if change.mark is None:
            self.plan(job, flow, now)
        if mark and mark.isdecimal():
            text = self._of_move(job, flow, int(mark), now)
        else:
            text = self._of_edit(job, flow, mark, now)
        if text is None:
            return self._dropped(job, flow, mark, "no_text", now)
        tenant = self.tenants.read(job.tenant)
        delivery = self._deliver(text, tenant, phone)
        if delivery.state in TOLD and _was_edited_since(text):
            self.plan(job, flow, now)  # if that edit's fact was lost, no one misses it after this
            another = self._of_edit(job, flow, None, now)
            if another:  # a text that was held does not tell all that was edited meanwhile
                self._deliver(another, tenant, phone)
        return delivery

    def _of_move(self, job: Job, flow: Flow, seq: int, now: datetime) -> TextAboutJob | None:
        owed = text_of_move(job, flow, seq)
        if owed is None:
            return None
        stale = "stale" if job.seq > seq else self._told_already(job, flow, seq)
        return TextAboutJob(job, flow, owed, now, stale)

    def _told_already(self, job: Job, flow: Flow, seq: int) -> str | None:
        """The same text as the last one that the customer was told is no news: a job that was
        completed by mistake is completed again, or a move was undone before it was told."""
        if job.customer.phone is None:
            return None
        number, mine = number_of(job.tenant, job.customer.phone), text_after(job, flow, seq)
        for earlier, text in texts_before(job, flow, seq):
            told = self.once.deliveries.read(text_name(job, str(earlier)))
            if told and told.value.state in TOLD and told.value.number == number:
                return "told_already" if text == mine else None
        return None

    def _of_edit(
        self, job: Job, flow: Flow, mark: str | None, now: datetime
    ) -> TextAboutJob | None:
        """The text that is owed; or the named one, which is not owed any more."""
        assert job.customer.phone is not None
        number = number_of(job.tenant, job.customer.phone)
        owed = None
        if mark is None or reminder_kind(mark) is None:
            known = list(self.once.deliveries.about(job.tenant, job.job_id))
            owed = owed_text(job, flow, known, number, now)
        if mark is None or (owed and owed.mark == mark):
            return TextAboutJob(job, flow, owed, now) if owed else None
        if is_still_due(mark, job, flow, now):
            return TextAboutJob(job, flow, _reminder(mark, job), now)
        renamed = corrected_mark(job, "") in mark and mark != corrected_mark(job, number)
        gone = OwedText(mark, "link", CHANGE_TEXTS["link"], job.entered_at)
        return TextAboutJob(job, flow, gone, now, "number_changed" if renamed else "stale")

    def _dropped(
        self, job: Job, flow: Flow, mark: str | None, why: str, now: datetime
    ) -> Delivery | None:
        """Record for a held text that its number, or its wording, no longer exists."""
        if mark is None or self.once.deliveries.read(text_name(job, mark)) is None:
            return None
        gone = OwedText(mark, "link", CHANGE_TEXTS["link"], job.entered_at)
        return self.once(TextAboutJob(job, flow, gone, now).draft(None), "", "", now, lambda _: why)

    def _deliver(self, text: TextAboutJob, tenant: BusinessSettings, phone: str) -> Delivery:
        job, now, owed = text.job, text.now, text.owed
        read = read_numbers(self.numbers, tenant, phone)
        number = read.known
        first = number.introduced_by in (None, text.key)
        words = words_of(owed, text.flow, tenant.own_texts)
        link = None if job.link.revoked else self.link(job.token)
        worded = wording(words, job, tenant, link, now, first)
        why = self._refusal(text, tenant, phone, read)
        too_old = now - (quiet_until(tenant, owed.at) or owed.at) > TOO_OLD

        def drop(known: Delivery | None) -> str | None:
            return why or ("too_old" if known is None and too_old else None)

        draft = text.draft(worded)
        stored = self.once.deliveries.read(draft.name)
        known, hold = stored.value if stored else None, None
        if why is None and not (known.ended if known else too_old):
            of = number_of(tenant.tenant, phone)
            hold = hold_of(text, known, tenant, of, self.budgets, self.pause)
            if hold is None:
                self._remember(text, tenant, phone, read)
        sender = tenant.sms_number
        delivery = self.once(draft, phone, worded.body, now, drop, hold, sender, stored)
        self._follow_up(delivery, text, tenant, phone)
        return delivery

    def _refusal(
        self, text: TextAboutJob, tenant: BusinessSettings, phone: str, read: ReadNumbers
    ) -> str | None:
        if text.stale:
            return text.stale
        if text.decision == "drop":
            return "not_wanted"
        if text.owed.kind and not is_wanted(text.owed.kind, tenant, text.job):
            return "switched_off"
        if read.stopped:
            return OPTED_OUT
        return why_no_sms(phone, tenant.countries)

    def _remember(
        self, text: TextAboutJob, tenant: BusinessSettings, phone: str, read: ReadNumbers
    ) -> None:
        """Record what a reply to this text will mean, before anyone can reply."""
        job, question = text.job, text.question
        others = self._others(text, phone) if text.is_unconfirmed_booking else []
        if not all(_is_unconfirmed(other) for other in others):
            question = None  # anyone may have made this booking; only its link confirms it
        change_phone_record(
            self.numbers,
            job.tenant,
            phone,
            lambda number: number.texted(job.job_id, question, behind=bool(others)).agreed(
                text.key, job.texts_consent
            ),
            self.pause,
            read.own,
        )
        if tenant.sms_number is None:
            change_phone_record(
                self.numbers, SHARED, phone, lambda number: number.texted_by(job.tenant),
                self.pause, read.shared,
            )  # fmt: skip

    def _others(self, text: TextAboutJob, phone: str) -> list[Job]:
        """The other open jobs of the number."""
        known = phone_record(self.numbers, text.job.tenant, phone)
        job_ids = [job_id for job_id in known.jobs if job_id != text.job.job_id]
        return open_jobs_of(self.jobs, text.job.tenant, job_ids, phone)

    def _follow_up(
        self, delivery: Delivery, text: TextAboutJob, tenant: BusinessSettings, phone: str
    ) -> None:
        job, now = text.job, text.now
        if unsent := unsent_edit(text, delivery):
            self.requests.ask([unsent])
        if text.owed.kind == "day_before" and delivery.state in TOLD:
            self.requests.ask([asked_edit(job, tenant, delivery.updated_at)])
        if delivery.state == "held" and delivery.due_at and delivery.why != OVER_BUDGET:
            due = SmsRequest(job.tenant, job.job_id, text.mark)
            self.later.put(due.message(), (delivery.due_at - now).total_seconds())
        if delivery.why == OPTED_OUT:
            if delivery.state == "refused":  # the provider knew before us
                change_phone_record(
                    self.numbers, job.tenant, phone, lambda number: number.stop(now), self.pause
                )
            if not job.texts_stopped:
                edit = texts_edit(job.tenant, job.job_id, True, text.mark, now)
                self.requests.ask([edit])


def _decided(change: JobChanged, job: Job) -> str | None:
    """The text that a person has decided about, by this edit."""
    unsent = job.unsent_text if "unsent_text" in change.fields else None
    return unsent.mark if unsent and unsent.state in ("send", "drop") else None


def _reminder(mark: str, job: Job) -> OwedText:
    kind = reminder_kind(mark)
    assert kind is not None
    return OwedText(mark, kind, CHANGE_TEXTS[kind], job.entered_at)


def _was_edited_since(text: TextAboutJob) -> bool:
    edits = text.job.edits
    return any(TELLING & set(e.fields) and e.recorded_at >= text.owed.at for e in edits)


def _is_unconfirmed(job: Job) -> bool:
    return job.seq == 0 and job.created_by.kind == "customer"
