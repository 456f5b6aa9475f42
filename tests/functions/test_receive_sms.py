"""What customers answer: opt-outs, opt-ins, help, and a YES that makes a move."""

import json
from datetime import datetime
from typing import Any

import pytest

from events import JobEditRequested, JobMoveRequested
from functions.hooks.numbers import digest_of, known_number
from functions.inbox import Permanent
from functions.receive_sms import Inbound, ReceiveSms, parse_inbound
from statemachine.flows import load_flow
from statemachine.lifecycle import Committed, Refused, judge
from tests.builders import NOON, a_job, minutes, moved
from tests.fakes import FakeJobs, no_pause, to_bytes
from tests.functions.test_hooks import PHONE, Hooks, confirmed

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


class Phone(Hooks):
    def __init__(self, service_answers: bool = False) -> None:
        super().__init__()
        self.receive = ReceiveSms(
            self.tenants,
            self.numbers,
            FakeJobs(self.bucket),
            self.requests,
            self.send.once,
            service_answers,
            no_pause,
        )

    def says(self, body: str, **values: Any) -> None:
        self.receive(inbound(body, **values), NOON)


def asked() -> tuple[Phone, Any]:
    """A phone that was asked whether the job is ready."""
    phone = Phone()
    job = phone.keep(a_job())
    phone.text(job, seq=0)
    return phone, job


def test_yes_makes_the_move_that_the_text_asked_for() -> None:
    phone, job = asked()
    phone.says("Yes, it's ready")
    (request,) = phone.requests.asked
    assert isinstance(request, JobMoveRequested)
    assert (request.actor.kind, request.move, request.expected_rev) == ("customer", "confirm", 1)
    verdict = judge(job, request, load_flow("haul"), NOON)
    assert isinstance(verdict, Committed)
    assert verdict.job.status == "ready_for_pickup"


def test_a_yes_twice_is_one_event() -> None:
    phone, _ = asked()
    phone.says("YES")
    phone.says("YES")
    assert len({request.event_id for request in phone.requests.asked}) == 1


def test_a_yes_that_comes_too_late_is_refused_like_anybodys_move() -> None:
    phone, job = asked()
    job = moved(job, "cancel")
    phone.says("YES")
    (request,) = phone.requests.asked
    assert isinstance(request, JobMoveRequested)
    verdict = judge(job, request, load_flow("haul"), NOON)
    assert isinstance(verdict, Refused)
    assert verdict.refusal.why == "overtaken"


def test_a_yes_to_nothing_asks_for_nothing() -> None:
    phone = Phone()
    phone.text(phone.keep(confirmed()))
    phone.says("YES")
    assert phone.requests.asked == []


@pytest.mark.parametrize("word", ["STOP", "please stop texting me"])
def test_stop_is_kept_confirmed_once_shown_on_the_board_and_honoured(word: str) -> None:
    phone, job = asked()
    phone.says(word)
    phone.says(word)
    assert [body for _, body in phone.texts.sent][1:] == [
        "Haulway: You will get no more texts from us. Reply START to get them again."
    ]
    edits = {request.event_id: request for request in phone.requests.asked}
    (edit,) = edits.values()
    assert isinstance(edit, JobEditRequested)
    assert (edit.job_id, edit.changes.texts_stopped) == (job.job_id, True)
    dropped = phone.text(phone.keep(moved(job, "confirm")))
    assert dropped
    assert dropped.why == "opted_out"


def test_start_after_stop_sends_texts_again_whatever_order_they_arrive_in() -> None:
    phone, job = asked()
    phone.says("START", at=NOON + minutes(2), message_id="in-2")
    phone.says("STOP", at=NOON + minutes(1))
    assert not known_number(phone.numbers, "main", PHONE).stopped
    sent = phone.text(phone.keep(moved(job, "confirm")))
    assert sent
    assert sent.state == "sent"


def test_where_the_service_answers_keywords_itself_we_do_not() -> None:
    phone = Phone(service_answers=True)
    phone.says("HELP")
    assert phone.texts.sent == []
    phone.says("please stop", message_id="in-2")
    assert len(phone.texts.sent) == 1


def test_a_stop_counts_for_one_business_where_each_has_its_number() -> None:
    phone = Phone()
    phone.set_tenant(sms_number=OURS)
    other = phone.tenant.with_(tenant="other", sms_number="+15555558888")
    phone.bucket.objects["directory/other.json"] = to_bytes(other)
    phone.says("STOP")
    stopped = {t: known_number(phone.numbers, t, PHONE).stopped for t in ("main", "other")}
    assert stopped == {"main": True, "other": False}


def test_a_stop_to_a_shared_number_counts_for_all_who_share_it() -> None:
    phone = Phone()
    phone.bucket.objects["directory/other.json"] = to_bytes(phone.tenant.with_(tenant="other"))
    phone.says("STOP")
    assert all(known_number(phone.numbers, tenant, PHONE).stopped for tenant in ("main", "other"))
    assert len(phone.texts.sent) == 1


def test_what_is_no_keyword_becomes_a_note_for_people_to_read() -> None:
    phone, job = asked()
    phone.says("gate code is 1234")
    (edit,) = phone.requests.asked
    assert isinstance(edit, JobEditRequested)
    assert (edit.job_id, edit.changes.note) == (
        job.job_id,
        "Text from the customer: gate code is 1234",
    )


def test_numbers_are_kept_by_a_hash_of_their_own_for_each_tenant() -> None:
    phone, _ = asked()
    assert [key for key in phone.bucket.objects if PHONE[1:] in key] == []
    assert digest_of("main", PHONE) != digest_of("other", PHONE)
    assert PHONE[1:] not in repr(known_number(phone.numbers, "main", PHONE))


@pytest.mark.parametrize(
    "body", ["", "[]", '{"Message": "x"}', '{"Message": "{}", "Timestamp": 1}']
)
def test_what_is_no_inbound_text_is_buried_without_saying_what_it_held(body: str) -> None:
    with pytest.raises(Permanent):
        parse_inbound(Inbound, body)
