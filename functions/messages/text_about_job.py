"""A text about a job that may have to be sent, and everything that decides it."""

from dataclasses import dataclass
from datetime import datetime

from functions.messages.customer_jobs import BY_TEXT
from functions.messages.expected_messages import number_of, text_name
from functions.messages.phone_numbers import PendingQuestion
from statemachine.flows import Flow
from statemachine.job.deliveries import Delivery, masked_phone
from statemachine.job.job import Job
from statemachine.messages.owed_texts import OwedText, told_by
from statemachine.messages.sms_parts import Wording


@dataclass(frozen=True)
class TextAboutJob:
    job: Job
    flow: Flow
    owed: OwedText
    now: datetime
    stale: str | None = None
    """Why it is not owed any more, as one word."""

    @property
    def mark(self) -> str:
        return self.owed.mark

    @property
    def key(self) -> str:
        """Names it among all texts to the number."""
        return f"{self.job.job_id}/{self.mark}"

    @property
    def seq(self) -> int:
        """Of the move it is about; a text about an edit is sent in the job's last status."""
        return int(self.mark) if self.mark.isdecimal() else self.job.seq

    @property
    def status(self) -> str:
        return self.job.status_at(self.seq)

    @property
    def question(self) -> PendingQuestion | None:
        """What a YES to this text means; a move that has its own text asks nothing."""
        job, status = self.job, self.flow.status(self.status)
        rev = job.ledger[self.seq - 1].rev if self.seq else 1
        if self.owed.kind == "day_before":
            start = job.schedule.window_start
            return PendingQuestion(job_id=job.job_id, rev=rev, window_start=start)
        if status.yes is None or (self.owed.kind is None and self.owed.text != status.sms):
            return None
        return PendingQuestion(job_id=job.job_id, rev=rev, move=status.yes)

    @property
    def is_unconfirmed_booking(self) -> bool:
        """Booked by the public form, in which anyone can enter anyone's number."""
        return self.seq == 0 and self.job.created_by.kind == "customer"

    @property
    def is_of_stranger(self) -> bool:
        """Booked by the public form, and changed since then by no one but the holder of its link:
        neither by the business nor by a text from that number. What a person decides about a held
        text says nothing of the next one."""
        job = self.job
        edits = (edit.actor for edit in job.edits if set(edit.fields) != {"unsent_text"})
        acts = (*(entry.actor for entry in job.ledger), *edits)
        return job.created_by.kind == "customer" and all(
            actor.kind in ("customer", "system") and actor != BY_TEXT for actor in acts
        )

    @property
    def decision(self) -> str | None:
        """What a person has said about it, `send` or `drop`, if it was held for one."""
        unsent = self.job.unsent_text
        decided = unsent is not None and unsent.mark == self.mark
        return unsent.state if unsent and decided and unsent.state in ("send", "drop") else None

    def draft(self, text: Wording | None) -> Delivery:
        phone = self.job.customer.phone
        return Delivery(
            name=text_name(self.job, self.mark),
            state="held",
            status=self.status,
            to=masked_phone(phone or ""),
            number=number_of(self.job.tenant, phone) if phone else None,
            parts=text.parts if text else None,
            told=told_by(self.owed, self.job) if text else {},
            created_at=self.now,
            updated_at=self.now,
        )
