"""The accounts of the people who work here, and their passwords."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, Protocol, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import Field

from functions.protocol.ports import HaulwayError
from statemachine.job.bounds import EmailInput, LabelInput, PhoneInput
from statemachine.values.values import PHONE_PATTERN, Frozen, Name, Tenant, Utc

Role = Literal["owner", "dispatcher", "driver", "first_mate", "supervisor", "ops"]
ROLES: tuple[Role, ...] = get_args(Role)

Phone = Annotated[str, Field(pattern=PHONE_PATTERN)]
"""E.164, as `+15555550123`."""
Email = Annotated[str, Field(max_length=120, pattern=r"^[^@\s]+@[^@\s]+$")]

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

DISPATCHES: frozenset[Role] = frozenset({"owner", "dispatcher"})
"""Who plans and moves every job of the business."""


class Profile(Frozen):
    """Who someone is, and which roles they may have."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    phone: Annotated[Phone | None, Field(repr=False)] = None
    email: Annotated[Email | None, Field(repr=False)] = None


class ProfileInput(Profile):
    """A profile as entered, on the command line or in a file."""

    name: LabelInput
    phone: Annotated[PhoneInput | None, Field(repr=False)] = None
    email: Annotated[EmailInput | None, Field(repr=False)] = None


class Account(Profile):
    """Someone who works here. A job's crew and its history name them by `account`."""

    tenant: Tenant
    account: Name
    password_hash: Annotated[str | None, Field(repr=False)] = None
    """None: they are on the roster, but cannot sign in until they have a password."""
    password_since: Utc
    """Sessions that began earlier are void: a new password ends every open session."""
    disabled: bool = False
    session_epoch: Annotated[int, Field(ge=0)] = 0
    """Incremented when the password is set and when the account is disabled or enabled. A session
    is valid only in the epoch it began in, so an ended session stays ended, whatever clocks say."""
    last_sign_in_at: Utc | None = None


class UnknownAccount(HaulwayError):
    """There is no account with that name; `haul crew list` shows them."""


class AccountExists(HaulwayError):
    """The name is taken; choose another one, or change that account."""


class WeakPassword(HaulwayError):
    """The password is too short or too long."""


class Accounts(Protocol):
    """The accounts. Each change writes only its own fields, so concurrent changes lose nothing."""

    def read(self, tenant: str, account: str) -> Account | None: ...

    def add(self, account: Account) -> None:
        """Raises AccountExists, but not for the very same account: a lost answer was that."""

    def set_password(self, tenant: str, account: str, password_hash: str, since: datetime) -> None:
        """Ends every session of the account. Raises UnknownAccount."""

    def set_disabled(self, tenant: str, account: str, disabled: bool) -> None:
        """Disables or enables the account, and ends its sessions. Raises UnknownAccount."""

    def set_profile(self, tenant: str, account: str, profile: Profile) -> None:
        """Replaces the profile; `disabled` and the password stay. Raises UnknownAccount."""

    def set_first_password(self, account: Account, password_hash: str, since: datetime) -> bool:
        """Sets the password if the account is still in its epoch; False if it is not. True if
        that very hash is stored already: the answer to the first attempt was lost."""

    def set_signed_in(self, tenant: str, account: str, at: datetime) -> None: ...

    def set_person(
        self, known: Account, following: Account, while_owner: str | None = None
    ) -> None:
        """Writes what differs in profile and `disabled`, on condition that the account still has
        the roles and the epoch of `known`, and that `while_owner` is an owner who can sign in.

        To disable or enable it ends its sessions. Raises Conflict if a condition is not met.
        """

    def all(self, tenant: str) -> Iterator[Account]: ...


DECOY = (
    "$argon2id$v=19$m=19456,t=2,p=1$R6r7vQMj37IRvQWjTebGSg"
    "$OgPUlSO11pidlyRaUFq1sEOAeVvLD14n46ValCzHEOQ"
)
"""Verified if there is no account, so that the check takes as long as for any other."""


@dataclass(frozen=True)
class Passwords:
    """argon2id with 19 MiB, two passes, and one lane.

    This is the smallest setting in the OWASP Password Storage Cheat Sheet (read 2026-11-21). A
    small Lambda function needs a fraction of a second for it.
    """

    hasher: PasswordHasher = field(
        default_factory=lambda: PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    )

    def hash(self, password: str) -> str:
        """Raises WeakPassword."""
        self.check(password)
        return self.hasher.hash(password)

    def check(self, password: str) -> None:
        """Raises WeakPassword."""
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise WeakPassword(
                f"a password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
            )

    def match(self, password_hash: str | None, password: str) -> bool:
        """Verifies exactly once: the decoy if there is no hash."""
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
    """Raises WeakPassword, or ValueError if a name or role is malformed."""
    return Account(
        tenant=tenant,
        account=account,
        name=name,
        roles=roles,
        password_hash=passwords.hash(password),
        password_since=now,
    )


def suggested_password() -> str:
    """A password that a person can read aloud and no one can guess: 96 random bits."""
    return secrets.token_urlsafe(12)
