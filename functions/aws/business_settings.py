"""The settings of businesses as S3 objects, and one object for each change of them."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from functions.aws.errors import retryable
from functions.aws.readable_items import readable_or_none
from functions.aws.s3_stores import S3Objects, named, owner_key, to_bytes
from functions.business.settings_store import NumberOwner
from functions.protocol.ports import Stored, UnknownTenant
from statemachine.settings.business_changes import BusinessRecord, SettingsChange
from statemachine.values.values import TENANT_PATTERN


class S3SettingsStore:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str) -> Stored[BusinessRecord]:
        stored = self.objects.load(settings_key(tenant), BusinessRecord)
        if stored is None:
            raise UnknownTenant(f"no business {tenant}")
        return stored

    def create(self, record: BusinessRecord) -> None:
        self.objects.store(settings_key(record.tenant), record_bytes(record), None)

    def replace(self, record: BusinessRecord, etag: str) -> None:
        self.objects.store(settings_key(record.tenant), record_bytes(record), etag)

    def mark_erased(self, tenant: str) -> None:
        with retryable():
            self.objects.put(erased_key(tenant), to_bytes(ErasedBusiness(tenant=tenant)))

    def is_erased(self, tenant: str) -> bool:
        return self.objects.load(erased_key(tenant), ErasedBusiness) is not None

    def names(self) -> Iterator[str]:
        return named(self.objects.keys("directory/"), TENANT_PATTERN)

    def owner_of(self, number: str) -> Stored[NumberOwner] | None:
        return self.objects.load(owner_key(number), NumberOwner)

    def set_owner(self, number: str, owner: NumberOwner, replacing: str | None) -> None:
        self.objects.store(owner_key(number), to_bytes(owner), replacing)

    def add_to_history(self, tenant: str, change: SettingsChange) -> None:
        with retryable():
            self.objects.put(history_key(tenant, change.version), to_bytes(change))

    def from_history(self, tenant: str, version: int) -> SettingsChange | None:
        stored = readable_or_none(self._change, history_key(tenant, version))
        return stored.value if stored else None

    def _change(self, key: str) -> Stored[SettingsChange] | None:
        return self.objects.load(key, SettingsChange)


class ErasedBusiness(BaseModel):
    """What is kept of an erased business."""

    tenant: str


def erased_key(tenant: str) -> str:
    return f"erased/{tenant}.json"


def settings_key(tenant: str) -> str:
    return f"directory/{tenant}.json"


def history_key(tenant: str, version: int) -> str:
    return f"tenants/{tenant}/settings/{version:08}.json"


def record_bytes(record: BusinessRecord) -> bytes:
    """With the name under its former key too: functions of the release before read it there, and
    while a release is rolled out or back both run."""
    known = record.model_dump(mode="json", exclude_none=True)
    return json.dumps({**known, "business": record.name}).encode()
