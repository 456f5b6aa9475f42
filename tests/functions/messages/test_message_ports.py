"""The ports of messages: every rule on the fakes and on the real adapters with moto."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from functions.aws.conversations import S3Conversations
from functions.aws.messages import S3Deliveries, S3Endpoints, S3PhoneRecords, S3TextBudgets
from functions.aws.queues import SqsDelayedMessages
from functions.aws.sms_providers import EndUserMessagingSms, FileSms, SnsSms
from functions.messages.conversations import Conversations
from functions.messages.deliveries import Deliveries, change
from functions.messages.endpoints import Endpoints, change_endpoint
from functions.messages.phone_numbers import (
    PhoneRecord,
    PhoneRecords,
    change_phone_record,
    phone_record,
)
from functions.messages.sms_budget import SpentTexts, TextBudgets
from functions.messages.sms_once import SmsNotAccepted, SmsOutcomeUnknown, SmsRefused
from functions.protocol.ports import Conflict
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.messages.conversation import (
    Conversation,
    ConversationList,
    ConversationMessage,
    ConversationPage,
)
from tests.support.builders import NOON, minutes
from tests.support.fakes import Bucket, no_pause
from tests.support.faults import Fault, Faults, ServiceResponse
from tests.support.message_fakes import (
    FakeConversations,
    FakeDeliveries,
    FakeEndpoints,
    FakePhoneRecords,
    FakeTextBudgets,
    an_endpoint,
)
from tests.support.moto_server import Moto

NAME = DeliveryName(
    tenant="main", about="261121-7k3m2q", mark="1", channel="sms", recipient="customer"
)
HELD = Delivery(name=NAME, state="held", to="•••0123", created_at=NOON, updated_at=NOON)


class Store(Protocol):
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def numbers(self) -> PhoneRecords: ...
    @property
    def endpoints(self) -> Endpoints: ...
    @property
    def budgets(self) -> TextBudgets: ...
    @property
    def conversations(self) -> Conversations: ...


class FakeStore:
    def __init__(self) -> None:
        bucket = Bucket()
        self.deliveries, self.numbers = FakeDeliveries(bucket), FakePhoneRecords(bucket)
        self.endpoints, self.budgets = FakeEndpoints(bucket), FakeTextBudgets(bucket)
        self.conversations = FakeConversations(bucket)


class MotoStore:
    def __init__(self, moto: Moto) -> None:
        s3, bucket = moto.s3, moto.bucket()
        self.deliveries, self.numbers = S3Deliveries(s3, bucket), S3PhoneRecords(s3, bucket)
        self.endpoints, self.budgets = S3Endpoints(s3, bucket), S3TextBudgets(s3, bucket)
        self.conversations = S3Conversations(s3, bucket)


@pytest.fixture(params=["fake", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    return FakeStore() if request.param == "fake" else MotoStore(request.getfixturevalue("moto"))


def test_a_delivery_is_created_once(store: Store) -> None:
    assert store.deliveries.read(NAME) is None
    store.deliveries.create(HELD)
    with pytest.raises(Conflict):
        store.deliveries.create(HELD)
    stored = store.deliveries.read(NAME)
    assert stored
    assert stored.value == HELD


def test_a_delivery_is_replaced_only_with_its_latest_etag(store: Store) -> None:
    store.deliveries.create(HELD)
    stored = store.deliveries.read(NAME)
    assert stored
    store.deliveries.replace(HELD.claimed("a", NOON), stored.etag)
    with pytest.raises(Conflict):
        store.deliveries.replace(HELD.claimed("b", NOON), stored.etag)


def test_the_log_of_a_job_has_its_deliveries_and_no_others(store: Store) -> None:
    other = NAME.with_(about="261121-7k3m2r")
    for name in (NAME, NAME.with_(mark="2"), other):
        change(store.deliveries, name, lambda known, name=name: known or HELD.with_(name=name))  # type: ignore[misc]
    assert [d.name.mark for d in store.deliveries.about("main", NAME.about)] == ["1", "2"]


def test_reminders_are_listed_by_time_until_they_are_dropped(store: Store) -> None:
    names = [NAME.with_(mark=mark) for mark in ("1", "1-0a1b2c3d", "JobEdited-00ff")]
    for minute, name in zip((2, 0, 9), names, strict=True):
        store.deliveries.remind(name, NOON + minutes(minute))
    due = list(store.deliveries.reminders("main", NOON + minutes(2)))
    assert [DeliveryName.parse(one.tenant, one.tail) for one in due] == [names[1], names[0]]
    for one in due:
        store.deliveries.drop_reminder(one)
    assert list(store.deliveries.reminders("main", NOON + minutes(8))) == []
    assert list(store.deliveries.reminders("other", NOON + minutes(9))) == []


def test_a_budget_is_written_only_with_its_latest_etag(store: Store) -> None:
    empty = SpentTexts(tenant="main", day="2026-11-21", of="business")
    store.budgets.write(empty, None)
    stored = store.budgets.read(empty)
    assert stored
    store.budgets.write(empty.with_(texts=(NAME.about,)), stored.etag)
    with pytest.raises(Conflict):
        store.budgets.write(empty, stored.etag)


def test_each_tenant_has_its_own_record_of_a_number(store: Store) -> None:
    stop: Callable[[PhoneRecord], PhoneRecord] = lambda number: number.stop(NOON)  # noqa: E731
    change_phone_record(store.numbers, "main", "+15555550123", stop, no_pause)
    change_phone_record(store.numbers, "main", "+15555550123", stop, no_pause)
    known = phone_record(store.numbers, "main", "+15555550123")
    assert known.stopped
    assert known.version == 1
    assert not phone_record(store.numbers, "other", "+15555550123").stopped


def test_endpoints_are_listed_and_changed(store: Store) -> None:
    store.endpoints.write(an_endpoint("ep_b"), None)
    store.endpoints.write(an_endpoint("ep_a"), None)
    changed = change_endpoint(store.endpoints, "main", "ep_a", lambda e: e.failed(NOON), no_pause)
    assert [e.endpoint_id for e in store.endpoints.all("main")] == ["ep_a", "ep_b"]
    stored = store.endpoints.read("main", "ep_a")
    assert stored
    assert stored.value == changed
    assert changed.failing_since == NOON


# -- providers: one request each, whatever happens to the response

PROVIDERS: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "sns": ("sns", "Publish", SnsSms),
    "aws": ("pinpoint-sms-voice-v2", "SendTextMessage", EndUserMessagingSms),
}
every_provider = pytest.mark.parametrize("provider", PROVIDERS)


def outcome(moto: Moto, provider: str, fault: Fault) -> tuple[Exception, int]:
    service, operation, texts = PROVIDERS[provider]
    client = moto.client(service)
    faults = Faults({operation: [fault]})
    with (
        faults.on(client),
        pytest.raises((SmsOutcomeUnknown, SmsNotAccepted, SmsRefused)) as raised,
    ):
        texts(client).send("+15555550123", "Hello", "main/1/2")
    return raised.value, faults.calls(operation)


def test_n2_a_text_with_a_lost_response_was_sent_in_one_request(moto: Moto) -> None:
    error, requests = outcome(moto, "sns", "after")
    assert type(error) is SmsOutcomeUnknown
    assert requests == 1


@every_provider
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("before", SmsNotAccepted),  # the connection was never made
        (ServiceResponse(400, "ThrottlingException"), SmsNotAccepted),
        (ServiceResponse(500, "InternalServerException"), SmsOutcomeUnknown),
        (ServiceResponse(503, "ServiceUnavailable"), SmsOutcomeUnknown),
        (ServiceResponse(400, "ValidationException"), SmsRefused),
        (ServiceResponse(403, "AccessDeniedException"), SmsRefused),
    ],
)
def test_every_provider_error_has_one_meaning_and_no_retry(
    moto: Moto, provider: str, fault: Fault, said: type[Exception]
) -> None:
    error, requests = outcome(moto, provider, fault)
    assert type(error) is said
    assert requests == 1


def test_an_unreadable_response_is_a_lost_response(moto: Moto) -> None:
    error, requests = outcome(moto, "sns", ServiceResponse(200, body=b"<html>proxy"))
    assert type(error) is SmsOutcomeUnknown
    assert requests == 1


def test_an_opt_out_at_the_service_is_recognized(moto: Moto) -> None:
    body = b'{"__type":"ConflictException","Reason":"DESTINATION_PHONE_NUMBER_OPTED_OUT"}'
    error, _ = outcome(moto, "aws", ServiceResponse(400, "ConflictException", body))
    assert isinstance(error, SmsRefused)
    assert error.why == "opted_out"


class SmsClient:
    """Records what an SMS service is asked to send."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}

    def send_text_message(self, **asked: Any) -> dict[str, str]:
        self.asked = asked
        return {}

    publish = send_text_message


@pytest.mark.parametrize(("own", "sender"), [(None, "pool-1"), ("+12065550142", "+12065550142")])
def test_a_text_comes_from_the_businesss_own_number_or_the_stages(
    own: str | None, sender: str
) -> None:
    client = SmsClient()
    EndUserMessagingSms(client, "pool-1").send("+15555550123", "Hello", "main/1/2", own)
    assert client.asked["OriginationIdentity"] == sender
    SnsSms(client).send("+15555550123", "Hello", "main/1/2", own)
    chosen = client.asked["MessageAttributes"].get("AWS.MM.SMS.OriginationNumber")
    assert chosen == (own and {"DataType": "String", "StringValue": own})


def test_sns_sends_a_text(moto: Moto) -> None:
    texts = SnsSms(moto.client("sns"))
    assert texts.send("+15555550123", "Hello", "main/1/2")
    assert texts.send("+15555550123", "Hello", "main/1/3", "+12065550142")


def test_a_dry_run_writes_a_line_for_each_text(tmp_path: Path) -> None:
    texts = FileSms(tmp_path / "texts.jsonl")
    ids = {texts.send("+15555550123", "¡Hola!", "main/1/2") for _ in range(2)}
    lines = (tmp_path / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(ids) == 2
    assert len(lines) == 2
    assert "¡Hola!" in lines[0]


def test_a_queue_delays_messages_and_accepts_many_at_once(moto: Moto) -> None:
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName=moto.name("later"))["QueueUrl"]
    later = SqsDelayedMessages(sqs, url)
    later.put("far", minutes(600).total_seconds())
    later.put("past", -5)
    later.put_all([f"m{number}" for number in range(12)])
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
    assert counts["ApproximateNumberOfMessages"] == "13"


def test_a_conversation_and_the_list_are_written_only_over_what_was_read(store: Store) -> None:
    said = ConversationMessage(message_id="in-1", at=NOON, sender="customer", text="Hello")
    one = Conversation(tenant="main", digest="d" * 32, phone="+12065550123").added(said)
    stored = store.conversations
    assert stored.read("main", "d" * 32) is None
    assert stored.read_list("main") is None
    stored.write(one, None)
    stored.write_list("main", ConversationList(version=1), None)
    for replacing in (None, '"other"'):
        with pytest.raises(Conflict):
            stored.write(one, replacing)
        with pytest.raises(Conflict):
            stored.write_list("main", ConversationList(), replacing)
    kept, listed = stored.read("main", "d" * 32), stored.read_list("main")
    assert kept
    assert listed
    assert kept.value == one
    assert listed.value.version == 1


def test_a_page_of_a_conversation_may_be_written_again(store: Store) -> None:
    said = ConversationMessage(seq=101, message_id="in-1", at=NOON, sender="customer", text="Hi")
    page = ConversationPage(messages=(said,))
    assert store.conversations.read_page("main", "d" * 32, 101) is None
    for _ in range(2):
        store.conversations.write_page("main", "d" * 32, page)
    assert store.conversations.read_page("main", "d" * 32, 101) == page


def test_the_texts_about_a_job_are_listed_without_its_webhooks(store: Store) -> None:
    webhook = NAME.with_(channel="webhook", recipient="ep_one")
    for name in (NAME, webhook):
        store.deliveries.create(HELD.with_(name=name))
    assert [each.name for each in store.deliveries.texts_about("main", NAME.about)] == [NAME]
