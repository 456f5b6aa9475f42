"""`crew_roster`: one DynamoDB table for people and what belongs to them, and for counters.

    pk                        sk                   what
    tenant#main               account#maria        an account: someone on the roster
    place#main#261121-7k3m2q  place                where a crew is; the table's TTL sweeps it away
    limit#bookings#1f0c…      count                a counter; likewise

Days and trucks are in `roster_days.py`, claims in `claims.py`, each under a `pk` of its own. Places
are apart too: IAM knows keys by their `pk` alone, and who may write places must not write accounts.
No key holds a phone number, name or address: who is counted is named by a keyed hash.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.errors import code_of, retryable
from functions.people.accounts import Account, AccountExists, Limit, Profile, UnknownAccount
from functions.protocol.ports import Corrupt, Unavailable
from statemachine.values import iso

Item = dict[str, Any]

MISSED = "ConditionalCheckFailedException"
BUSY = {"ProvisionedThroughputExceededException", "TransactionInProgressException"}


class Missed(Exception):
    """The condition of a write was not met: nothing was written."""


@contextmanager
def asked() -> Iterator[None]:
    """Missed, Unavailable, or the error as it was."""
    with retryable():
        try:
            yield
        except ClientError as error:
            if code_of(error) == MISSED:
                raise Missed from error
            if code_of(error) in BUSY:
                raise Unavailable(code_of(error)) from error
            raise


class DynamoAccounts:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, account: str) -> Account | None:
        with asked():
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
            with asked():
                self.dynamodb.put_item(
                    TableName=self.table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                )
        except Missed as error:
            raise AccountExists(f"there is an account {account.account!r} already") from error

    def set_password(self, tenant: str, account: str, password_hash: str, since: datetime) -> None:
        changes = {"password_hash": {"S": password_hash}, "password_since": {"S": iso(since)}}
        self._change(tenant, account, changes, ends_sessions=True)

    def set_disabled(self, tenant: str, account: str, disabled: bool) -> None:
        self._change(tenant, account, {"disabled": {"BOOL": disabled}}, ends_sessions=True)

    def set_profile(self, tenant: str, account: str, profile: Profile) -> None:
        self._change(tenant, account, _profile_values(profile))

    def all(self, tenant: str) -> Iterator[Account]:
        with asked():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant AND begins_with(sk, :accounts)",
                ExpressionAttributeValues={
                    ":tenant": {"S": f"tenant#{tenant}"},
                    ":accounts": {"S": "account#"},
                },
            ):
                for item in page["Items"]:
                    yield _account_in(item)

    def _change(self, tenant: str, account: str, values: Item, ends_sessions: bool = False) -> None:
        sets = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        one = {":one": {"N": "1"}} if ends_sessions else {}
        try:
            with asked():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_account_key(tenant, account),
                    UpdateExpression=sets + (" ADD session_epoch :one" if ends_sessions else ""),
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeNames={f"#{name}": name for name in values},
                    ExpressionAttributeValues={f":{n}": v for n, v in values.items()} | one,
                )
        except Missed as error:
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
                "session_epoch": int(item.get("session_epoch", {}).get("N", "0")),
            }
        )
    except (KeyError, ValueError) as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is no account") from error


class DynamoLimits:
    """Each counter is one item, and each question one or two conditional updates of it.

    caller A   count 9 → 10 (room: < 10)    200
    caller B   count 10 → ? (room: < 10)    condition failed; not over yet either: no room
    """

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def take(self, limit: Limit, whose: str, now: datetime) -> bool:
        return self._counted(limit, whose, now) or self._begun(limit, whose, now)

    def forget(self, limit: Limit, whose: str) -> None:
        with asked():
            self.dynamodb.delete_item(TableName=self.table, Key=_count_key(limit, whose))

    def wait(self, limit: Limit, whose: str, now: datetime) -> timedelta:
        with asked():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_count_key(limit, whose), ConsistentRead=True
            )
        item: Item = answer.get("Item", {})
        if int(item.get("taken", {}).get("N", "0")) < limit.most:
            return timedelta()
        left_ms = int(item["ends_at"]["N"]) - int(_number(now)["N"])
        return timedelta(milliseconds=max(0, left_ms))

    def _counted(self, limit: Limit, whose: str, now: datetime) -> bool:
        """One more in a window that runs and has room."""
        ends = ", ends_at = :ends, expires_at = :expires" if limit.slides else ""
        values = {":one": {"N": "1"}, ":most": {"N": str(limit.most)}, ":now": _number(now)}
        if limit.slides:
            values |= _ends(limit, now)
        change = f"SET taken = taken + :one{ends}"
        return self._update(limit, whose, change, "ends_at > :now AND taken < :most", values)

    def _begun(self, limit: Limit, whose: str, now: datetime) -> bool:
        """The first of a new window, unless one is running."""
        return self._update(
            limit,
            whose,
            "SET taken = :one, ends_at = :ends, expires_at = :expires",
            "attribute_not_exists(pk) OR ends_at <= :now",
            {":one": {"N": "1"}, ":now": _number(now), **_ends(limit, now)},
        )

    def _update(self, limit: Limit, whose: str, change: str, condition: str, values: Item) -> bool:
        try:
            with asked():
                self.dynamodb.update_item(
                    TableName=self.table,
                    Key=_count_key(limit, whose),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            return True
        except Missed:
            return False


def _count_key(limit: Limit, whose: str) -> Item:
    return {"pk": {"S": f"limit#{limit.name}#{whose}"}, "sk": {"S": "count"}}


def _number(moment: datetime) -> Item:
    return {"N": str(int(moment.timestamp() * 1000))}


def _ends(limit: Limit, now: datetime) -> Item:
    """`ends_at` in milliseconds decides; `expires_at` in seconds is for the table's TTL."""
    ends = now + limit.window
    return {":ends": _number(ends), ":expires": {"N": str(int(ends.timestamp()) + 1)}}
