"""Conversations with customers: read, texted, and marked as read by the office."""

from datetime import timedelta
from typing import Any

import pytest

from functions.api.my_jobs import MOST_TEXTS
from functions.messages.conversations import add_message
from functions.messages.phone_numbers import change_phone_record, digest_of
from functions.messages.sms_once import SmsNotAccepted, SmsRefused
from statemachine.job.consent import TextsConsent
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.job.job import Customer
from statemachine.messages.conversation import KEPT, PAGE, ConversationMessage
from tests.api.api_fixture import ApiBackend, ApiReply
from tests.support.builders import DISPATCHER, NOON, a_job, minutes
from tests.support.fakes import no_pause
from tests.support.message_fakes import FakeDeliveries

ADA = "+12065550123"
ID = digest_of("main", ADA)
JOB = a_job("ready_for_pickup", customer=Customer(name="Ada Wong", phone=ADA))
OPEN_HOURS = NOON + timedelta(hours=6)
"""1 p.m. by the business's clock; NOON is 7 a.m., in its quiet hours."""


@pytest.fixture
def api(api: ApiBackend) -> ApiBackend:
    api.store(JOB)
    api.now = OPEN_HOURS
    return api


def says(api: ApiBackend, number: int, text: str = "Where are you?", to_read: bool = True) -> None:
    message = ConversationMessage(
        message_id=f"in-{number}", at=OPEN_HOURS + minutes(number), sender="customer", text=text,
        to_read=to_read, job_id=JOB.job_id,
    )  # fmt: skip
    add_message(api.conversations, "main", ADA, message, no_pause)


def read(api: ApiBackend, path: str = f"/api/jobs/{JOB.job_id}/conversation", **query: str) -> Any:
    reply = api.send("GET", path, by="dana", query=query)
    assert reply.status == 200, reply.text
    return reply.json


def text(api: ApiBackend, body: str = "Ten minutes", key: str = "a-key-of-mine") -> ApiReply:
    return api.send(
        "POST",
        f"/api/conversations/{ID}/messages",
        {"text": body, "job_id": JOB.job_id},
        by="dana",
        headers={"idempotency-key": key},
    )


def test_the_board_says_what_is_unread_and_to_dispatchers_only(api: ApiBackend) -> None:
    before = api.send("GET", "/api/jobs", by="dana")
    says(api, 1)
    etag = {"if-none-match": before.headers["etag"]}
    after = api.send("GET", "/api/jobs", by="dana", headers=etag)
    (unread,) = after.json["conversations"]
    assert unread["job_id"] == JOB.job_id
    assert unread["unread"] == 1
    assert unread["phone_end"] == "0123"
    assert ADA not in after.text
    assert api.send("GET", "/api/jobs", by="sue").json["conversations"] == []
    listed = api.send("GET", "/api/conversations", by="olive").json["conversations"]
    assert listed == [unread]


def test_a_second_dispatcher_sees_that_it_was_read(api: ApiBackend) -> None:
    says(api, 1)
    says(api, 2)
    for seq, unread in ((2, 0), (1, 0)):  # requests may arrive in any order
        got = api.send("PUT", f"/api/conversations/{ID}/read", {"seq": seq}, by="dana")
        assert got.status == 204
        assert read(api)["unread"] == unread
    (listed,) = api.send("GET", "/api/jobs", by="olive").json["conversations"]
    assert listed["unread"] == 0


def test_a_text_is_sent_once_and_names_the_business(api: ApiBackend) -> None:
    says(api, 1)
    assert text(api).status == 201
    api.now += minutes(1)
    assert text(api).status == 200
    assert api.provider.sent == [(ADA, "Haulway: Ten minutes")]
    sent = read(api)["messages"][1]
    assert (sent["sender"], sent["state"], sent["by"], sent["text"]) == (
        "office", "sent", "dana", "Ten minutes",
    )  # fmt: skip
    assert text(api, "Other words").slug == "idempotency-key-reused"
    assert len(api.provider.sent) == 1


def test_the_office_may_write_first(api: ApiBackend) -> None:
    empty = read(api)
    assert empty["conversation"] == ID
    assert empty["messages"] == []
    assert empty["begins_with"] == "Haulway: "
    assert text(api).status == 201
    assert [each["text"] for each in read(api)["messages"]] == ["Ten minutes"]


def test_a_text_without_a_key_or_to_no_conversation_is_refused(api: ApiBackend) -> None:
    path = f"/api/conversations/{ID}/messages"
    body = {"text": "Hi", "job_id": JOB.job_id}
    assert api.send("POST", path, body, by="dana").slug == "idempotency-key-missing"
    key = {"idempotency-key": "a-key-of-mine"}
    other = f"/api/conversations/{'0' * 32}/messages"
    assert api.send("POST", other, body, by="dana", headers=key).slug == "unknown-conversation"
    assert api.send("POST", path, {"text": "Hi"}, by="dana", headers=key).status == 404
    assert api.provider.sent == []


def test_a_number_without_a_job_is_listed_unread_and_answered(api: ApiBackend) -> None:
    stranger = "+12065550188"
    wrote = ConversationMessage(
        message_id="in-1", at=OPEN_HOURS, sender="customer", text="Pianos?", to_read=True
    )
    add_message(api.conversations, "main", stranger, wrote, no_pause)
    (listed,) = api.send("GET", "/api/jobs", by="dana").json["conversations"]
    assert listed["unread"] == 1
    path = f"/api/conversations/{listed['conversation']}/messages"
    key = {"idempotency-key": "a-key-of-mine"}
    assert api.send("POST", path, {"text": "Yes"}, by="dana", headers=key).status == 201
    assert api.provider.sent == [(stranger, "Haulway: Yes")]


def test_what_was_refused_says_why_and_is_not_in_the_conversation(api: ApiBackend) -> None:
    api.now = NOON
    assert text(api).json["why"] == "quiet_hours"
    assert "08:00" in text(api).json["detail"]
    api.now = OPEN_HOURS
    assert text(api, "x" * 1000).json["why"] == "too_long"
    change_phone_record(api.numbers, "main", ADA, lambda known: known.stop(NOON), no_pause)
    refused = text(api)
    assert refused.slug == "text-refused"
    assert refused.json["why"] == "opted_out"
    assert api.provider.sent == []
    assert read(api)["messages"] == []
    assert read(api)["texts_stopped"]


def test_a_customer_who_did_not_agree_is_texted_only_after_writing_first(api: ApiBackend) -> None:
    refused = TextsConsent(agreed=False, at=NOON, by=DISPATCHER)
    etag = api.jobs.read("main", JOB.job_id).etag
    api.jobs.replace(JOB.with_(texts_consent=refused), etag)
    assert text(api).json["why"] == "no_consent"
    says(api, 1)
    assert text(api).status == 201


def test_a_text_that_the_carrier_did_not_take_is_sent_by_a_copy(api: ApiBackend) -> None:
    api.provider.says = SmsNotAccepted("ThrottlingException")
    assert text(api).status == 503
    assert read(api)["messages"][0]["state"] == "sending"
    api.provider.says = None
    api.now += minutes(1)
    assert text(api).status == 200
    assert read(api)["messages"][0]["state"] == "sent"


def test_what_the_service_refuses_is_shown_as_refused(api: ApiBackend) -> None:
    api.provider.says = SmsRefused("blocked")
    message = text(api).json
    assert message["state"] == "refused"
    assert message["why"] == "blocked"


def test_a_text_whose_sender_died_says_what_its_delivery_says(api: ApiBackend) -> None:
    api.provider.says = SmsNotAccepted("ThrottlingException")
    text(api)
    api.now += minutes(30)
    assert read(api)["messages"][0]["state"] == "unknown"


def test_earlier_messages_come_in_parts_and_none_twice(api: ApiBackend) -> None:
    count = 2 * PAGE + KEPT + 30
    for number in range(1, count + 1):
        says(api, number, f"Text {number}")
    found, query = list[int](), dict[str, str]()
    while True:
        part = read(api, f"/api/conversations/{ID}", **query)
        found = [each["seq"] for each in part["messages"]] + found
        assert len(part["messages"]) <= PAGE
        if "before" not in part:
            break
        query = {"before": str(part["before"])}
    assert found == list(range(1, count + 1))


def test_what_the_system_texted_is_in_the_conversation(api: ApiBackend) -> None:
    deliveries, number = FakeDeliveries(api.bucket), ID[:8]
    for mark, values in {
        "1": {"status": "ready_for_pickup", "state": "sent"},
        "rescheduled-9f86d081884c7d65": {"state": "unknown", "why": "no_answer"},
        "late-9f86d081884c7d65": {"state": "dropped", "why": "stale"},
        "2": {"state": "sent", "number": "00000000"},
    }.items():
        name = DeliveryName(
            tenant="main", about=JOB.job_id, mark=mark, channel="sms", recipient="customer"
        )
        own: dict[str, Any] = {
            "name": name, "to": "•••0123", "number": number, "created_at": NOON, "updated_at": NOON,
        }  # fmt: skip
        deliveries.create(Delivery.model_validate(own | values))
    shown = [(each["kind"], each["state"]) for each in read(api)["system_texts"]]
    assert shown == [("move", "sent"), ("rescheduled", "unknown")]


# -- what the crew reads of it


def crew_texts(api: ApiBackend, by: str = "mike") -> Any:
    """What the office texted, by job, as the phone of someone in the crew gets it."""
    reply = api.send("GET", "/api/my/jobs", by=by)
    assert reply.status == 200, reply.text
    return reply.json["office_texts"]


@pytest.mark.parametrize(("by", "jobs"), [("mike", {JOB.job_id}), ("fay", set()), ("dana", set())])
def test_only_the_crew_of_a_job_reads_on_the_phone_what_the_office_texted(
    api: ApiBackend, by: str, jobs: set[str]
) -> None:
    text(api)
    assert set(crew_texts(api, by)) == jobs


def test_a_crew_gets_the_words_and_the_time_of_a_text_and_no_more(api: ApiBackend) -> None:
    says(api, 1)
    text(api)
    [told] = crew_texts(api)[JOB.job_id]
    assert told == {"text": "Ten minutes", "at": "2026-11-21T18:00:00.000Z"}


def test_a_crew_reads_nothing_of_a_job_that_has_ended(api: ApiBackend) -> None:
    text(api)
    done = a_job("completed", customer=JOB.customer)
    api.jobs.replace(done, api.jobs.read("main", JOB.job_id).etag)
    assert [job["status"] for job in api.send("GET", "/api/my/jobs", by="mike").json["jobs"]] == [
        "completed"
    ]
    assert crew_texts(api) == {}


def test_a_crew_reads_nothing_about_the_customers_other_jobs(api: ApiBackend) -> None:
    text(api)
    other = a_job("ready_for_pickup", job_id="261121-000002", token="2" * 22, customer=JOB.customer)
    api.store(other)
    assert set(crew_texts(api)) == {JOB.job_id}


def test_a_crew_reads_the_last_texts_only(api: ApiBackend) -> None:
    for number in range(MOST_TEXTS + 2):
        text(api, f"Text {number}", f"a-key-of-mine-{number}")
    told = [each["text"] for each in crew_texts(api)[JOB.job_id]]
    assert told == [f"Text {number}" for number in range(2, MOST_TEXTS + 2)]


def test_a_crew_does_not_read_what_the_customer_did_not_get(api: ApiBackend) -> None:
    api.provider.says = SmsRefused("blocked")
    text(api)
    assert crew_texts(api) == {}


def test_a_conversation_that_cannot_be_read_takes_no_job_from_a_crews_list(
    api: ApiBackend,
) -> None:
    text(api)
    (key,) = (key for key in api.bucket.objects if key.endswith(f"{ID}/latest.json"))
    api.bucket.put(key, b"{")
    mine = api.send("GET", "/api/my/jobs", by="mike").json
    assert [job["job_id"] for job in mine["jobs"]] == [JOB.job_id]
    assert mine["office_texts"] == {}


def test_nothing_of_a_conversation_is_logged(api: ApiBackend) -> None:
    says(api, 1)
    text(api)
    read(api)
    lines = repr(api.log.lines)
    assert not {ADA, "Ten minutes", "Where are you?"} & set(lines.split("'"))
    assert ADA[1:] not in lines
