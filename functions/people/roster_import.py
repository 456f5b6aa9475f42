"""Imports a roster: adds and changes people and their days. Passwords are not imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from functions.people.accounts import Account, AccountExists, Accounts, Profile, ProfileInput
from functions.people.roster import Roster, UnknownMember
from statemachine.schedule.roster import Day


class ImportedPerson(ProfileInput):
    """A person as in the file."""

    disabled: bool = False
    """True disables the account. False does not enable an account that is disabled here."""


@dataclass(frozen=True)
class Imported:
    """Accounts by what the import did. A second import of the same file changes nothing."""

    added: list[str]
    changed: list[str]
    as_before: list[str]


def import_people(
    accounts: Accounts, tenant: str, people: Mapping[str, ImportedPerson], now: datetime
) -> Imported:
    """Accounts that are not in `people` stay as they are. After Unavailable, import again."""
    known = {each.account: each for each in accounts.all(tenant)}
    done = Imported([], [], [])
    for account, person in people.items():
        before = known.get(account)
        if before is None:
            _add(accounts, tenant, account, person, now)
            done.added.append(account)
        elif _changes(before, person):
            _change(accounts, tenant, account, person)
            done.changed.append(account)
        else:
            done.as_before.append(account)
    return done


def import_days(
    accounts: Accounts, roster: Roster, tenant: str, days: Sequence[tuple[str, date, Day]]
) -> None:
    """Days that are not in `days` stay as they are.

    Raises UnknownMember before it changes anything. After Unavailable, import again.
    """
    known = {each.account for each in accounts.all(tenant)}
    if strangers := sorted({member for member, _, _ in days} - known):
        raise UnknownMember(f"not on the roster: {', '.join(strangers)}; import the people first")
    for member, on, day in days:
        roster.set_day(tenant, member, on, day)


def _add(
    accounts: Accounts, tenant: str, account: str, person: ImportedPerson, now: datetime
) -> None:
    values = _values(person) | {"disabled": person.disabled}
    try:
        accounts.add(Account(tenant=tenant, account=account, password_since=now, **values))
    except AccountExists:  # someone else was faster, or the response to our own write was lost
        _change(accounts, tenant, account, person)


def _changes(before: Account, person: ImportedPerson) -> bool:
    return _values(before) != _values(person) or (person.disabled and not before.disabled)


def _change(accounts: Accounts, tenant: str, account: str, person: ImportedPerson) -> None:
    accounts.set_profile(tenant, account, Profile(**_values(person)))
    if person.disabled:
        accounts.set_disabled(tenant, account, True)


def _values(profile: Profile) -> dict[str, Any]:
    return {name: getattr(profile, name) for name in Profile.model_fields}
