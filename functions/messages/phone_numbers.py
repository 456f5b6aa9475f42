"""What we know of a phone number at one business: whether it wants texts, and what we asked it.

One object for each number and tenant. Its name is a slow hash of the number, so that keys in
access logs do not say whose it is: ten billion numbers are soon hashed, unless each takes a while.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Protocol

from pydantic import Field, model_validator

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Stored, Unavailable
from statemachine.values import EventId, Frozen, JobId, Name, Tenant, Utc

JOBS_KEPT = 8


class PendingQuestion(Frozen):
    """What a YES means: this move of this job, decided on what the text said."""

    job_id: JobId
    rev: Annotated[int, Field(ge=1)]
    move: Name
    answered_by: EventId | None = None
    """The text that was taken for its answer; a copy of that text answers no other question."""


class PhoneRecord(Frozen):
    tenant: Tenant
    digest: str
    version: int = 0
    stopped_at: Utc | None = None
    started_at: Utc | None = None
    questions: tuple[PendingQuestion, ...] = ()
    """Those that the number was asked, each by its own job, oldest first."""
    jobs: tuple[JobId, ...] = ()
    """The jobs this number was last sent texts about, newest first."""

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

    @model_validator(mode="before")
    @classmethod
    def _one_question(cls, values: Any) -> Any:
        """Earlier versions kept one question, of whichever job asked last."""
        if isinstance(values, dict) and "question" in values:
            kept = values["question"]
            values = {name: value for name, value in values.items() if name != "question"}
            values.setdefault("questions", [kept] if kept else [])
        return values

    def texted(
        self, job_id: str, question: PendingQuestion | None, behind: bool = False
    ) -> "PhoneRecord":
        """A text takes the place of its own job's question and of no other's.

        `behind` keeps the job behind the others: it is not the one that answers are about.
        """
        others = tuple(other for other in self.jobs if other != job_id)
        jobs = ((*others, job_id) if behind else (job_id, *others))[:JOBS_KEPT]
        questions = self._with(job_id, question)
        if (questions, jobs) == (self.questions, self.jobs):
            return self
        return self.with_(questions=questions, jobs=jobs)

    def _with(self, job_id: str, question: PendingQuestion | None) -> tuple[PendingQuestion, ...]:
        own = next((asked for asked in self.questions if asked.job_id == job_id), None)
        if own and question and own.with_(answered_by=None) == question:
            return self.questions  # the same text once more
        others = tuple(asked for asked in self.questions if asked.job_id != job_id)
        return (*others, question)[-JOBS_KEPT:] if question else others

    def answer_of(self, event_id: str) -> PendingQuestion | None:
        """The question that this very text was taken for an answer to."""
        return next((asked for asked in self.questions if asked.answered_by == event_id), None)

    def answered(self, question: PendingQuestion, event_id: str) -> "PhoneRecord":
        taken = question.with_(answered_by=event_id)
        changed = tuple(taken if asked == question else asked for asked in self.questions)
        return self.with_(questions=changed)


class PhoneRecords(Protocol):
    def read(self, tenant: str, digest: str) -> Stored[PhoneRecord] | None: ...

    def write(self, number: PhoneRecord, replacing: str | None) -> None:
        """Store if the stored ETag is still `replacing` (None: only if absent); else Conflict."""


@lru_cache(maxsize=4096)
def digest_of(tenant: str, phone: str) -> str:
    return hashlib.scrypt(
        phone.encode(), salt=f"haulway|{tenant}".encode(), n=4096, r=8, p=1, dklen=16
    ).hex()


def phone_record(numbers: PhoneRecords, tenant: str, phone: str) -> PhoneRecord:
    digest = digest_of(tenant, phone)
    stored = numbers.read(tenant, digest)
    return stored.value if stored else PhoneRecord(tenant=tenant, digest=digest)


def change_phone_record(
    numbers: PhoneRecords,
    tenant: str,
    phone: str,
    changed: Callable[[PhoneRecord], PhoneRecord],
    pause: Pause = full_jitter,
) -> PhoneRecord:
    """The number as stored after `changed`. Raises Unavailable past the bound."""
    digest, last = digest_of(tenant, phone), None
    for attempt in range(ATTEMPTS):
        try:
            stored = numbers.read(tenant, digest)
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
