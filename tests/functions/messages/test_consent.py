"""No text without consent; the first text to a number says how to stop."""

from datetime import timedelta

from functions.messages.expected_messages import expected_of
from functions.messages.phone_numbers import phone_record
from functions.messages.sms_once import SmsNotAccepted
from statemachine.flows import load_flow
from statemachine.job.consent import TextsConsent
from statemachine.job.job import Customer, Job
from statemachine.messages.reminders import call_after
from statemachine.messages.sms_texts import HOW_TO_STOP
from tests.functions.messages.test_due_messages import MORNING, settled
from tests.functions.messages.test_messages import PHONE, MessageSenders, confirmed
from tests.functions.messages.test_owed_texts import Handset
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job

HAUL = load_flow("haul")
UNKNOWN = "+15555550142"
NO = TextsConsent(agreed=False, at=MORNING, by=DISPATCHER)
YES = TextsConsent(agreed=True, at=MORNING, by=CUSTOMER, wording="booking-1")


def a_job_with(consent: TextsConsent | None) -> Job:
    return settled(a_job("ready_for_pickup", texts_consent=consent, entered_at=MORNING))


def test_without_consent_nothing_is_sent_or_missed_and_the_board_says_to_call() -> None:
    handset = Handset().has(a_job_with(NO))
    assert handset.text(handset.job, now=handset.now) is None
    assert handset.texts.sent == []
    assert handset.all_logged() == []
    assert list(expected_of(handset.job, [], [], MORNING)) == []
    assert call_after(handset.job, HAUL) == NO.at


def test_once_the_customer_agrees_the_text_of_the_status_is_sent() -> None:
    handset = Handset().has(a_job_with(NO))
    handset.now += timedelta(days=1)
    handset.edits(agreed_to_texts=True)
    assert len(handset.reads) == 1
    assert handset.job.texts_consent == TextsConsent(agreed=True, at=handset.now, by=DISPATCHER)
    assert call_after(handset.job, HAUL) is None
    handset.edits(agreed_to_texts=False).moves("start")
    assert len(handset.reads) == 1


def test_a_job_from_before_the_question_counts_as_agreed() -> None:
    handset = Handset().has(a_job_with(None))
    handset.text(handset.job, now=handset.now)
    assert len(handset.reads) == 1
    assert call_after(handset.job, HAUL) is None


def test_a_customer_who_was_called_is_not_marked_again() -> None:
    handset = Handset().has(a_job_with(NO))
    handset.edits(visit_answer={"state": "called", "window_start": None})
    assert call_after(handset.job, HAUL) is None


def test_the_first_text_to_a_number_says_how_to_stop_in_the_customers_language() -> None:
    for language in ("en", "es"):
        senders = MessageSenders()
        customer = Customer(name="Ada Wong", phone=UNKNOWN, language=language)
        first, second = (confirmed(job_id=f"261121-{n:06}", customer=customer) for n in (1, 2))
        for job in (first, second, first):
            senders.text(senders.store(job))
        bodies = [body for _, body in senders.texts.sent]
        assert [body.endswith(HOW_TO_STOP.get(language)) for body in bodies] == [True, False]
        assert all(body.startswith("Haulway: ") for body in bodies)


def test_a_first_text_that_is_tried_again_has_the_same_words() -> None:
    senders = MessageSenders()
    job = senders.store(confirmed(customer=Customer(name="Ada Wong", phone=UNKNOWN)))
    senders.texts.says = SmsNotAccepted()
    senders.text(job)
    senders.texts.says = None
    senders.text(job, now=NOON + timedelta(minutes=1))
    ((_, body),) = senders.texts.sent
    assert body.endswith(HOW_TO_STOP.en)


def test_the_numbers_record_keeps_the_consent_of_the_last_job() -> None:
    senders = MessageSenders()
    senders.text(senders.store(confirmed(texts_consent=YES)))
    assert phone_record(senders.numbers, "main", PHONE).consent == YES
