"""People as their owner manages them: add, change, disable, and who may sign in.

A business always has an owner who can sign in. Two owners who take the role from each other at the
same time:

    olive   takes it from omar, while olive is an owner     done
    omar    takes it from olive, while omar is an owner     condition failed: omar is none any more
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from functions.people.accounts import (
    Account,
    AccountExists,
    Accounts,
    Profile,
    ProfileInput,
    Role,
    UnknownAccount,
)
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, HaulwayError, Unavailable
from statemachine.job.bounds import EmailInput, LabelInput, PhoneInput
from statemachine.values.values import Frozen, Name


class LastOwner(HaulwayError):
    """Without this person no owner could sign in; make someone else an owner first."""


class NewPerson(ProfileInput):
    account: Name
    """What they sign in with, and how jobs name them."""


class PersonChange(Frozen):
    """What is given is changed; null clears phone and e-mail."""

    name: LabelInput | None = None
    roles: Annotated[tuple[Role, ...] | None, Field(min_length=1)] = None
    phone: Annotated[PhoneInput | None, Field(repr=False)] = None
    email: Annotated[EmailInput | None, Field(repr=False)] = None
    disabled: bool | None = None

    @model_validator(mode="after")
    def _something_that_can_be_changed(self) -> "PersonChange":
        if not self.model_fields_set:
            raise ValueError("nothing to change: name at least one field")
        for field in ("name", "roles", "disabled"):
            if field in self.model_fields_set and getattr(self, field) is None:
                raise ValueError(f"{field} may not be null")
        return self

    def of(self, known: Account) -> tuple[Profile, bool]:
        """The profile after the change, and whether the account is disabled then."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        disabled = bool(given.pop("disabled", known.disabled))
        kept = {name: getattr(known, name) for name in Profile.model_fields}
        return Profile(**(kept | given)), disabled


@dataclass(frozen=True)
class ManagePeople:
    accounts: Accounts
    pause: Pause = full_jitter

    def all(self, tenant: str) -> list[Account]:
        return sorted(self.accounts.all(tenant), key=lambda each: each.name.casefold())

    def read(self, tenant: str, account: str) -> Account:
        """Raises UnknownAccount."""
        known = self.accounts.read(tenant, account)
        if known is None:
            raise UnknownAccount(f"there is no account {account!r}")
        return known

    def add(self, tenant: str, person: NewPerson, now: datetime) -> Account:
        """Without a password: an invitation lets them choose one. A copy of the request finds
        who was added by the first one. Raises AccountExists."""
        made = Account(tenant=tenant, password_since=now, **dict(person))
        try:
            self.accounts.add(made)
        except AccountExists:
            known = self.read(tenant, person.account)
            if known.with_(password_since=now) != made:
                raise
            return known
        return made

    def change(self, tenant: str, account: str, wanted: PersonChange) -> Account:
        """Decided again if someone changed the account meanwhile, or the owners.

        Raises UnknownAccount, LastOwner, Unavailable.
        """
        for attempt in range(ATTEMPTS):
            known = self.read(tenant, account)
            profile, disabled = wanted.of(known)
            following = known.with_(**dict(profile), disabled=disabled)
            if following == known:
                return known
            with suppress(Conflict):
                self.accounts.set_person(known, following, self._guard(known, following))
                return self.read(tenant, account)
            self.pause(attempt)
        raise Unavailable(f"{account}: no write in {ATTEMPTS} attempts; try again")

    def _guard(self, known: Account, following: Account) -> str | None:
        """The owner who has to stay one, if this ends someone's being an owner. Raises
        LastOwner."""
        if not _is_owner(known) or _is_owner(following):
            return None
        owner = next(self._other_owners(known), None)
        if owner is None:
            raise LastOwner(f"{known.name} is the only owner; make someone else one first")
        return owner

    def _other_owners(self, known: Account) -> Iterator[str]:
        for each in self.accounts.all(known.tenant):
            if each.account != known.account and _is_owner(each):
                yield each.account


def _is_owner(account: Account) -> bool:
    """Who can sign in as an owner."""
    able = account.password_hash is not None and not account.disabled
    return able and "owner" in account.roles
