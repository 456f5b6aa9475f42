"""Customers' replies: opt-outs, opt-ins, help, and a YES that makes a move."""

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from events import JobEditRequested, JobMoveRequested
from functions.messages.deliveries import Busy
from functions.messages.inbound import Inbound, parse_inbound
from functions.messages.incoming_sms import ReceiveSms
from functions.messages.phone_numbers import digest_of, phone_record
from functions.messages.sms_budget import ANSWERS_PER_NUMBER
from functions.messages.sms_once import SmsNotAccepted
from functions.messages.sms_request import JobChanged
from functions.protocol.batches import Permanent
from statemachine.business.business import SHARED, BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Place, Schedule
from statemachine.rules.edits import edited
from statemachine.rules.lifecycle import Committed, Refused, judge
from tests.functions.messages.test_messages import PHONE, MessageSenders, confirmed
from tests.support.builders import CUSTOMER, NOON, SOON, a_job, an_edit, minutes, moved
from tests.support.fakes import FakeJobs, FakeTenants, no_pause, to_bytes
from tests.support.faults import Crashed, FaultAtCall, Faults

OURS = "+15555559999"


def inbound(body: str, at: datetime = NOON, message_id: str = "in-1", **values: Any) -> Inbound:
    text = {
        "originationNumber": PHONE,
        "destinationNumber": OURS,
        "messageKeyword": "KEYWORD",
        "messageBody": body,
        "inboundMessageId": message_id,
        "previousPublishedMessageId": "out-1",
        **values,
    }
    notification = {
        "Type": "Notification",
        "Message": json.dumps(text),
        "Timestamp": at.isoformat(),
    }
    return parse_inbound(Inbound, json.dumps(notification))


class Phone(MessageSenders):
    def __init__(self, service_answers: bool = False) -> None:
        super().__init__()
        self.receive = ReceiveSms(
            self.tenants,
            self.numbers,
            FakeJobs(self.bucket),
            self.requests,
            self.conversations,
            self.send.once,
            self.send.budgets,
            service_answers,
            no_pause,
        )

    def says(self, body: str, **values: Any) -> None:
        self.receive(inbound(body, **values), NOON)


def asked() -> tuple[Phone, Any]:
    """A phone that was asked whether the job is ready."""
    phone = Phone()
    job = phone.store(a_job(schedule=SOON))
    phone.text(job, seq=0)
    return phone, job


def test_yes_makes_the_move_that_the_text_asked_for() -> None:
    phone, job = asked()
    phone.says("Yes, it's ready")
    (request,) = phone.requests.asked
    assert isinstance(request, JobMoveRequested)
    assert request.actor.kind == "customer"
    assert request.move == "confirm"
    assert request.expected_rev == 1
    verdict = judge(job, request, load_flow("haul"), NOON)
    assert isinstance(verdict, Committed)
    assert verdict.job.status == "ready_for_pickup"


def test_a_yes_twice_is_one_event() -> None:
    phone, _ = asked()
    phone.says("YES")
    phone.says("YES")
    assert len({request.event_id for request in phone.requests.asked}) == 1


def test_a_yes_that_is_too_late_is_refused_like_any_other_move() -> None:
    phone, job = asked()
    job = moved(job, "cancel")
    phone.says("YES")
    (request,) = phone.requests.asked
    assert isinstance(request, JobMoveRequested)
    verdict = judge(job, request, load_flow("haul"), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.refusal.why == "overtaken"


def notes(phone: Phone) -> list[tuple[str, str | None]]:
    edits = [asked for asked in phone.requests.asked if isinstance(asked, JobEditRequested)]
    return [(edit.job_id, edit.changes.note) for edit in edits]


def moves(phone: Phone) -> list[tuple[str, str | None]]:
    asked = [asked for asked in phone.requests.asked if isinstance(asked, JobMoveRequested)]
    return [(move.job_id, move.move) for move in asked]


def test_a_yes_to_nothing_is_a_note_for_people_to_read() -> None:
    phone = Phone()
    job = phone.store(confirmed())
    phone.text(job)
    phone.says("YES")
    assert notes(phone) == [(job.job_id, "Text from the customer: YES")]


OTHER = "261121-7k3m2r"


def asked_about_two() -> tuple[Phone, Any]:
    """A phone that was asked about a job on Monday, and about another on Tuesday."""
    phone, first = asked()
    assert SOON.window_start
    assert SOON.window_end
    tuesday = Schedule(
        window_start=SOON.window_start + timedelta(days=1),
        window_end=SOON.window_end + timedelta(days=1),
    )
    phone.text(phone.store(a_job(job_id=OTHER, schedule=tuesday)), seq=0)
    return phone, first


WHICH = (
    "Haulway: Which pickup? Reply 1 for Mon, Nov 23, 7:00-11:00 AM; "
    "2 for Tue, Nov 24, 7:00-11:00 AM"
)


def test_a_yes_that_may_mean_several_jobs_asks_back_once_and_a_number_answers() -> None:
    phone, first = asked_about_two()
    for n, body in [(1, "YES"), (1, "YES"), (2, "2"), (2, "2"), (1, "YES"), (3, "Yes"), (4, "1")]:
        phone.says(body, message_id=f"in-{n}")  # the queue brings some twice
    assert [body for _, body in phone.texts.sent][2:] == [WHICH]
    assert list(dict.fromkeys(moves(phone))) == [(OTHER, "confirm"), (first.job_id, "confirm")]
    assert notes(phone) == [(OTHER, "Text from the customer: 1")]


@pytest.mark.parametrize("body", ["1", "yes 1", "#1 please"])
def test_a_number_chooses_only_what_was_asked_back(body: str) -> None:
    phone, first = asked()
    phone.says(body)
    assert notes(phone) == [(first.job_id, f"Text from the customer: {body}")]


def test_two_jobs_in_one_window_are_told_apart_by_their_addresses() -> None:
    phone, _ = asked()
    elsewhere = Place(address="7 Pine Street, Springfield, Illinois 62704")
    phone.text(phone.store(a_job(job_id=OTHER, schedule=SOON, place=elsewhere)), seq=0)
    phone.says("C")
    assert phone.texts.sent[-1][1] == (
        "Haulway: Which pickup? Reply 1 for 12 Harbor Road; 2 for 7 Pine Street"
    )


@pytest.mark.parametrize("body", ["R", "reprogramar"])
def test_another_time_that_may_mean_several_jobs_asks_back_too(body: str) -> None:
    phone, _ = asked_about_two()
    phone.set_tenant(language="es")
    phone.says(body)
    assert phone.requests.asked == []
    assert phone.texts.sent[-1][1] == (
        "Haulway: ¿Cuál recogida? Responda 1 para el mar 24 nov, 07:00-11:00; "
        "2 para el lun 23 nov, 07:00-11:00"
    )
    phone.says("2", message_id="in-2")
    (edit,) = phone.requests.asked
    assert isinstance(edit, JobEditRequested)
    assert edit.job_id == a_job().job_id
    assert edit.changes.visit_answer
    assert edit.changes.visit_answer.state == "other_time"


def test_a_yes_answers_a_current_question_before_an_overtaken_one() -> None:
    phone, first = asked()
    phone.text(phone.store(a_job(job_id=OTHER, schedule=SOON)), seq=0)
    phone.store(moved(first, "confirm"))
    phone.says("YES")
    assert moves(phone) == [(OTHER, "confirm")]


def test_only_the_current_number_of_a_job_counts() -> None:
    phone, job = asked()
    corrected = an_edit(job, customer=Customer(name="Ada", phone="+15555550199"))
    phone.store(edited(job, corrected, NOON))
    phone.says("YES")
    phone.says("where are you?", message_id="in-2")
    assert phone.requests.asked == []
    phone.send(JobChanged(tenant="main", job_id=job.job_id, fields=("customer",)), NOON)
    phone.says("YES", originationNumber="+15555550199", message_id="in-3")
    assert moves(phone) == [(job.job_id, "confirm")]


@pytest.mark.parametrize("status", [None, "ready_for_pickup"])
def test_a_strangers_booking_takes_over_neither_yes_nor_notes(status: str | None) -> None:
    phone = Phone()
    own = phone.store(a_job(status, schedule=SOON))
    phone.text(own)
    phone.text(phone.store(a_job(job_id=OTHER, created_by=CUSTOMER, schedule=SOON)), seq=0)
    assert len(phone.texts.sent) == 2
    phone.says("YES")
    phone.says("the gate is open", message_id="in-2")
    assert OTHER not in repr(phone.requests.asked)
    assert notes(phone)[-1] == (own.job_id, "Text from the customer: the gate is open")


@pytest.mark.parametrize(
    ("language", "note"),
    [("en", "Text from the customer: a picture"), ("es", "Mensaje del cliente: una foto")],
)
@pytest.mark.parametrize("body", ["", " ", "\u200b"])
def test_a_picture_without_text_is_a_note_that_says_so(language: str, note: str, body: str) -> None:
    phone, job = asked()
    phone.set_tenant(language=language)
    phone.says(body)
    assert notes(phone) == [(job.job_id, note)]


@pytest.mark.parametrize("sender", ["72345", "BANK", "+4477"])
@pytest.mark.parametrize("body", ["STOP", "your code is 1234", ""])
def test_a_text_from_a_short_code_is_counted_and_changes_nothing(sender: str, body: str) -> None:
    phone, _ = asked()
    before = dict(phone.bucket.objects)
    phone.says(body, originationNumber=sender)
    assert phone.bucket.objects == before
    assert phone.requests.asked == []
    assert len(phone.texts.sent) == 1
    assert phone.metrics.counted["TextsReceived"] == 1


@pytest.mark.parametrize("body", ["x" * 5000, "a\x00b\u202ec\x1b[31m", "\ud83d\ude00" * 900])
def test_any_text_becomes_a_readable_note(body: str) -> None:
    phone, _ = asked()
    phone.says(body)
    ((_, note),) = notes(phone)
    assert note
    assert not {"\x00", "\u202e", "\x1b"} & set(note)


def test_a_sentence_with_stop_in_it_reaches_the_crew_and_opts_out_of_nothing() -> None:
    phone, job = asked()
    phone.says("please stop before the gate, it is locked")
    assert not phone_record(phone.numbers, "main", PHONE).stopped
    assert notes(phone) == [
        (job.job_id, "Text from the customer: please stop before the gate, it is locked")
    ]


def test_a_copy_of_stop_that_comes_after_start_stops_nothing() -> None:
    """STOP at 10:00, START at 10:01, and the copy of STOP is handled at 10:05."""
    phone, job = asked()
    phone.says("STOP", at=NOON)
    phone.says("START", at=NOON + minutes(1), message_id="in-2")
    phone.receive(inbound("STOP", at=NOON), NOON + minutes(5))
    assert not phone_record(phone.numbers, "main", PHONE).stopped
    sent = phone.text(phone.store(moved(job, "confirm")))
    assert sent
    assert sent.state == "sent"


def test_a_reply_that_the_carrier_did_not_take_is_retried_and_sent_once() -> None:
    phone, _ = asked()
    phone.texts.says = SmsNotAccepted("ThrottlingException")
    with pytest.raises(Busy):
        phone.says("HELP")
    phone.texts.says = None
    for _ in range(2):
        phone.receive(inbound("HELP"), NOON + minutes(1))
    assert len(phone.texts.sent) == 2


@pytest.mark.parametrize("word", ["STOP", "please stop texting me"])
def test_stop_is_stored_confirmed_once_shown_on_the_board_and_obeyed(word: str) -> None:
    phone, job = asked()
    phone.says(word)
    phone.says(word)
    assert [body for _, body in phone.texts.sent][1:] == [
        "Haulway: You will get no more texts from us. Reply START to get them again."
    ]
    edits = {request.event_id: request for request in phone.requests.asked}
    (edit,) = edits.values()
    assert isinstance(edit, JobEditRequested)
    assert edit.job_id == job.job_id
    assert edit.changes.texts_stopped
    dropped = phone.text(phone.store(moved(job, "confirm")))
    assert dropped
    assert dropped.why == "opted_out"


def test_start_after_stop_sends_texts_again_in_any_order_of_arrival() -> None:
    phone, job = asked()
    phone.says("START", at=NOON + minutes(2), message_id="in-2")
    phone.says("STOP", at=NOON + minutes(1))
    assert not phone_record(phone.numbers, "main", PHONE).stopped
    sent = phone.text(phone.store(moved(job, "confirm")))
    assert sent
    assert sent.state == "sent"


def test_if_the_service_answers_keywords_itself_we_do_not() -> None:
    phone = Phone(service_answers=True)
    phone.says("HELP")
    assert phone.texts.sent == []
    phone.says("please stop", message_id="in-2")
    assert len(phone.texts.sent) == 1


def test_a_stop_counts_for_one_business_where_each_has_its_number() -> None:
    phone = Phone()
    phone.set_tenant(sms_number=OURS)
    other = phone.tenant.with_(tenant="other", sms_number="+15555558888")
    FakeTenants(phone.bucket, other)
    phone.says("STOP")
    stopped = {t: phone_record(phone.numbers, t, PHONE).stopped for t in ("main", "other")}
    assert stopped == {"main": True, "other": False}


def test_texts_and_replies_come_from_the_number_that_the_business_receives_on() -> None:
    phone, job = asked()
    phone.set_tenant(sms_number=OURS)
    phone.text(phone.store(moved(job, "confirm")))
    phone.says("HELP")
    assert phone.texts.senders == [None, OURS, OURS]


def test_a_stop_to_a_shared_number_counts_for_all_who_share_it() -> None:
    phone = Phone()
    FakeTenants(phone.bucket, phone.tenant.with_(tenant="other"))
    phone.says("STOP")
    assert len(phone.texts.sent) == 1
    for tenant in ("main", "other"):
        job = phone.store(confirmed(tenant=tenant))
        dropped = phone.send(JobChanged(tenant=tenant, job_id=job.job_id, seq=job.seq), NOON)
        assert dropped
        assert dropped.why == "opted_out"


def test_a_text_without_a_keyword_becomes_a_note() -> None:
    phone, job = asked()
    phone.says("gate code is 1234")
    (edit,) = phone.requests.asked
    assert isinstance(edit, JobEditRequested)
    assert edit.job_id == job.job_id
    assert edit.changes.note == "Text from the customer: gate code is 1234"


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("\u202eThe gate\0 is\r\nlocked\x1b[2J", "The gate is\nlocked[2J"),
        ("\u200b\u3164", "a picture"),
        ("🚪" * 2000, "🚪" * 1600),
    ],
)
def test_a_note_by_text_is_stored_without_invisible_characters(body: str, note: str) -> None:
    phone, _ = asked()
    phone.says(body)
    (edit,) = phone.requests.asked
    assert isinstance(edit, JobEditRequested)
    assert (edit.changes.note or "").startswith(f"Text from the customer: {note}")


def test_numbers_are_stored_by_a_separate_hash_for_each_tenant() -> None:
    phone, _ = asked()
    assert [key for key in phone.bucket.objects if PHONE[1:] in key] == []
    assert digest_of("main", PHONE) != digest_of("other", PHONE)
    assert PHONE[1:] not in repr(phone_record(phone.numbers, "main", PHONE))


@pytest.mark.parametrize(
    "body", ["", "[]", '{"Message": "x"}', '{"Message": "{}", "Timestamp": 1}']
)
def test_an_invalid_text_is_dead_lettered_without_quoting_it(body: str) -> None:
    with pytest.raises(Permanent):
        parse_inbound(Inbound, body)


def calls_of_a_reply(businesses: int) -> Counter[str]:
    """To a text of one business, in a stage with so many others."""
    phone, _ = asked()
    for number in range(businesses):
        settings = BusinessSettings(tenant=f"b{number}", name="Some Business")
        phone.bucket.objects[f"directory/b{number}.json"] = to_bytes(settings)
    phone.bucket.faults.log.clear()
    phone.says("YES")
    assert len(phone.requests.asked) == 1
    return Counter(operation for operation, _ in phone.bucket.faults.log)


def test_a_text_asks_aws_as_often_with_5000_businesses_as_with_one() -> None:
    assert calls_of_a_reply(5000) == calls_of_a_reply(0)


def test_a_stop_to_the_shared_number_counts_for_businesses_that_come_later() -> None:
    phone = Phone()
    phone.says("STOP")
    FakeTenants(phone.bucket, phone.tenant.with_(tenant="later"))
    job = phone.store(confirmed(tenant="later"))
    later = JobChanged(tenant="later", job_id=job.job_id, seq=job.seq)
    dropped = phone.send(later, NOON)
    assert dropped
    assert dropped.why == "opted_out"
    phone.says("START", at=NOON + minutes(1), message_id="in-2")
    sent = phone.send(later.model_copy(update={"mark": str(job.seq)}), NOON)
    assert sent
    assert sent.why == "opted_out", "a text that was dropped stays dropped"
    assert not phone_record(phone.numbers, SHARED, PHONE).stopped


def test_a_reply_to_a_shared_number_reaches_the_business_that_texted() -> None:
    phone = Phone()
    FakeTenants(phone.bucket, phone.tenant.with_(tenant="other", name="Other"))
    job = phone.store(a_job(tenant="other", schedule=SOON))
    phone.send(JobChanged(tenant="other", job_id=job.job_id, seq=0), NOON)
    phone.says("YES")
    (request,) = phone.requests.asked
    assert isinstance(request, JobMoveRequested)
    assert request.tenant == "other"
    assert request.move == "confirm"
    phone.says("HELP", message_id="in-2")
    assert phone.texts.sent[-1][1].startswith("Other:")


def sharing_phone() -> Phone:
    """A number that two businesses text from the shared number: `main` asks, `other` was last."""
    phone, _ = asked()
    FakeTenants(phone.bucket, phone.tenant.with_(tenant="other", name="Other"))
    job = phone.store(confirmed(tenant="other", schedule=SOON))
    phone.send(JobChanged(tenant="other", job_id=job.job_id, seq=job.seq), NOON)
    return phone


def who_acts(phone: Phone) -> set[str]:
    return {request.tenant for request in phone.requests.asked}


@pytest.mark.parametrize("body", ["the gate code is 1234", "R", ""])
def test_a_text_to_a_shared_number_is_for_the_business_that_texted_last(body: str) -> None:
    phone = sharing_phone()
    phone.says(body)
    assert who_acts(phone) == {"other"}


def test_a_business_that_texts_again_is_the_last_one() -> None:
    phone = sharing_phone()
    phone.text(phone.store(confirmed()))
    phone.says("the gate code is 1234")
    assert who_acts(phone) == {"main"}
    assert phone_record(phone.numbers, SHARED, PHONE).businesses == ("main", "other")


def test_a_yes_to_a_shared_number_and_its_copy_are_for_the_business_that_asked() -> None:
    phone = sharing_phone()
    phone.says("YES")
    phone.says("YES")
    assert who_acts(phone) == {"main"}
    assert len({each.event_id for each in phone.requests.asked}) == 1
    phone.says("YES", message_id="in-2")
    assert who_acts(phone) == {"main", "other"}, "no one asks any more: a note for the last one"


def test_a_text_to_a_shared_number_passes_by_a_business_that_cannot_be_read() -> None:
    phone = sharing_phone()
    phone.bucket.objects["directory/other.json"] = b"{"
    phone.says("the gate code is 1234")
    assert who_acts(phone) == {"main"}


def test_stop_and_start_to_a_shared_number_are_for_all() -> None:
    phone = sharing_phone()
    for at, body in enumerate(("STOP", "START")):
        phone.requests.asked.clear()
        phone.says(body, at=NOON + minutes(at), message_id=f"in-{at}")
        assert who_acts(phone) == {"main", "other"}


def conversation(phone: Phone) -> list[tuple[str, str | None, bool]]:
    stored = phone.conversations.read("main", digest_of("main", PHONE))
    said = stored.value.messages if stored else ()
    return [(each.text, each.meant, each.to_read) for each in said]


def test_every_text_is_a_message_once_and_what_is_no_command_is_to_be_read() -> None:
    phone, job = asked()
    texts = ["YES", "please stop before the gate", "", "HELP", "STOP", "2"]
    for number, body in enumerate(texts * 2):
        phone.says(body, message_id=f"in-{number % len(texts)}")
    assert conversation(phone) == [
        ("YES", "yes", False),
        ("please stop before the gate", "other", True),
        ("", "other", True),
        ("HELP", "help", False),
        ("STOP", "stop", False),
        ("2", "choice", True),
    ]
    listed = phone.conversations.read_list("main")
    assert listed
    (entry,) = listed.value.conversations
    assert entry.unread == 3
    assert entry.job_id == job.job_id
    assert entry.phone_end == PHONE[-4:]


def test_a_text_from_a_number_without_a_job_is_a_message_too() -> None:
    phone = Phone()
    phone.says("Do you haul pianos?")
    assert phone.requests.asked == []
    assert conversation(phone) == [("Do you haul pianos?", "other", True)]


def test_no_text_is_lost_or_doubled_when_a_function_dies_anywhere() -> None:
    for call in range(1, 40):
        phone, _ = asked()
        phone.bucket.faults = FaultAtCall(call, "crash")
        try:
            phone.says("The gate is open")
        except Crashed:
            phone.bucket.faults = Faults()
            phone.says("The gate is open")
        else:
            break
        assert conversation(phone) == [("The gate is open", "other", True)]
        listed = phone.conversations.read_list("main")
        assert listed
        assert [each.unread for each in listed.value.conversations] == [1]
    else:
        pytest.fail("it always dies")


# Budgets


def says_often(phone: Phone, body: str, times: int, sender: str = PHONE) -> None:
    for n in range(times):
        message_id = f"{body}-{sender}-{n}"
        phone.says(body, message_id=message_id, originationNumber=sender)


def unread(phone: Phone, sender: str = PHONE) -> list[str]:
    stored = phone.conversations.read("main", digest_of("main", sender))
    return [each.text for each in stored.value.messages if each.to_read] if stored else []


def test_a_number_gets_so_many_answers_a_day_and_the_rest_is_for_people_to_read() -> None:
    phone = Phone()
    says_often(phone, "HELP", ANSWERS_PER_NUMBER)
    assert unread(phone) == []
    phone.says("Help me", message_id="one more")
    phone.says("Help me", message_id="one more")
    assert len(phone.texts.sent) == ANSWERS_PER_NUMBER
    assert unread(phone) == ["Help me"]
    phone.receive(inbound("HELP", message_id="next day"), NOON + timedelta(days=1))
    assert len(phone.texts.sent) == ANSWERS_PER_NUMBER + 1


def test_a_stop_is_confirmed_whatever_was_spent_and_always_obeyed() -> None:
    phone = Phone()
    phone.set_tenant(unconfirmed_texts_per_day=0)
    says_often(phone, "HELP", ANSWERS_PER_NUMBER + 5)
    says_often(phone, "STOP", 3)
    assert [body for _, body in phone.texts.sent] == [
        "Haulway: You will get no more texts from us. Reply START to get them again."
    ]
    assert phone_record(phone.numbers, "main", PHONE).stopped


def test_two_programs_that_answer_each_other_come_to_an_end() -> None:
    phone = Phone()
    for n in range(40):
        phone.says("STOP", message_id=f"stop-{n}", at=NOON + minutes(2 * n))
        phone.says("START", message_id=f"start-{n}", at=NOON + minutes(2 * n + 1))
    assert len(phone.texts.sent) == ANSWERS_PER_NUMBER


def test_numbers_without_a_job_share_the_businesss_budget_for_strangers() -> None:
    phone, job = asked()
    phone.set_tenant(unconfirmed_texts_per_day=2)
    for n in range(4):
        says_often(phone, "HELP", 1, f"+1555555100{n}")
    assert len(phone.texts.sent) == 1 + 2
    assert unread(phone, "+15555551003") == ["HELP"]
    phone.says("YES")
    assert moves(phone) == [(job.job_id, "confirm")]
