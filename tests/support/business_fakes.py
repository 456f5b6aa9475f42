"""The settings of businesses in memory, in the bucket of the other fakes."""

import re
from collections.abc import Iterator

from functions.aws.business_settings import erased_key, history_key, record_bytes, settings_key
from functions.aws.s3_stores import owner_key, to_bytes
from functions.business.settings_store import NumberOwner
from functions.protocol.ports import Stored, UnknownTenant
from statemachine.business.business import logo_folder
from statemachine.settings.business_changes import BusinessRecord, SettingsChange
from statemachine.values.values import TENANT_PATTERN
from tests.support.fakes import Bucket, load


class FakeLogos:
    """Logos in the site bucket."""

    def __init__(self, site: Bucket) -> None:
        self.site = site

    def publish(self, path: str, png: bytes) -> None:
        self.site.put(path.removeprefix("/"), png)

    def of(self, tenant: str) -> Iterator[str]:
        folder = logo_folder(tenant)
        return (folder + name for name in self.site.keys(folder.removeprefix("/")))

    def erase(self, path: str) -> None:
        self.site.delete(path.removeprefix("/"))


class FakeSettingsStore:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str) -> Stored[BusinessRecord]:
        stored = load(self.bucket, settings_key(tenant), BusinessRecord)
        if stored is None:
            raise UnknownTenant(f"no business {tenant}")
        return stored

    def create(self, record: BusinessRecord) -> None:
        self.bucket.put_if(settings_key(record.tenant), record_bytes(record), None)

    def replace(self, record: BusinessRecord, etag: str) -> None:
        self.bucket.put_if(settings_key(record.tenant), record_bytes(record), etag)

    def is_erased(self, tenant: str) -> bool:
        return erased_key(tenant) in self.bucket.objects

    def names(self) -> Iterator[str]:
        names = (key.removesuffix(".json") for key in self.bucket.keys("directory/"))
        return (name for name in names if re.fullmatch(TENANT_PATTERN, name))

    def owner_of(self, number: str) -> Stored[NumberOwner] | None:
        return load(self.bucket, owner_key(number), NumberOwner)

    def set_owner(self, number: str, owner: NumberOwner, replacing: str | None) -> None:
        self.bucket.put_if(owner_key(number), to_bytes(owner), replacing)

    def add_to_history(self, tenant: str, change: SettingsChange) -> None:
        self.bucket.put(history_key(tenant, change.version), to_bytes(change))

    def from_history(self, tenant: str, version: int) -> SettingsChange | None:
        stored = load(self.bucket, history_key(tenant, version), SettingsChange)
        return stored.value if stored else None
