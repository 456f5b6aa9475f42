"""Sessions: who has signed in, as a signed token in a cookie, and the keys that sign it.

The token contains only the account, its epoch, and when the session began and ends. Account and
roles are read at every request, so that a changed or disabled account takes effect at once. A
session ends after twelve hours, when the account's epoch changes (a new password, disabling), or
at sign-out, which adds it to the list of ended sessions.

Two keys are valid at a time: the current one signs, the previous one still verifies.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any, Literal, Protocol, TypeVar

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from functions.people.accounts import Account, Accounts, Role
from functions.protocol.ports import Unavailable
from statemachine.values.values import Frozen, Name, Tenant

LASTS = timedelta(hours=12)
ALGORITHM = "HS256"
ISSUER: Literal["haulway"] = "haulway"
TOKEN = re.compile(r"[\w-]{1,300}\.[\w-]{1,600}\.[\w-]{1,100}", re.ASCII)
SKEW = timedelta(minutes=1)
"""How far apart the clocks of two containers may be."""

KEYS_CACHED_FOR = timedelta(minutes=5)
KEYS_READ_AGAIN_AFTER = timedelta(seconds=10)
"""An unknown key id makes us read the keys again, but not more often than this."""

Claims = TypeVar("Claims", bound=BaseModel)


class SigningKey(Frozen):
    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    key: Annotated[str, Field(min_length=32, repr=False)]


class SigningKeys(Frozen):
    """The secret: the current key first, the previous one second."""

    keys: Annotated[tuple[SigningKey, ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="before")
    @classmethod
    def _first_key_alone(cls, value: Any) -> Any:
        """CloudFormation generates one key, not a list."""
        return {"keys": [value]} if isinstance(value, dict) and "key" in value else value

    @property
    def current(self) -> SigningKey:
        return self.keys[0]

    def named(self, kid: str) -> SigningKey | None:
        return next((key for key in self.keys if key.kid == kid), None)

    def rotated(self, following: SigningKey) -> "SigningKeys":
        """`following` signs from now on; sessions signed by the current key stay valid."""
        return SigningKeys(keys=(following, self.current))


def new_key() -> SigningKey:
    return SigningKey(kid=secrets.token_hex(8), key=secrets.token_urlsafe(48))


class KeyStore(Protocol):
    def read(self) -> SigningKeys:
        """Raises Unavailable, Corrupt."""

    def write(self, keys: SigningKeys) -> None:
        """Raises Unavailable."""


Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]
"""Since 1970, up to the last year that a datetime can hold."""


class TokenClaims(Frozen):
    """The claims of a session's token."""

    model_config = ConfigDict(strict=True)

    iss: Literal["haulway"]
    sub: Name
    tenant: Tenant
    iat: Seconds
    exp: Seconds
    jti: Annotated[str, Field(max_length=40)] = ""
    """Distinguishes sessions that began in the same second."""
    epoch: Annotated[int, Field(ge=0)] = 0

    @property
    def name(self) -> str:
        """A hash of the claims, not of the token's text: Base64 can encode them in two ways."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.iat, timezone.utc)

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.exp, timezone.utc)


@dataclass(frozen=True)
class Session:
    """An account that is signed in."""

    account: Account
    ends_at: datetime

    @property
    def tenant(self) -> str:
        return self.account.tenant

    @property
    def member(self) -> str:
        return self.account.account

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.account.roles


class EndedSessions(Protocol):
    """Sessions ended by signing out. Every method raises Unavailable."""

    def add(self, name: str, until: datetime) -> None:
        """`until` is when the session would have ended anyway: then the entry may be deleted."""

    def has(self, name: str) -> bool: ...


@dataclass
class KeyRing:
    """Signs and verifies tokens. The container caches the keys."""

    store: KeyStore
    _known: tuple[SigningKeys, datetime] | None = field(default=None, init=False)

    def sign(self, claims: BaseModel, now: datetime) -> str:
        key = self._current(now, KEYS_CACHED_FOR).current
        return jwt.encode(claims.model_dump(), key.key, ALGORITHM, headers={"kid": key.kid})

    def verified(self, token: str, kind: type[Claims], now: datetime) -> Claims | None:
        """The token's claims, expired or not; None if we did not sign it."""
        if not TOKEN.fullmatch(token):
            return None
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"), now)
            if key is None:
                return None
            claims = jwt.decode(token, key.key, [ALGORITHM], options=_SIGNATURE_ONLY)
            return kind.model_validate(claims)
        except (jwt.PyJWTError, ValidationError, RecursionError, ValueError):
            return None

    def keyed_hash(self, text: str, now: datetime) -> str:
        """A hash of `text` that only we can compute, to count addresses without storing them."""
        key = self._current(now, KEYS_CACHED_FOR).current.key
        return hmac.new(key.encode(), f"address|{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def _key(self, kid: object, now: datetime) -> SigningKey | None:
        if not isinstance(kid, str):
            return None
        known = self._current(now, KEYS_CACHED_FOR).named(kid)
        return known or self._current(now, KEYS_READ_AGAIN_AFTER).named(kid)

    def _current(self, now: datetime, kept_for: timedelta) -> SigningKeys:
        """The keys, read at most `kept_for` ago, or earlier while the store does not answer."""
        if self._known and now - self._known[1] < kept_for:
            return self._known[0]
        try:
            self._known = self.store.read(), now
        except Unavailable:
            if self._known is None:
                raise
        return self._known[0]


@dataclass(frozen=True)
class Sessions:
    """Begins sessions, reads them and ends them."""

    keys: KeyRing
    accounts: Accounts
    ended: EndedSessions

    def begin(self, account: Account, now: datetime) -> tuple[str, Session]:
        """The token for the cookie, and the session it stands for."""
        claims = TokenClaims(
            iss=ISSUER,
            sub=account.account,
            tenant=account.tenant,
            iat=int(now.timestamp()),
            exp=int((now + LASTS).timestamp()),
            jti=secrets.token_urlsafe(12),
            epoch=account.session_epoch,
        )
        return self.keys.sign(claims, now), Session(account, claims.ends_at)

    def read(self, token: str, now: datetime) -> Session | None:
        """The session; None if the token is not ours, has expired, or was ended."""
        claims = self.keys.verified(token, TokenClaims, now)
        if claims is None or not claims.began_at - SKEW <= now < claims.ends_at:
            return None
        account = self.accounts.read(claims.tenant, claims.sub)
        if account is None or account.disabled or claims.epoch != account.session_epoch:
            return None
        if claims.began_at < account.password_since.replace(microsecond=0):
            return None
        return None if self.ended.has(claims.name) else Session(account, claims.ends_at)

    def end(self, token: str, now: datetime) -> None:
        """Ends this session for good. Does nothing if the token is not ours."""
        claims = self.keys.verified(token, TokenClaims, now)
        if claims and now < claims.ends_at:
            self.ended.add(claims.name, claims.ends_at)


_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_aud": False,
    "require": ["exp", "iat", "sub"],
}
"""We check the times ourselves, because `now` is an argument."""


def rotate(store: KeyStore, following: Callable[[], SigningKey] = new_key) -> str:
    """Puts a new key first. Returns its id: it signs from now on."""
    keys = store.read().rotated(following())
    store.write(keys)
    return keys.current.kid
