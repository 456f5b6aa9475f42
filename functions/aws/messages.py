"""Deliveries, phone records, SMS budgets, and webhook endpoints as objects in the jobs bucket."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from functions.aws.errors import retryable
from functions.aws.readable_items import readable
from functions.aws.s3_stores import S3Objects, to_bytes
from functions.messages.deliveries import Reminder
from functions.messages.endpoints import Endpoint
from functions.messages.phone_numbers import PhoneRecord
from functions.messages.sms_budget import SpentTexts
from functions.protocol.ports import Stored
from statemachine.job.deliveries import Delivery, DeliveryName

MESSAGE = "kept=message"
"""The tag by which the bucket's lifecycle erases them: they have no prefix in common."""


class S3Deliveries:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, name: DeliveryName) -> Stored[Delivery] | None:
        return self.objects.load(name.key, Delivery)

    def create(self, delivery: Delivery) -> str:
        return self.objects.store(delivery.name.key, to_bytes(delivery), None, Tagging=MESSAGE)

    def replace(self, delivery: Delivery, etag: str) -> str:
        return self.objects.store(delivery.name.key, to_bytes(delivery), etag, Tagging=MESSAGE)

    def about(self, tenant: str, about: str) -> Iterator[Delivery]:
        loaded = map(self._load, self._keys(f"tenants/{tenant}/deliveries/{about}/", ""))
        return (each for each in loaded if each)

    def texts_about(self, tenant: str, about: str) -> Iterator[Delivery]:
        return self._readable(f"tenants/{tenant}/deliveries/{about}/", "-sms-customer.json")

    def remind(self, name: DeliveryName, at: datetime) -> None:
        with retryable():
            self.objects.put(f"{_due_prefix(name.tenant)}{_stamp(at)}/{name.tail}", b"{}")

    def reminders(self, tenant: str, until: datetime) -> Iterator[Reminder]:
        """Keys begin with the time and are listed in order, so only due ones are read."""
        for key in self.objects.keys(_due_prefix(tenant)):
            stamp, _, tail = key.partition("/")
            if stamp > _stamp(until):
                return
            yield Reminder(tenant, key, tail)

    def drop_reminder(self, reminder: Reminder) -> None:
        self.objects.remove(f"{_due_prefix(reminder.tenant)}{reminder.key}")

    def to_endpoint(self, tenant: str, endpoint_id: str) -> Iterator[Delivery]:
        """Every delivery to one endpoint; it lists the keys of all the tenant's deliveries."""
        return self._readable(f"tenants/{tenant}/deliveries/", f"-webhook-{endpoint_id}.json")

    def _readable(self, prefix: str, suffix: str) -> Iterator[Delivery]:
        """To be shown. Code that decides by them has to know of an unreadable one: see `about`."""
        return readable(self._load, self._keys(prefix, suffix))

    def _keys(self, prefix: str, suffix: str) -> Iterator[str]:
        return (prefix + key for key in self.objects.keys(prefix) if key.endswith(suffix))

    def _load(self, key: str) -> Delivery | None:
        stored = self.objects.load(key, Delivery)
        return stored.value if stored else None


def _due_prefix(tenant: str) -> str:
    return f"tenants/{tenant}/due/"


def _stamp(at: datetime) -> str:
    """These stamps sort in the order of time."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


class S3PhoneRecords:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str, digest: str) -> Stored[PhoneRecord] | None:
        return self.objects.load(_number_key(tenant, digest), PhoneRecord)

    def write(self, number: PhoneRecord, replacing: str | None) -> None:
        key = _number_key(number.tenant, number.digest)
        self.objects.store(key, to_bytes(number), replacing)


def _number_key(tenant: str, digest: str) -> str:
    return f"tenants/{tenant}/numbers/{digest}.json"


class S3TextBudgets:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, spent: SpentTexts) -> Stored[SpentTexts] | None:
        return self.objects.load(_budget_key(spent), SpentTexts)

    def write(self, spent: SpentTexts, replacing: str | None) -> None:
        self.objects.store(_budget_key(spent), to_bytes(spent), replacing, Tagging=MESSAGE)


def _budget_key(spent: SpentTexts) -> str:
    return f"tenants/{spent.tenant}/budgets/{spent.day}/{spent.of}.json"


class NewestEndpoint(BaseModel):
    """An object beside the endpoints that every write of one overwrites."""

    endpoint: str
    etag: str = ""


@dataclass(frozen=True)
class _KnownEndpoints:
    newest_etag: str | None
    read_at: float
    endpoints: tuple[Endpoint, ...]


class S3Endpoints:
    """Endpoints are needed for every fact, and a business may have many. They are read again only
    if the object `newest` has changed, which one GET tells:

        change     PUT endpoint ───────────── PUT newest
        a fact            GET newest: unchanged ──────── GET newest: changed ── LIST, GET each

    If the second PUT fails, the change is seen after `KEPT_S`. Who delivers reads the one endpoint.
    """

    KEPT_S = 300.0
    READ_AT_ONCE = 8

    def __init__(self, s3: Any, bucket: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.objects, self.clock = S3Objects(s3, bucket), clock
        self._known: dict[str, _KnownEndpoints] = {}

    def read(self, tenant: str, endpoint_id: str) -> Stored[Endpoint] | None:
        return self.objects.load(_endpoint_key(tenant, endpoint_id), Endpoint)

    def write(self, endpoint: Endpoint, replacing: str | None) -> None:
        key = _endpoint_key(endpoint.tenant, endpoint.endpoint_id)
        etag = self.objects.store(key, to_bytes(endpoint), replacing)
        newest = NewestEndpoint(endpoint=endpoint.endpoint_id, etag=etag)
        with retryable():
            self.objects.put(_newest_key(endpoint.tenant), to_bytes(newest))

    def all(self, tenant: str) -> Iterator[Endpoint]:
        newest, now = self.objects.load(_newest_key(tenant), NewestEndpoint), self.clock()
        etag, known = newest.etag if newest else None, self._known.get(tenant)
        if known is None or known.newest_etag != etag or now - known.read_at >= self.KEPT_S:
            known = self._known[tenant] = _KnownEndpoints(etag, now, self._read_all(tenant))
        yield from known.endpoints

    def _read_all(self, tenant: str) -> tuple[Endpoint, ...]:
        keys = self.objects.keys(f"tenants/{tenant}/endpoints/")
        names = [key.removesuffix(".json") for key in keys if key.endswith(".json")]
        with ThreadPoolExecutor(self.READ_AT_ONCE) as reads:
            asked = {name: reads.submit(self.read, tenant, name) for name in names}
            found = readable(lambda name: asked[name].result(), names)
            return tuple(stored.value for stored in found)


def _newest_key(tenant: str) -> str:
    return f"tenants/{tenant}/endpoints/newest"


def _endpoint_key(tenant: str, endpoint_id: str) -> str:
    return f"tenants/{tenant}/endpoints/{endpoint_id}.json"
