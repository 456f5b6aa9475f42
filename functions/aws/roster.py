"""Accounts and counters in `crew_roster`, the one DynamoDB table for people.

    pk                        sk                   what
    tenant#main               account#maria        an account: someone on the roster
    place#main#261121-7k3m2q  place                a crew's location; expires by TTL
    limit#bookings#1f0c…      count                a counter; expires by TTL

Counters are in `rate_limits.py`, days and trucks in `roster_days.py`, reservations in
`reservations.py`, locations in `crew_locations.py`. Each has its own `pk`: IAM can restrict only
`pk`, and a function that may write locations must not write accounts. No key contains a phone
number, name, or IP address: counters are named by a keyed hash.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.errors import code_of, retryable
from functions.aws.readable_items import readable
from functions.people.accounts import Account, AccountExists, Profile, UnknownAccount
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.values.values import iso

Item = dict[str, Any]

MISSED = "ConditionalCheckFailedException"
BUSY = {"ProvisionedThroughputExceededException", "TransactionInProgressException"}


class ConditionFailed(Exception):
    """The condition of a write was not met: nothing was written."""


@contextmanager
def dynamodb_errors() -> Iterator[None]:
    """DynamoDB's errors become ConditionFailed or Unavailable; the others stay as they are."""
    with retryable():
        try:
            yield
        except ClientError as error:
            if code_of(error) == MISSED:
                raise ConditionFailed from error
            if code_of(error) in BUSY:
                raise Unavailable(code_of(error)) from error
            raise


class DynamoAccounts:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, account: str) -> Account | None:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_account_key(tenant, account), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _account_in(item) if item else None

    def add(self, account: Account) -> None:
        item = {
            **_account_key(account.tenant, account.account),
            **_profile_values(account),
            "password_since": {"S": iso(account.password_since)},
            "disabled": {"BOOL": account.disabled},
        }
        if account.password_hash is not None:
            item["password_hash"] = {"S": account.password_hash}
        try:
            with dynamodb_errors():
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except ConditionFailed as error:
            if self.read(account.tenant, account.account) != _account_in(item):
                raise AccountExists(f"there is an account {account.account!r} already") from error

    def set_password(self, tenant: str, account: str, password_hash: str, since: datetime) -> None:
        changes = {"password_hash": {"S": password_hash}, "password_since": {"S": iso(since)}}
        self._change(tenant, account, changes, ends_sessions=True)

    def set_disabled(self, tenant: str, account: str, disabled: bool) -> None:
        self._change(tenant, account, {"disabled": {"BOOL": disabled}}, ends_sessions=True)

    def set_profile(self, tenant: str, account: str, profile: Profile) -> None:
        self._change(tenant, account, _profile_values(profile))

    def set_first_password(self, account: Account, password_hash: str, since: datetime) -> bool:
        try:
            with dynamodb_errors():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_account_key(account.tenant, account.account),
                    UpdateExpression="SET password_hash = :hash, password_since = :since "
                    "ADD session_epoch :one",
                    ConditionExpression=f"attribute_exists(pk) AND disabled = :no AND "
                    f"{_in_epoch(account)}",
                    ExpressionAttributeValues={
                        ":hash": {"S": password_hash},
                        ":since": {"S": iso(since)},
                        ":one": {"N": "1"},
                        ":no": {"BOOL": False},
                        **_epoch_value(account),
                    },
                )
        except ConditionFailed:
            now = self.read(account.tenant, account.account)
            return now is not None and now.password_hash == password_hash
        return True

    def set_signed_in(self, tenant: str, account: str, at: datetime) -> None:
        self._change(tenant, account, {"last_sign_in_at": {"S": iso(at)}})

    def set_person(
        self, known: Account, following: Account, while_owner: str | None = None
    ) -> None:
        before, after = _person_values(known), _person_values(following)
        values = {name: after[name] for name in after if after[name] != before[name]}
        ends_sessions = following.disabled != known.disabled
        update = self._update_of(known.tenant, known.account, values, ends_sessions)
        update["ConditionExpression"] += f" AND #had = :had AND {_in_epoch(known)}"
        update["ExpressionAttributeNames"]["#had"] = "roles"
        update["ExpressionAttributeValues"] |= {":had": before["roles"], **_epoch_value(known)}
        if while_owner is None:
            try:
                with dynamodb_errors():
                    self.dynamodb.update_item(**update)
            except ConditionFailed as error:
                raise Conflict(known.account) from error
            return
        still = {
            "TableName": self.table,
            "Key": _account_key(known.tenant, while_owner),
            "ConditionExpression": "contains(#roles, :owner) AND disabled = :no "
            "AND attribute_exists(password_hash)",
            "ExpressionAttributeNames": {"#roles": "roles"},
            "ExpressionAttributeValues": {":owner": {"S": "owner"}, ":no": {"BOOL": False}},
        }
        try:
            with dynamodb_errors():
                self.dynamodb.transact_write_items(
                    TransactItems=[{"Update": update}, {"ConditionCheck": still}]
                )
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            raise Conflict(known.account) from error

    def all(self, tenant: str) -> Iterator[Account]:
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant AND begins_with(sk, :accounts)",
                ExpressionAttributeValues={
                    ":tenant": {"S": f"tenant#{tenant}"},
                    ":accounts": {"S": "account#"},
                },
            ):
                yield from readable(_account_in, page["Items"])

    def _change(self, tenant: str, account: str, values: Item, ends_sessions: bool = False) -> None:
        self._write(self._update_of(tenant, account, values, ends_sessions))

    def _update_of(self, tenant: str, account: str, values: Item, ends_sessions: bool) -> Item:
        sets = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        one = {":one": {"N": "1"}} if ends_sessions else {}
        return {
            "TableName": self.table,
            "Key": _account_key(tenant, account),
            "UpdateExpression": sets + (" ADD session_epoch :one" if ends_sessions else ""),
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": {f":{n}": v for n, v in values.items()} | one,
        }

    def _write(self, update: Item) -> None:
        try:
            with dynamodb_errors():
                self.dynamodb.update_item(**update)
        except ConditionFailed as error:
            account = update["Key"]["sk"]["S"].partition("#")[2]
            raise UnknownAccount(f"there is no account {account!r}") from error


def _account_key(tenant: str, account: str) -> Item:
    return {"pk": {"S": f"tenant#{tenant}"}, "sk": {"S": f"account#{account}"}}


def _profile_values(profile: Profile) -> Item:
    return {
        "name": {"S": profile.name},
        "roles": {"L": [{"S": role} for role in profile.roles]},
        "phone": _text(profile.phone),
        "email": _text(profile.email),
    }


def _person_values(account: Account) -> Item:
    return {**_profile_values(account), "disabled": {"BOOL": account.disabled}}


def _in_epoch(account: Account) -> str:
    """The condition that the stored account is in the epoch of `account`."""
    never = " OR attribute_not_exists(session_epoch)" if account.session_epoch == 0 else ""
    return f"(session_epoch = :epoch{never})"


def _epoch_value(account: Account) -> Item:
    return {":epoch": {"N": str(account.session_epoch)}}


def _text(value: str | None) -> Item:
    return {"NULL": True} if value is None else {"S": value}


def _account_in(item: Item) -> Account:
    """Raises Corrupt."""
    try:
        return Account.model_validate(
            {
                "tenant": item["pk"]["S"].partition("#")[2],
                "account": item["sk"]["S"].partition("#")[2],
                "name": item["name"]["S"],
                "roles": [role["S"] for role in item["roles"]["L"]],
                "phone": item.get("phone", {}).get("S"),
                "email": item.get("email", {}).get("S"),
                "password_hash": item.get("password_hash", {}).get("S"),
                "password_since": item["password_since"]["S"],
                "disabled": item["disabled"]["BOOL"],
                "last_sign_in_at": item.get("last_sign_in_at", {}).get("S"),
                "session_epoch": int(item.get("session_epoch", {}).get("N", "0")),
            }
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not an account") from error
