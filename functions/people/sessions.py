"""Sessions: who has signed in, as a signed token in a cookie, and the keys that sign it.

The token names the account, its epoch, and when the session began and ends, nothing else: account
and roles are read with every request, so that a changed or disabled account counts at once. A
session ends for good by itself after twelve hours, with the account's epoch (a new password,
disabling), or by signing out, which puts it on the list of ended sessions.

Two keys are valid at a time: the current one signs, the one before still reads.
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

Said = TypeVar("Said", bound=BaseModel)


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


class TokenClaims(Frozen):
    """What a token of ours says."""

    model_config = ConfigDict(strict=True)

    iss: Literal["haulway"]
    sub: Name
    tenant: Tenant
    iat: Seconds
    exp: Seconds
    jti: Annotated[str, Field(max_length=40)] = ""
    """Tells two sessions apart that began in the same second."""
    epoch: Annotated[int, Field(ge=0)] = 0

    @property
    def name(self) -> str:
        """Of what the token says and not of its text, which base64 can spell in two ways."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.iat, timezone.utc)

    @property
    def ends_at(self) -> datetime:
        return datetime.fromtimestamp(self.exp, timezone.utc)


@dataclass(frozen=True)
class Session:
    """Someone signed in."""

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
    """Sessions that someone has signed out of. Every method raises Unavailable."""

    def add(self, name: str, until: datetime) -> None:
        """`until` is when the session would have ended by itself: then it can be deleted."""

    def has(self, name: str) -> bool: ...


@dataclass
class KeyRing:
    """Signs and verifies tokens. The keys are kept for a while in the container."""

    store: KeyStore
    _known: tuple[SigningKeys, datetime] | None = field(default=None, init=False)

    def sign(self, claims: BaseModel, now: datetime) -> str:
        key = self._current(now, KEYS_KEPT).current
        said = claims.model_dump()
        return jwt.encode(said, key.key, ALGORITHM, headers={"kid": key.kid})

    def verified(self, token: str, kind: type[Said], now: datetime) -> Said | None:
        """What a token of that kind says, in time or not; None where it is not one of ours."""
        if not LOOKS_RIGHT.fullmatch(token):
            return None
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"), now)
            if key is None:
                return None
            said = jwt.decode(token, key.key, [ALGORITHM], options=_SIGNATURE_ALONE)
            return kind.model_validate(said)
        except (jwt.PyJWTError, ValidationError, RecursionError, ValueError):
            return None

    def keyed_hash(self, text: str, now: datetime) -> str:
        """A name for `text` that only we can make: for counting addresses without keeping them."""
        key = self._current(now, KEYS_KEPT).current.key
        return hmac.new(key.encode(), f"address|{text}".encode(), hashlib.sha256).hexdigest()[:32]

    def _key(self, kid: object, now: datetime) -> SigningKey | None:
        if not isinstance(kid, str):
            return None
        known = self._current(now, KEYS_KEPT).named(kid)
        return known or self._current(now, KEYS_ASKED_AGAIN).named(kid)

    def _current(self, now: datetime, kept_for: timedelta) -> SigningKeys:
        """The keys, not older than `kept_for`; older ones only while the store does not answer."""
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
        """The session, or None where the token is not ours, has ended or was ended."""
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
        """This one session, for good; what is no session of ours has nothing to end."""
        claims = self.keys.verified(token, TokenClaims, now)
        if claims and now < claims.ends_at:
            self.ended.add(claims.name, claims.ends_at)


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
