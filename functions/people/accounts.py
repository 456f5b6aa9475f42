"""The people who work here: their accounts and passwords, and counters of attempts."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.bounds import EmailInput, LabelInput, PhoneInput
from statemachine.values import PHONE_PATTERN, Frozen, Name, Tenant, Utc

Role = Literal["owner", "dispatcher", "driver", "first_mate", "supervisor", "ops"]
ROLES: tuple[Role, ...] = get_args(Role)

Phone = Annotated[str, Field(pattern=PHONE_PATTERN)]
"""E.164, as `+15555550123`."""
Email = Annotated[str, Field(max_length=120, pattern=r"^[^@\s]+@[^@\s]+$")]

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


class Profile(Frozen):
    """Who someone is, and which roles they may take."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    phone: Annotated[Phone | None, Field(repr=False)] = None
    email: Annotated[Email | None, Field(repr=False)] = None


class ProfileInput(Profile):
    """A profile as it comes in, from the command line or a file."""

    name: LabelInput
    phone: Annotated[PhoneInput | None, Field(repr=False)] = None
    email: Annotated[EmailInput | None, Field(repr=False)] = None


class Account(Profile):
    """Someone who works here. `account` is how a job's crew and its history name them."""

    tenant: Tenant
    account: Name
    password_hash: Annotated[str | None, Field(repr=False)] = None
    """None: they are on the roster and cannot sign in until they are given a password."""
    password_since: Utc
    """Sessions that began before are void: who changes a password ends what others have open."""
    disabled: bool = False
    session_epoch: Annotated[int, Field(ge=0)] = 0
    """One higher with each new password, each disabling and each undoing of it. A session is good
    in the epoch it began in, so what was ended once stays ended; no clock has a say in it."""


class UnknownAccount(HaulwayError):
    """No account of that name; `haul crew list` shows them."""


class AccountExists(HaulwayError):
    """The name is taken; choose another, or change that account."""


class WeakPassword(HaulwayError):
    """The password is too short, or far too long."""


class Accounts(Protocol):
    """The accounts. Changes touch one thing each, so two of them at once lose nothing."""

    def read(self, tenant: str, account: str) -> Account | None: ...

    def add(self, account: Account) -> None:
        """Raises AccountExists."""

    def set_password(self, tenant: str, account: str, password_hash: str, since: datetime) -> None:
        """Ends every session of the account. Raises UnknownAccount."""

    def set_disabled(self, tenant: str, account: str, disabled: bool) -> None:
        """Ends every session of the account, undone or not. Raises UnknownAccount."""

    def set_profile(self, tenant: str, account: str, profile: Profile) -> None:
        """All of the profile; password and whether they are let in stay. Raises UnknownAccount."""

    def all(self, tenant: str) -> Iterator[Account]: ...


@dataclass(frozen=True)
class Limit:
    """At most `most` times in `window`; where it `slides`, the window begins again each time."""

    name: str
    most: int
    window: timedelta
    slides: bool = False


class Limits(Protocol):
    """Counters that forget by themselves."""

    def take(self, limit: Limit, whose: str, now: datetime) -> bool:
        """Whether there was room for one more; if so, it is counted."""

    def forget(self, limit: Limit, whose: str) -> None: ...

    def wait(self, limit: Limit, whose: str, now: datetime) -> timedelta:
        """How long until a full counter has room again; zero where it has."""


def retry_after_s(wait: timedelta) -> int:
    """Whole seconds, rounded up: who comes back then is not refused for a fraction of one."""
    return max(1, -(-wait // timedelta(seconds=1)))


DECOY = (
    "$argon2id$v=19$m=19456,t=2,p=1$R6r7vQMj37IRvQWjTebGSg"
    "$OgPUlSO11pidlyRaUFq1sEOAeVvLD14n46ValCzHEOQ"
)
"""Verified where there is no account, at the cost of any other: no one's password."""


@dataclass(frozen=True)
class Passwords:
    """argon2id with 19 MiB, two passes, one lane.

    The smallest setting of the OWASP Password Storage Cheat Sheet (read 2026-11-21): a small
    Lambda does it in a fraction of a second.
    """

    hasher: PasswordHasher = field(
        default_factory=lambda: PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    )

    def hash(self, password: str) -> str:
        """Raises WeakPassword."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise WeakPassword(
                f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
            )
        return self.hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """Exactly one verification, of the decoy where there is no hash."""
        try:
            right = self.hasher.verify(password_hash or DECOY, password)
        except (VerificationError, InvalidHashError):
            return False
        return right and password_hash is not None


def new_account(
    tenant: str,
    account: str,
    name: str,
    roles: tuple[Role, ...],
    password: str,
    now: datetime,
    passwords: Passwords,
) -> Account:
    """Raises WeakPassword, or ValueError where a name or role is malformed."""
    return Account(
        tenant=tenant,
        account=account,
        name=name,
        roles=roles,
        password_hash=passwords.hash(password),
        password_since=now,
    )


def suggested_password() -> str:
    """A password that a person can be told and no one guesses: 96 random bits."""
    return secrets.token_urlsafe(12)
