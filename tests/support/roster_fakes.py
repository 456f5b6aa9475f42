"""Fakes of the ports for people: accounts, roster, trucks, and reservations."""

import threading
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from functions.aws.reservations import DynamoReservations
from functions.people.accounts import Account, AccountExists, Profile, Role, UnknownAccount
from functions.people.api_keys import StoredKey, UnknownKey
from functions.people.assign_crew import AssignCrew
from functions.people.roster import Truck, UnknownTruck
from functions.protocol.ports import Conflict, Jobs, Tenants
from statemachine.business.business import BusinessSettings
from statemachine.schedule.reservations import ReservationSheet
from statemachine.schedule.roster import Day
from tests.support.aws_calls import taking
from tests.support.builders import NOON
from tests.support.fakes import TABLE, Bucket, FakeTenants
from tests.support.faults import Faults


class FakeAccounts:
    """Accounts. `reads` counts the calls of `read`."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Account] = {}
        self.reads = 0

    def read(self, tenant: str, account: str) -> Account | None:
        self.reads += 1
        return self.known.get((tenant, account))

    def add(self, account: Account) -> None:
        if self.known.get((account.tenant, account.account), account) != account:
            raise AccountExists
        self.known[account.tenant, account.account] = account

    def set_password(self, tenant: str, account: str, password_hash: str, since: datetime) -> None:
        epoch = self._next_epoch(tenant, account)
        self._change(
            tenant, account, password_hash=password_hash, password_since=since, session_epoch=epoch
        )

    def set_disabled(self, tenant: str, account: str, disabled: bool) -> None:
        epoch = self._next_epoch(tenant, account)
        self._change(tenant, account, disabled=disabled, session_epoch=epoch)

    def set_profile(self, tenant: str, account: str, profile: Profile) -> None:
        values = {name: getattr(profile, name) for name in Profile.model_fields}
        self._change(tenant, account, **values)

    def set_first_password(self, account: Account, password_hash: str, since: datetime) -> bool:
        known = self.known.get((account.tenant, account.account))
        if known is None or known.disabled or known.session_epoch != account.session_epoch:
            return known is not None and known.password_hash == password_hash
        self.set_password(account.tenant, account.account, password_hash, since)
        return True

    def set_signed_in(self, tenant: str, account: str, at: datetime) -> None:
        self._change(tenant, account, last_sign_in_at=at)

    def set_person(
        self, known: Account, following: Account, while_owner: str | None = None
    ) -> None:
        owner = self.known.get((known.tenant, while_owner)) if while_owner else None
        if while_owner and not (owner and "owner" in owner.roles and not owner.disabled):
            raise Conflict(while_owner)
        stored = self.known.get((known.tenant, known.account))
        if stored is None or (stored.roles, stored.session_epoch) != (
            known.roles,
            known.session_epoch,
        ):
            raise Conflict(known.account)
        values = {
            name: getattr(following, name)
            for name in (*Profile.model_fields, "disabled")
            if getattr(following, name) != getattr(known, name)
        }
        if "disabled" in values:
            values["session_epoch"] = known.session_epoch + 1
        self._change(known.tenant, known.account, **values)

    def all(self, tenant: str) -> Iterator[Account]:
        mine = {key: account for key, account in self.known.items() if key[0] == tenant}
        return (mine[key] for key in sorted(mine))

    def _next_epoch(self, tenant: str, account: str) -> int:
        known = self.known.get((tenant, account))
        return known.session_epoch + 1 if known else 0

    def _change(self, tenant: str, account: str, **values: Any) -> None:
        if (tenant, account) not in self.known:
            raise UnknownAccount
        self.known[tenant, account] = self.known[tenant, account].with_(**values)


class FakeApiKeys:
    def __init__(self) -> None:
        self.known: dict[tuple[str, str], StoredKey] = {}
        self.writes = 0

    def read(self, tenant: str, key_id: str) -> StoredKey | None:
        return self.known.get((tenant, key_id))

    def add(self, key: StoredKey) -> None:
        self.known[key.tenant, key.key_id] = key

    def delete(self, tenant: str, key_id: str) -> None:
        if self.known.pop((tenant, key_id), None) is None:
            raise UnknownKey(key_id)

    def set_used(self, tenant: str, key_id: str, at: datetime) -> None:
        self.writes += 1
        if known := self.known.get((tenant, key_id)):
            self.known[tenant, key_id] = known.with_(last_used_at=at)

    def all(self, tenant: str) -> Iterator[StoredKey]:
        return iter([key for (of, _), key in sorted(self.known.items()) if of == tenant])


class FakeRoster:
    def __init__(self, *trucks: Truck) -> None:
        self.known: dict[tuple[str, date, str], Day] = {}
        self.known_trucks = {(truck.tenant, truck.truck): truck for truck in trucks}

    def days(self, tenant: str, first: date, last: date) -> dict[str, dict[date, Day]]:
        found: dict[str, dict[date, Day]] = {}
        for (whose, on, member), day in self.known.items():
            if whose == tenant and first <= on <= last:
                found.setdefault(member, {})[on] = day
        return found

    def set_day(self, tenant: str, member: str, on: date, day: Day) -> None:
        self.known[tenant, on, member] = day

    def reset_day(self, tenant: str, member: str, on: date) -> None:
        self.known.pop((tenant, on, member), None)

    def truck(self, tenant: str, truck: str) -> Truck | None:
        return self.known_trucks.get((tenant, truck))

    def trucks(self, tenant: str) -> Iterator[Truck]:
        mine = sorted(key for key in self.known_trucks if key[0] == tenant)
        return (self.known_trucks[key] for key in mine)

    def set_truck(self, truck: Truck) -> None:
        self.known_trucks[truck.tenant, truck.truck] = truck

    def remove_truck(self, tenant: str, truck: str) -> None:
        if self.known_trucks.pop((tenant, truck), None) is None:
            raise UnknownTruck


class FakeReservations:
    """DynamoDB transactions: all sheets or none. A lost response looks like a conflict."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.sheets: dict[tuple[str, str, str], ReservationSheet] = {}
        self._lock = threading.Lock()

    def read(self, tenant: str, wanted: Sequence[tuple[str, str]]) -> list[ReservationSheet]:
        DynamoReservations(taking("dynamodb"), TABLE).read(tenant, wanted)

        def read_all() -> list[ReservationSheet]:
            with self._lock:
                return [self._stored(tenant, *key) for key in wanted]

        return self.faults.around("BatchGetItem", read_all, Conflict("lost"))

    def write(self, tenant: str, sheets: Sequence[ReservationSheet]) -> None:
        DynamoReservations(taking("dynamodb"), TABLE).write(tenant, sheets)

        def all_or_none() -> None:
            with self._lock:
                for sheet in sheets:
                    if self._stored(tenant, sheet.subject, sheet.day).version != sheet.version - 1:
                        raise Conflict("TransactionCanceledException")
                self.sheets |= {(tenant, each.subject, each.day): each for each in sheets}

        self.faults.around("TransactWriteItems", all_or_none, Conflict("lost"))

    def _stored(self, tenant: str, subject: str, day: str) -> ReservationSheet:
        return self.sheets.get((tenant, subject, day), ReservationSheet(subject=subject, day=day))


def a_member(account: str, *roles: Role, **values: Any) -> Account:
    """A member of the roster without a password, by default a driver."""
    return Account.model_validate(
        {
            "tenant": "main",
            "account": account,
            "name": f"{account.title()} Ortega",
            "roles": roles or ("driver",),
            "password_since": NOON,
            **values,
        }
    )


def a_crew_assignment(
    jobs: Jobs, *members: Account, tenants: Tenants | None = None, faults: Faults | None = None
) -> AssignCrew:
    """AssignCrew with a roster in memory: `members` and one truck, `t1`."""
    accounts = FakeAccounts()
    for member in members or (a_member("mike"),):
        accounts.add(member)
    known = tenants or FakeTenants(Bucket(), BusinessSettings(tenant="main", name="Haulway"))
    roster = FakeRoster(Truck(tenant="main", truck="t1", name="Big red"))
    return AssignCrew(accounts, roster, FakeReservations(faults), jobs, known)
