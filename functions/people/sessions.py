"""Sessions: who has signed in, as a signed token in a cookie, and the keys that sign it.

The token names the account and when the session began and ends, nothing else: roles are read from
the account, so that a changed or disabled account counts within half a minute and not only when
the session ends. Two keys are valid at a time: the current one signs, the one before still reads.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

import jwt
from pydantic import ConfigDict, Field, ValidationError, model_validator

from functions.people.accounts import Account, Accounts
from functions.ports import Unavailable
from statemachine.values import Frozen, Name, Tenant

LASTS = timedelta(hours=12)
ALGORITHM = "HS256"
ISSUER: Literal["haulway"] = "haulway"
LOOKS_RIGHT = re.compile(r"[\w-]{1,300}\.[\w-]{1,600}\.[\w-]{1,100}", re.ASCII)
SKEW = timedelta(minutes=1)
"""How far the clocks of two containers may be apart."""

KEYS_KEPT = timedelta(minutes=5)
KEYS_ASKED_AGAIN = timedelta(seconds=10)
"""An unknown key id makes us look again, but nonsense does so only this often."""
ACCOUNT_KEPT = timedelta(seconds=30)


class SigningKey(Frozen):
    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    key: Annotated[str, Field(min_length=32, repr=False)]


class SigningKeys(Frozen):
    """The secret: the current key first, the one before it second."""

    keys: Annotated[tuple[SigningKey, ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="before")
    @classmethod
    def _first_key_alone(cls, value: Any) -> Any:
        """As CloudFormation generates it: one key, not yet a list."""
        return {"keys": [value]} if isinstance(value, dict) and "key" in value else value

    @property
    def current(self) -> SigningKey:
        return self.keys[0]

    def named(self, kid: str) -> SigningKey | None:
        return next((key for key in self.keys if key.kid == kid), None)

    def rotated(self, following: SigningKey) -> "SigningKeys":
        """`following` signs from now on; sessions of the current key live on until they end."""
        return SigningKeys(keys=(following, self.current))


def new_key() -> SigningKey:
    return SigningKey(kid=secrets.token_hex(8), key=secrets.token_urlsafe(48))


class KeyStore(Protocol):
    def read(self) -> SigningKeys:
        """Raises Unavailable, Corrupt."""

    def write(self, keys: SigningKeys) -> None:
        """Raises Unavailable."""


Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Since the epoch, up to the last year that a datetime knows."""


class Claims(Frozen):
    """What a token of ours says."""

    model_config = ConfigDict(strict=True)

    iss: Literal["haulway"]
    sub: Name
    tenant: Tenant
    iat: Seconds
    exp: Seconds

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.iat, timezone.utc)

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.exp, timezone.utc)


@dataclass(frozen=True)
class Session:
    """Somebody signed in."""

    account: Account
    ends_at: datetime

    @property
    def tenant(self) -> str:
        return self.account.tenant


T = TypeVar("T")


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Something read, and when."""

    value: T
    read_at: datetime

    def fresh(self, now: datetime, kept_for: timedelta) -> bool:
        return now - self.read_at < kept_for


@dataclass
class Sessions:
    """Issues tokens and reads them. Keys and accounts are kept for a while in the container."""

    store: KeyStore
    accounts: Accounts
    _keys: Kept[SigningKeys] | None = field(default=None, init=False)
    _accounts: dict[tuple[str, str], Kept[Account | None]] = field(default_factory=dict, init=False)

    def begin(self, account: Account, now: datetime) -> tuple[str, Session]:
        """The token for the cookie, and the session it stands for."""
        key = self._current(now, KEYS_KEPT).current
        claims = Claims(
            iss=ISSUER,
            sub=account.account,
            tenant=account.tenant,
            iat=int(now.timestamp()),
            exp=int((now + LASTS).timestamp()),
        )
        token = jwt.encode(claims.model_dump(), key.key, ALGORITHM, headers={"kid": key.kid})
        self._accounts[account.tenant, account.account] = Kept(account, now)
        return token, Session(account, claims.ends_at)

    def read(self, token: str, now: datetime) -> Session | None:
        """The session, or None where the token is not ours, has ended or was ended."""
        claims = self._claims(token, now)
        if claims is None or not claims.began_at - SKEW <= now < claims.ends_at:
            return None
        account = self._account(claims, now)
        if account is None or account.disabled:
            return None
        if claims.began_at < account.password_since.replace(microsecond=0):
            return None
        return Session(account, claims.ends_at)

    def keyed_hash(self, text: str, now: datetime) -> str:
        """A name for `text` that only we can make: for counting addresses without keeping them."""
        key = self._current(now, KEYS_KEPT).current.key
        return hmac.new(key.encode(), f"address|{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def _claims(self, token: str, now: datetime) -> Claims | None:
        if not LOOKS_RIGHT.fullmatch(token):
            return None
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"), now)
            if key is None:
                return None
            said = jwt.decode(token, key.key, [ALGORITHM], options=_SIGNATURE_ALONE)
            return Claims.model_validate(said)
        except (jwt.PyJWTError, ValidationError, RecursionError, ValueError):
            return None

    def _key(self, kid: object, now: datetime) -> SigningKey | None:
        if not isinstance(kid, str):
            return None
        known = self._current(now, KEYS_KEPT).named(kid)
        return known or self._current(now, KEYS_ASKED_AGAIN).named(kid)

    def _current(self, now: datetime, kept_for: timedelta) -> SigningKeys:
        """The keys, not older than `kept_for`; older ones only while the store does not answer."""
        known = self._keys
        if known and known.fresh(now, kept_for):
            return known.value
        try:
            self._keys = Kept(self.store.read(), now)
            return self._keys.value
        except Unavailable:
            if known is None:
                raise
            return known.value

    def _account(self, claims: Claims, now: datetime) -> Account | None:
        whose = claims.tenant, claims.sub
        kept = self._accounts.get(whose)
        if kept is None or not kept.fresh(now, ACCOUNT_KEPT):
            kept = self._accounts[whose] = Kept(self.accounts.read(*whose), now)
        return kept.value


_SIGNATURE_ALONE: Any = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "require": ["exp", "iat", "sub"],
}
"""Times are judged by us, against the clock that we were handed."""


def rotate(store: KeyStore, following: Callable[[], SigningKey] = new_key) -> str:
    """Put a new key in front; the id of the key that signs from now on."""
    keys = store.read().rotated(following())
    store.write(keys)
    return keys.current.kid
