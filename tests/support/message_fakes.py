"""Fakes of the ports for messages: deliveries, phone records, endpoints, SMS, webhooks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from events import Request
from functions.aws.eventbridge import EventBridgeRequests
from functions.aws.queues import SqsDelayedMessages
from functions.aws.sent_texts import DynamoSentTexts
from functions.aws.sms_providers import EndUserMessagingSms
from functions.messages.deliveries import Reminder
from functions.messages.endpoints import Endpoint, Secret, new_secret
from functions.messages.phone_numbers import PhoneRecord
from functions.messages.sms_budget import SpentTexts
from functions.messages.sms_once import SmsNotAccepted, SmsOutcomeUnknown, SmsRefused
from functions.messages.webhook_client import NoResponse, WebhookResponse
from functions.protocol.metrics import MetricName, Unit
from functions.protocol.ports import Stored, Unavailable
from statemachine.job.deliveries import Delivery, DeliveryName
from statemachine.messages.conversation import Conversation, ConversationList, ConversationPage
from tests.support.aws_calls import taking
from tests.support.builders import NOON
from tests.support.fakes import QUEUE, TABLE, Bucket, load, to_bytes
from tests.support.faults import Faults


class FakeDeliveries:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, name: DeliveryName) -> Stored[Delivery] | None:
        return load(self.bucket, name.key, Delivery)

    def create(self, delivery: Delivery) -> str:
        return self.bucket.put_if(delivery.name.key, to_bytes(delivery), None)

    def replace(self, delivery: Delivery, etag: str) -> str:
        return self.bucket.put_if(delivery.name.key, to_bytes(delivery), etag)

    def about(self, tenant: str, about: str) -> Iterator[Delivery]:
        prefix = f"tenants/{tenant}/deliveries/{about}/"
        for key in self.bucket.keys(prefix):
            stored = load(self.bucket, prefix + key, Delivery)
            assert stored
            yield stored.value

    def texts_about(self, tenant: str, about: str) -> Iterator[Delivery]:
        return (each for each in self.about(tenant, about) if each.name.channel == "sms")

    def remind(self, name: DeliveryName, at: datetime) -> None:
        self.bucket.put(f"tenants/{name.tenant}/due/{at:%Y%m%dT%H%M%SZ}/{name.tail}", b"{}")

    def reminders(self, tenant: str, until: datetime) -> Iterator[Reminder]:
        for key in self.bucket.keys(f"tenants/{tenant}/due/"):
            stamp, _, tail = key.partition("/")
            if stamp > f"{until:%Y%m%dT%H%M%SZ}":
                return
            yield Reminder(tenant, key, tail)

    def drop_reminder(self, reminder: Reminder) -> None:
        self.bucket.delete(f"tenants/{reminder.tenant}/due/{reminder.key}")


class FakePhoneRecords:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str, digest: str) -> Stored[PhoneRecord] | None:
        return load(self.bucket, f"tenants/{tenant}/numbers/{digest}.json", PhoneRecord)

    def write(self, number: PhoneRecord, replacing: str | None) -> None:
        key = f"tenants/{number.tenant}/numbers/{number.digest}.json"
        self.bucket.put_if(key, to_bytes(number), replacing)


class FakeConversations:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str, digest: str) -> Stored[Conversation] | None:
        return load(self.bucket, self._key(tenant, f"{digest}/latest"), Conversation)

    def write(self, conversation: Conversation, replacing: str | None) -> None:
        key = self._key(conversation.tenant, f"{conversation.digest}/latest")
        self.bucket.put_if(key, to_bytes(conversation), replacing)

    def read_page(self, tenant: str, digest: str, first: int) -> ConversationPage | None:
        key = self._key(tenant, f"{digest}/{first:08d}")
        stored = load(self.bucket, key, ConversationPage)
        return stored.value if stored else None

    def write_page(self, tenant: str, digest: str, page: ConversationPage) -> None:
        key = self._key(tenant, f"{digest}/{page.messages[0].seq:08d}")
        self.bucket.put(key, to_bytes(page))

    def read_list(self, tenant: str) -> Stored[ConversationList] | None:
        return load(self.bucket, self._key(tenant, "list"), ConversationList)

    def write_list(self, tenant: str, listed: ConversationList, replacing: str | None) -> None:
        self.bucket.put_if(self._key(tenant, "list"), to_bytes(listed), replacing)

    def _key(self, tenant: str, name: str) -> str:
        return f"tenants/{tenant}/conversations/{name}.json"


class FakeTextBudgets:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, spent: SpentTexts) -> Stored[SpentTexts] | None:
        return load(self.bucket, self._key(spent), SpentTexts)

    def write(self, spent: SpentTexts, replacing: str | None) -> None:
        self.bucket.put_if(self._key(spent), to_bytes(spent), replacing)

    def _key(self, spent: SpentTexts) -> str:
        return f"tenants/{spent.tenant}/budgets/{spent.day}/{spent.of}.json"


class FakeEndpoints:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str, endpoint_id: str) -> Stored[Endpoint] | None:
        return load(self.bucket, f"tenants/{tenant}/endpoints/{endpoint_id}.json", Endpoint)

    def write(self, endpoint: Endpoint, replacing: str | None) -> None:
        key = f"tenants/{endpoint.tenant}/endpoints/{endpoint.endpoint_id}.json"
        self.bucket.put_if(key, to_bytes(endpoint), replacing)

    def all(self, tenant: str) -> Iterator[Endpoint]:
        for name in self.bucket.keys(f"tenants/{tenant}/endpoints/"):
            stored = self.read(tenant, name.removesuffix(".json"))
            assert stored
            yield stored.value


class FakeSmsProvider:
    """The SMS provider: every SMS that reached a phone."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.sent: list[tuple[str, str]] = []
        self.senders: list[str | None] = []
        self.says: SmsRefused | SmsNotAccepted | SmsOutcomeUnknown | None = None

    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        if self.says:
            raise self.says
        EndUserMessagingSms(taking("pinpoint-sms-voice-v2")).send(phone, body, about, sender)

        def reached() -> None:
            self.sent.append((phone, body))
            self.senders.append(sender)

        self.faults.around("SendText", reached, SmsOutcomeUnknown("lost"))
        return f"sms-{len(self.sent)}"


class FakeSentTexts:
    """When texts were sent, by their names."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.known: dict[DeliveryName, datetime] = {}

    def add(self, name: DeliveryName, at: datetime) -> None:
        DynamoSentTexts(taking("dynamodb"), TABLE).add(name, at)
        self.faults.around("PutItem", lambda: self.known.update({name: at}), Unavailable("lost"))

    def between(self, tenant: str, since: datetime, until: datetime) -> list[datetime]:
        ours = (at for name, at in self.known.items() if name.tenant == tenant)
        return sorted(at.replace(microsecond=0) for at in ours if since <= at < until)


class FakeRequests:
    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.asked: list[Request] = []

    def ask(self, requests: Sequence[Request]) -> None:
        if requests:
            EventBridgeRequests(taking("events"), "haulway").ask(requests)
            self.faults.around(
                "PutEvents", lambda: self.asked.extend(requests), Unavailable("lost")
            )


class FakeDelayedMessages:
    """A queue with delays: bodies with their delay in seconds."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.waiting: list[tuple[str, float]] = []

    def put(self, body: str, delay_s: float) -> None:
        SqsDelayedMessages(taking("sqs"), QUEUE).put(body, delay_s)
        self.faults.around(
            "SendMessage", lambda: self.waiting.append((body, delay_s)), Unavailable("lost")
        )

    def put_all(self, bodies: Sequence[str], delays_s: Sequence[float] = ()) -> None:
        SqsDelayedMessages(taking("sqs"), QUEUE).put_all(bodies, delays_s)
        for body, delay_s in zip(bodies, delays_s or [0.0] * len(bodies), strict=True):
            self.put(body, delay_s)

    def taken(self) -> list[tuple[str, float]]:
        taken, self.waiting = self.waiting, []
        return taken


class FakeMetrics:
    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.measured: defaultdict[str, list[float]] = defaultdict(list)

    def count(self, name: MetricName, tenant: str = "", n: int = 1, **about: str) -> None:
        self.counted[name] += n
        for value in about.values():
            self.counted[f"{name}: {value}"] += n

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **about: str
    ) -> None:
        self.measured[name].append(value)


Behaviour = Callable[[int], WebhookResponse]


class FakeWebhookClient:
    """Partners' servers. `answers` has, by URL, the response to each POST by its number."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: dict[str, Behaviour] = {}

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str], patience_s: float
    ) -> WebhookResponse:
        number = len(self.at(url))

        def taken() -> WebhookResponse:
            self.got.append((url, dict(headers), body))
            behaviour = self.answers.get(url)
            return behaviour(number) if behaviour else WebhookResponse(200)

        return self.faults.around("Post", taken, NoResponse("lost"))

    def at(self, url: str) -> list[dict[str, str]]:
        return [headers for where, headers, _ in self.got if where == url]


def an_endpoint(endpoint_id: str = "ep_one", **values: Any) -> Endpoint:
    return Endpoint.model_validate(
        {
            "tenant": "main",
            "endpoint_id": endpoint_id,
            "url": f"https://{endpoint_id.replace('_', '-')}.example.com/hook",
            "facts": ("JobCreated", "JobMoved"),
            "secrets": (Secret(value=new_secret()),),
            "created_at": NOON,
            **values,
        }
    )


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
