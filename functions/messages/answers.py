"""What a customer's YES, R, or number does, and what we ask back.

    one job may be meant     YES makes the move that was offered, R asks for another time
    several may be meant     we ask back which: `Reply 1 for Mon, Nov 23, …; 2 for …`
    none is                  the text is for people to read

A question belongs to its job, and counts only for the number that the job has now. A copy of a text
does what the text did: the record of the number says which question it answered, or what we asked
back about it.

    YES              2 questions are open: asked back
    2                answers the second one
    copy of YES      asked back already: nothing is sent, nothing is answered
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from events import Changes, JobEditRequested, JobMoveRequested
from functions.messages.customer_jobs import BY_TEXT, jobs_of, open_jobs_of
from functions.messages.inbound import Inbound
from functions.messages.phone_numbers import (
    PendingChoice,
    PendingQuestion,
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Jobs, Requests
from statemachine.job.job import Job
from statemachine.job.visit import VisitAnswer
from statemachine.messages.sms_replies import MOST_CHOICES, ReplyMeaning, chosen_number


@dataclass(frozen=True)
class Answered:
    """Whether a text was understood; `choose` are the jobs that we have to ask back about."""

    understood: bool
    choose: Sequence[Job] = ()


@dataclass(frozen=True)
class AnswerQuestions:
    numbers: PhoneRecords
    jobs: Jobs
    requests: Requests
    pause: Pause = full_jitter

    def __call__(
        self, tenant: str, inbound: Inbound, meant: ReplyMeaning, now: datetime
    ) -> Answered:
        """Raises Unavailable."""
        match meant:
            case "yes":
                return self._yes(tenant, inbound, now)
            case "reschedule":
                return self._reschedule(tenant, inbound, now)
            case "choice":
                return self._chosen(tenant, inbound, now)
        return Answered(False)

    def is_asked(self, number: PhoneRecord, inbound: Inbound, meant: ReplyMeaning) -> bool:
        """Whether a text with that meaning answers something that we asked this number."""
        if meant == "choice":
            return number.choice is not None
        questions = _unanswered(number)
        found = jobs_of(self.jobs, number.tenant, questions, inbound.sender)
        return any(_still_applies(questions[job.job_id], job) for job in found)

    def _yes(
        self, tenant: str, inbound: Inbound, now: datetime, only: str | None = None
    ) -> Answered:
        """With `only`, the question of that job is meant."""

        def changed(number: PhoneRecord) -> PhoneRecord:
            if number.answer_of(inbound.event_id) or number.choice_of(inbound.event_id):
                return number
            asked = self._open_questions(number, inbound.sender, only)
            if len(asked) > 1:
                return number.with_(choice=_choice("yes", (q.job_id for q in asked), inbound))
            return number.answered(asked[0], inbound.event_id) if asked else number

        number = change_phone_record(self.numbers, tenant, inbound.sender, changed, self.pause)
        if question := number.answer_of(inbound.event_id):
            self.requests.ask([_answer_to(question, tenant, inbound.event_id, now)])
            return Answered(True)
        return self._asked_back(number, inbound)

    def _open_questions(
        self, number: PhoneRecord, phone: str, only: str | None
    ) -> list[PendingQuestion]:
        """Those about the present status of a job that has this number now. If there are none, one
        that was overtaken: its move is refused, on the job's record."""
        asked = {job: q for job, q in _unanswered(number).items() if only in (None, job)}
        found = list(jobs_of(self.jobs, number.tenant, asked, phone))
        standing = [job for job in found if _still_applies(asked[job.job_id], job)]
        return [asked[job.job_id] for job in standing or found[:1]]

    def _reschedule(self, tenant: str, inbound: Inbound, now: datetime) -> Answered:
        def changed(number: PhoneRecord) -> PhoneRecord:
            meant = self._to_reschedule(number, inbound.sender)
            if number.choice_of(inbound.event_id) or len(meant) < 2:
                return number
            jobs = (job.job_id for job in meant)
            return number.with_(choice=_choice("reschedule", jobs, inbound))

        number = change_phone_record(self.numbers, tenant, inbound.sender, changed, self.pause)
        if number.choice_of(inbound.event_id):
            return self._asked_back(number, inbound)
        return self._other_time(self._to_reschedule(number, inbound.sender), inbound, now)

    def _to_reschedule(self, number: PhoneRecord, phone: str) -> list[Job]:
        """The open jobs whose reminder offered another time; without one, all open jobs."""
        offered = [job_id for job_id, q in _unanswered(number).items() if q.window_start]
        for job_ids in (offered, number.jobs):
            if found := open_jobs_of(self.jobs, number.tenant, job_ids, phone):
                return found
        return []

    def _chosen(self, tenant: str, inbound: Inbound, now: datetime) -> Answered:
        choice = phone_record(self.numbers, tenant, inbound.sender).choice
        number = chosen_number(inbound.body)
        if choice is None or number is None or number > len(choice.jobs):
            return Answered(False)
        job_id = choice.jobs[number - 1]
        if choice.meant == "yes":
            return self._yes(tenant, inbound, now, only=job_id)
        return self._other_time(
            open_jobs_of(self.jobs, tenant, [job_id], inbound.sender), inbound, now
        )

    def _other_time(self, jobs: Sequence[Job], inbound: Inbound, now: datetime) -> Answered:
        """Record that the customer wants another time; the text with the link follows from that."""
        for job in jobs[:1]:
            start = job.schedule.window_start
            answer = VisitAnswer(state="other_time", window_start=start, answer_by=inbound.at)
            event_id = f"{inbound.event_id}-time"
            self.requests.ask([_answer_edit(job.tenant, job.job_id, answer, event_id, now)])
        return Answered(bool(jobs))

    def _asked_back(self, number: PhoneRecord, inbound: Inbound) -> Answered:
        choice = number.choice_of(inbound.event_id)
        if choice is None:
            return Answered(False)
        return Answered(True, list(jobs_of(self.jobs, number.tenant, choice.jobs, inbound.sender)))


def _choice(meant: ReplyMeaning, job_ids: Iterable[str], inbound: Inbound) -> PendingChoice:
    jobs = tuple(job_ids)[:MOST_CHOICES]
    return PendingChoice.model_validate(
        {"meant": meant, "jobs": jobs, "asked_by": inbound.event_id}
    )


def _unanswered(number: PhoneRecord) -> dict[str, PendingQuestion]:
    return {q.job_id: q for q in number.questions if q.answered_by is None}


def _still_applies(question: PendingQuestion, job: Job) -> bool:
    """Whether no move was made since the question was asked."""
    return not job.ledger or job.ledger[-1].rev <= question.rev


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
