"""API keys: how programs use the API without a person's password.

    hk_main_3f9a1c2b0d4e_Vq8…    the business, the key's id, and 43 random characters

Only a hash of the random part is stored: it has 256 bits, so a fast hash is enough. The key itself
is shown once, when it is made. A key acts with its own roles in its own business, and in a job's
history it is `key_` with its id. It may manage neither people nor keys, and it works only as long
as the person who made it is an owner.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field, StringConstraints

from functions.business.change_settings import COMMAND_LINE
from functions.people.accounts import Account, Accounts, Role
from functions.people.sessions import Session
from functions.protocol.ports import HaulwayError
from statemachine.job.bounds import LabelInput
from statemachine.values.values import TENANT_PATTERN, Frozen, Name, Tenant, Utc

KEY_ID_PATTERN = "^[0-9a-f]{12}$"
KEY = re.compile(rf"hk_({TENANT_PATTERN[1:-1]})_([0-9a-f]{{12}})_([\w-]{{43}})", re.ASCII)
LONGEST = timedelta(days=366)
USED_AGAIN_AFTER = timedelta(hours=1)
"""How exact `last_used_at` is: a write for every request would double its cost."""
MOST = 50
"""Keys of one business, with those that have expired."""

KeyId = Annotated[str, StringConstraints(pattern=KEY_ID_PATTERN)]


class NewKey(Frozen):
    """What a key is made with. `days` is how long it is valid."""

    name: LabelInput
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=LONGEST.days)] = 90


class ApiKey(Frozen):
    """A key as it is listed: without its hash."""

    key_id: KeyId
    name: str
    roles: tuple[Role, ...]
    created_at: Utc
    created_by: Name
    expires_at: Utc
    last_used_at: Utc | None = None
    """At most an hour old; None: never used."""


class StoredKey(ApiKey):
    tenant: Tenant
    secret_hash: Annotated[str, Field(repr=False)]


class UnknownKey(HaulwayError):
    """There is no key with that id; `haul keys list` shows them."""


class TooManyKeys(HaulwayError):
    """The business has as many keys as it may have; revoke one first."""


class ApiKeys(Protocol):
    """The keys. Every method raises Unavailable."""

    def read(self, tenant: str, key_id: str) -> StoredKey | None: ...

    def add(self, key: StoredKey) -> None: ...

    def delete(self, tenant: str, key_id: str) -> None:
        """Raises UnknownKey."""

    def set_used(self, tenant: str, key_id: str, at: datetime) -> None:
        """Does nothing if the key has been revoked meanwhile."""

    def all(self, tenant: str) -> Iterator[StoredKey]: ...


def new_key(
    keys: ApiKeys, tenant: str, wanted: NewKey, by: str, now: datetime
) -> tuple[str, StoredKey]:
    """The key as its program sends it, and what is stored. Raises TooManyKeys, Unavailable."""
    if sum(1 for _ in keys.all(tenant)) >= MOST:
        raise TooManyKeys(f"{tenant} has {MOST} API keys; revoke one that is not needed any more")
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    made = StoredKey(
        tenant=tenant,
        key_id=key_id,
        name=wanted.name,
        roles=wanted.roles,
        created_at=now,
        created_by=by,
        expires_at=now + timedelta(days=wanted.days),
        secret_hash=_hash(secret),
    )
    keys.add(made)
    return f"hk_{tenant}_{key_id}_{secret}", made


@dataclass(frozen=True)
class KeyCheck:
    """Whose request it is, by the key that it was sent with."""

    keys: ApiKeys
    accounts: Accounts

    def session(self, sent: str, now: datetime) -> Session | None:
        """None if the key is malformed, unknown, revoked, or expired, or if its maker is no owner
        any more. Notes that it was used."""
        found = KEY.fullmatch(sent)
        if found is None:
            return None
        tenant, key_id, secret = found.groups()
        key = self.keys.read(tenant, key_id)
        if key is None or not hmac.compare_digest(key.secret_hash, _hash(secret)):
            return None
        if now >= key.expires_at or not self._may_have_keys(key):
            return None
        if key.last_used_at is None or now - key.last_used_at >= USED_AGAIN_AFTER:
            self.keys.set_used(tenant, key_id, now)
        return Session(_account_of(key), key.expires_at)

    def _may_have_keys(self, key: StoredKey) -> bool:
        """Whether its maker is an owner now, or it was made with `haul keys add`."""
        maker = self.accounts.read(key.tenant, key.created_by)
        if maker is None:
            return key.created_by == COMMAND_LINE
        return "owner" in maker.roles and not maker.disabled


def _account_of(key: StoredKey) -> Account:
    return Account(
        tenant=key.tenant,
        account=f"key_{key.key_id}",
        name=key.name,
        roles=key.roles,
        password_since=key.created_at,
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
