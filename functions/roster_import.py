"""A roster brought from elsewhere: people are added or changed, passwords are nobody's business."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from functions.accounts import Account, AccountExists, Accounts, Profile
from functions.roster import Roster, UnknownMember
from statemachine.roster import Day


@dataclass(frozen=True)
class Imported:
    """Accounts, by what became of them. Imported again, all are as before."""

    added: list[str]
    changed: list[str]
    as_before: list[str]


def import_people(
    accounts: Accounts, tenant: str, people: Mapping[str, Profile], now: datetime
) -> Imported:
    """Who is not among `people` stays as they are. Raises Unavailable; then import it again."""
    known = {each.account: each for each in accounts.all(tenant)}
    done = Imported([], [], [])
    for account, profile in people.items():
        before = known.get(account)
        if before is None:
            _add(accounts, tenant, account, profile, now)
            done.added.append(account)
        elif _profile_of(before) != profile:
            accounts.set_profile(tenant, account, profile)
            done.changed.append(account)
        else:
            done.as_before.append(account)
    return done


def import_days(
    accounts: Accounts, roster: Roster, tenant: str, days: Sequence[tuple[str, date, Day]]
) -> None:
    """Days that are not among `days` stay as they are.

    Raises UnknownMember, and has changed nothing then; Unavailable: import it again.
    """
    known = {each.account for each in accounts.all(tenant)}
    if strangers := sorted({member for member, _, _ in days} - known):
        raise UnknownMember(f"not on the roster: {', '.join(strangers)}; import the people first")
    for member, on, day in days:
        roster.set_day(tenant, member, on, day)


def _add(accounts: Accounts, tenant: str, account: str, profile: Profile, now: datetime) -> None:
    values = _values(profile)
    try:
        accounts.add(Account(tenant=tenant, account=account, password_since=now, **values))
    except AccountExists:  # somebody else was faster, or our own answer was lost
        accounts.set_profile(tenant, account, profile)


def _profile_of(account: Account) -> Profile:
    return Profile(**_values(account))


def _values(profile: Profile) -> dict[str, object]:
    return {name: getattr(profile, name) for name in Profile.model_fields}
