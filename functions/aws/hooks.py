"""Deliveries, numbers and endpoints as objects of the jobs bucket."""

from collections.abc import Iterator
from typing import Any

from functions.aws.stores import S3Objects, to_bytes
from functions.endpoints import Endpoint
from functions.numbers import Number
from functions.ports import Stored
from statemachine.deliveries import Delivery, DeliveryName

MESSAGE = "kept=message"
"""The tag by which the bucket erases them: no prefix is shared by those of all businesses."""


class S3Deliveries:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, name: DeliveryName) -> Stored[Delivery] | None:
        return self.objects.load(name.key, Delivery)

    def create(self, delivery: Delivery) -> None:
        self.objects.store(delivery.name.key, to_bytes(delivery), None, Tagging=MESSAGE)

    def replace(self, delivery: Delivery, etag: str) -> None:
        self.objects.store(delivery.name.key, to_bytes(delivery), etag, Tagging=MESSAGE)

    def about(self, tenant: str, about: str) -> Iterator[Delivery]:
        return self._under(f"tenants/{tenant}/deliveries/{about}/", "")

    def to_endpoint(self, tenant: str, endpoint_id: str) -> Iterator[Delivery]:
        """Every delivery to one endpoint; walks over all names of the tenant's deliveries."""
        return self._under(f"tenants/{tenant}/deliveries/", f"-webhook-{endpoint_id}.json")

    def _under(self, prefix: str, suffix: str) -> Iterator[Delivery]:
        for key in self.objects.keys(prefix):
            if key.endswith(suffix) and (stored := self.objects.load(prefix + key, Delivery)):
                yield stored.value


class S3Numbers:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str, digest: str) -> Stored[Number] | None:
        return self.objects.load(_number_key(tenant, digest), Number)

    def write(self, number: Number, replacing: str | None) -> None:
        key = _number_key(number.tenant, number.digest)
        self.objects.store(key, to_bytes(number), replacing)


def _number_key(tenant: str, digest: str) -> str:
    return f"tenants/{tenant}/numbers/{digest}.json"


class S3Endpoints:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str, endpoint_id: str) -> Stored[Endpoint] | None:
        return self.objects.load(_endpoint_key(tenant, endpoint_id), Endpoint)

    def write(self, endpoint: Endpoint, replacing: str | None) -> None:
        key = _endpoint_key(endpoint.tenant, endpoint.endpoint_id)
        self.objects.store(key, to_bytes(endpoint), replacing)

    def all(self, tenant: str) -> Iterator[Endpoint]:
        for name in self.objects.keys(f"tenants/{tenant}/endpoints/"):
            if stored := self.read(tenant, name.removesuffix(".json")):
                yield stored.value


def _endpoint_key(tenant: str, endpoint_id: str) -> str:
    return f"tenants/{tenant}/endpoints/{endpoint_id}.json"
