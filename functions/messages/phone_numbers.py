"""What a business knows about a phone number: whether it accepts texts, and what we asked it.

One object for each number and tenant. Its name is a slow hash of the number, so that keys in
access logs do not reveal the number: with a fast hash, all ten billion numbers could be tried.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Literal, Protocol

from pydantic import Field

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Stored, Unavailable
from statemachine.business.business import SHARED, BusinessSettings
from statemachine.job.consent import TextsConsent
from statemachine.values.values import EventId, Frozen, JobId, Name, Tenant, Utc

JOBS_KEPT = 8
BUSINESSES_KEPT = 20
"""Of those that share a number: more have hardly texted one customer."""


class PendingQuestion(Frozen):
    """What a YES means: this move of this job, at the `rev` that the text was about; or, without a
    move, that the customer will be there in the window of the reminder."""

    job_id: JobId
    rev: Annotated[int, Field(ge=1)]
    move: Name | None = None
    window_start: Utc | None = None
    answered_by: EventId | None = None
    """The text that answered it; a copy of that text answers no other question."""


class PendingChoice(Frozen):
    """Several jobs may be meant by a YES or an R: the customer was asked for the number of one."""

    meant: Literal["yes", "reschedule"]
    jobs: Annotated[tuple[JobId, ...], Field(min_length=2)]
    """In the order of the numbers that stand for them, from 1."""
    asked_by: EventId
    """The text that we asked back about; a copy of it asks the same."""


class PhoneRecord(Frozen):
    tenant: Tenant
    digest: str
    version: int = 0
    stopped_at: Utc | None = None
    started_at: Utc | None = None
    questions: tuple[PendingQuestion, ...] = ()
    """Open questions, at most one for each job, oldest first."""
    choice: PendingChoice | None = None
    jobs: tuple[JobId, ...] = ()
    """The jobs that this number was last sent texts about, newest first."""
    introduced_by: Annotated[str, Field(max_length=120)] | None = None
    """The first text to this number, which said how to stop them: job and mark."""
    consent: TextsConsent | None = None
    """When the owner of the number last agreed to texts."""
    businesses: tuple[Tenant, ...] = ()
    """Only in the record of the shared number: who has texted this number from it, the last
    one first."""

    @property
    def stopped(self) -> bool:
        if self.stopped_at is None:
            return False
        return self.started_at is None or self.started_at < self.stopped_at

    def stop(self, at: datetime) -> "PhoneRecord":
        newest = max(filter(None, (self.stopped_at, at)))
        return self if newest == self.stopped_at else self.with_(stopped_at=newest)

    def start(self, at: datetime) -> "PhoneRecord":
        newest = max(filter(None, (self.started_at, at)))
        return self if newest == self.started_at else self.with_(started_at=newest)

    def texted_by(self, business: str) -> "PhoneRecord":
        """In the record of the shared number, before a text of that business is sent from it."""
        others = (known for known in self.businesses if known != business)
        businesses = (business, *others)[:BUSINESSES_KEPT]
        return self if businesses == self.businesses else self.with_(businesses=businesses)

    def left_by(self, business: str) -> "PhoneRecord":
        """In the record of the shared number, when the business has erased the customer."""
        if business not in self.businesses:
            return self
        return self.with_(businesses=tuple(b for b in self.businesses if b != business))

    def texted(
        self, job_id: str, question: PendingQuestion | None, behind: bool = False
    ) -> "PhoneRecord":
        """After a text: it replaces the question of its own job and of no other.

        With `behind`, the job comes after the others: answers are not about it.
        """
        others = tuple(other for other in self.jobs if other != job_id)
        jobs = ((*others, job_id) if behind else (job_id, *others))[:JOBS_KEPT]
        questions = self._with(job_id, question)
        if (questions, jobs) == (self.questions, self.jobs):
            return self
        return self.with_(questions=questions, jobs=jobs)

    def agreed(self, text: str, consent: TextsConsent | None) -> "PhoneRecord":
        """Before `text` is sent, about a job whose customer gave that consent."""
        introduced_by, consent = self.introduced_by or text, consent or self.consent
        if (introduced_by, consent) == (self.introduced_by, self.consent):
            return self
        return self.with_(introduced_by=introduced_by, consent=consent)

    def _with(self, job_id: str, question: PendingQuestion | None) -> tuple[PendingQuestion, ...]:
        own = next((asked for asked in self.questions if asked.job_id == job_id), None)
        if own and question and own.with_(answered_by=None) == question:
            return self.questions  # the same text again
        others = tuple(asked for asked in self.questions if asked.job_id != job_id)
        return (*others, question)[-JOBS_KEPT:] if question else others

    def answer_of(self, event_id: str) -> PendingQuestion | None:
        """The question that this text answered, or None."""
        return next((asked for asked in self.questions if asked.answered_by == event_id), None)

    def answered(self, question: PendingQuestion, event_id: str) -> "PhoneRecord":
        taken = question.with_(answered_by=event_id)
        changed = tuple(taken if asked == question else asked for asked in self.questions)
        return self.with_(questions=changed)

    def choice_of(self, event_id: str) -> PendingChoice | None:
        """What we asked back about this text, or None."""
        return self.choice if self.choice and self.choice.asked_by == event_id else None


class PhoneRecords(Protocol):
    def read(self, tenant: str, digest: str) -> Stored[PhoneRecord] | None: ...

    def write(self, number: PhoneRecord, replacing: str | None) -> None:
        """Raises Conflict unless the stored ETag is still `replacing` (None: there is none)."""


@lru_cache(maxsize=4096)
def digest_of(tenant: str, phone: str) -> str:
    return hashlib.scrypt(
        phone.encode(), salt=f"haulway|{tenant}".encode(), n=4096, r=8, p=1, dklen=16
    ).hex()


def phone_record(numbers: PhoneRecords, tenant: str, phone: str) -> PhoneRecord:
    digest = digest_of(tenant, phone)
    stored = numbers.read(tenant, digest)
    return stored.value if stored else PhoneRecord(tenant=tenant, digest=digest)


@dataclass(frozen=True)
class ReadNumbers:
    """What is stored about a phone number: by the business, and for the number that it shares."""

    known: PhoneRecord
    """By the business, also if nothing is stored."""
    own: Stored[PhoneRecord] | None
    shared: Stored[PhoneRecord] | None

    @property
    def stopped(self) -> bool:
        return self.known.stopped or (self.shared is not None and self.shared.value.stopped)


def read_numbers(numbers: PhoneRecords, tenant: BusinessSettings, phone: str) -> ReadNumbers:
    """Raises Unavailable."""
    digest = digest_of(tenant.tenant, phone)
    own = numbers.read(tenant.tenant, digest)
    shares = tenant.sms_number is None
    shared = numbers.read(SHARED, digest_of(SHARED, phone)) if shares else None
    known = own.value if own else PhoneRecord(tenant=tenant.tenant, digest=digest)
    return ReadNumbers(known, own, shared)


def is_stopped(
    numbers: PhoneRecords, tenant: BusinessSettings, phone: str, known: PhoneRecord
) -> bool:
    """Whether the number gets no texts of this business, which knows that about it, or none of the
    number that the business shares."""
    return known.stopped or (
        tenant.sms_number is None and phone_record(numbers, SHARED, phone).stopped
    )


def change_phone_record(
    numbers: PhoneRecords,
    tenant: str,
    phone: str,
    changed: Callable[[PhoneRecord], PhoneRecord],
    pause: Pause = full_jitter,
    read: Stored[PhoneRecord] | None = None,
) -> PhoneRecord:
    """The record as stored after `changed`; `read` is the record if it was just read. Raises
    Unavailable after ATTEMPTS."""
    digest, last = digest_of(tenant, phone), None
    for attempt in range(ATTEMPTS):
        try:
            stored = read if read and attempt == 0 else numbers.read(tenant, digest)
            known = stored.value if stored else PhoneRecord(tenant=tenant, digest=digest)
            wanted = changed(known)
            if wanted is known:
                return known
            wanted = wanted.with_(version=known.version + 1)
            numbers.write(wanted, stored.etag if stored else None)
            return wanted
        except (Conflict, Unavailable) as error:
            last = error
            pause(attempt)
    raise Unavailable(f"a number of {tenant}: no write in {ATTEMPTS} attempts") from last
