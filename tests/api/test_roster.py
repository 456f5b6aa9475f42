"""Accounts, counters, ended sessions, and signing keys: every rule on the fakes and on moto."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.ended_sessions import DynamoEndedSessions
from functions.aws.rate_limits import DynamoLimits
from functions.aws.roster import DynamoAccounts
from functions.aws.secrets import SecretStore
from functions.people.accounts import (
    Account,
    AccountExists,
    Accounts,
    Profile,
    UnknownAccount,
)
from functions.people.rate_limits import Limit, Limits
from functions.people.sessions import EndedSessions, KeyStore, SigningKeys, rotate
from functions.protocol.ports import Corrupt
from tests.api.api_fixture import FakeEndedSessions, FakeKeyStore, FakeLimits, a_key
from tests.support.builders import NOON
from tests.support.moto_server import Moto
from tests.support.roster_fakes import FakeAccounts

FIXED = Limit("bookings", most=3, window=timedelta(minutes=10))
SLIDING = Limit("passwords", most=3, window=timedelta(minutes=10), slides=True)


def an_account(account: str = "maria", **values: Any) -> Account:
    return Account.model_validate(
        {
            "tenant": "main",
            "account": account,
            "name": "Maria Ortega",
            "roles": ("driver", "first_mate"),
            "password_hash": "$argon2id$…",
            "password_since": NOON,
            **values,
        }
    )


@dataclass
class AwsClients:
    """What the adapters write to, so that tests can look at it and corrupt it."""

    dynamodb: Any
    table: str
    secrets: Any
    secret: str


@dataclass
class Stores:
    accounts: Accounts
    limits: Limits
    keys: KeyStore
    ended: EndedSessions
    aws: AwsClients | None = None


@pytest.fixture(params=["fake", "moto"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return Stores(FakeAccounts(), FakeLimits(), FakeKeyStore(), FakeEndedSessions())
    moto: Moto = request.getfixturevalue("moto")
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    secrets, name = moto.client("secretsmanager"), moto.name("keys")
    first = SigningKeys(keys=(a_key("first"),)).model_dump_json()
    secrets.create_secret(Name=name, SecretString=first)
    return Stores(
        DynamoAccounts(dynamodb, table),
        DynamoLimits(dynamodb, table),
        SecretStore(secrets, name, SigningKeys),
        DynamoEndedSessions(dynamodb, table),
        AwsClients(dynamodb, table, secrets, name),
    )


def test_an_account_is_read_as_it_was_added(stores: Stores) -> None:
    stores.accounts.add(an_account(disabled=True))
    assert stores.accounts.read("main", "maria") == an_account(disabled=True)


def test_someone_without_a_password_is_read_as_they_were_added(stores: Stores) -> None:
    known = an_account(password_hash=None, phone="+15555550123", email="maria@example.com")
    stores.accounts.add(known)
    assert stores.accounts.read("main", "maria") == known
    assert list(stores.accounts.all("main")) == [known]


def test_a_profile_is_changed_as_a_whole_and_nothing_else(stores: Stores) -> None:
    stores.accounts.add(an_account(phone="+15555550123", disabled=True))
    profile = Profile(name="Maria Ruiz", roles=("supervisor",), email="maria@example.com")
    stores.accounts.set_profile("main", "maria", profile)
    assert stores.accounts.read("main", "maria") == an_account(
        name="Maria Ruiz",
        roles=("supervisor",),
        phone=None,
        email="maria@example.com",
        disabled=True,
    )
    with pytest.raises(UnknownAccount):
        stores.accounts.set_profile("main", "no one", profile)


def test_reading_an_unknown_account_returns_none(stores: Stores) -> None:
    stores.accounts.add(an_account())
    unknown = [("main", "mari"), ("other", "maria"), ("main", "NOT a name!")]
    assert [stores.accounts.read(*whose) for whose in unknown] == [None, None, None]


def test_an_account_is_never_added_twice(stores: Stores) -> None:
    stores.accounts.add(an_account())
    with pytest.raises(AccountExists):
        stores.accounts.add(an_account(name="Someone Else"))
    assert stores.accounts.read("main", "maria") == an_account()


def test_each_change_writes_only_its_own_fields(stores: Stores) -> None:
    stores.accounts.add(an_account())
    later = NOON + timedelta(days=1)
    stores.accounts.set_password("main", "maria", "$argon2id$other", later)
    stores.accounts.set_disabled("main", "maria", True)
    assert stores.accounts.read("main", "maria") == an_account(
        password_hash="$argon2id$other", password_since=later, disabled=True, session_epoch=2
    )


def test_an_unknown_account_cannot_be_changed(stores: Stores) -> None:
    with pytest.raises(UnknownAccount):
        stores.accounts.set_disabled("main", "maria", True)
    with pytest.raises(UnknownAccount):
        stores.accounts.set_password("main", "maria", "hash", NOON)
    assert stores.accounts.read("main", "maria") is None


def test_a_tenants_accounts_are_listed_by_name(stores: Stores) -> None:
    for account in ("zoe", "adam"):
        stores.accounts.add(an_account(account))
    stores.accounts.add(an_account("eve", tenant="other"))
    assert [account.account for account in stores.accounts.all("main")] == ["adam", "zoe"]


@pytest.mark.parametrize("limit", [FIXED, SLIDING])
def test_a_limit_allows_only_its_maximum(stores: Stores, limit: Limit) -> None:
    assert [stores.limits.take(limit, "a", NOON) for _ in range(5)] == [True] * 3 + [False] * 2
    assert stores.limits.take(limit, "b", NOON)


def test_a_fixed_window_ends_on_time(stores: Stores) -> None:
    at = [NOON + timedelta(minutes=m) for m in (0, 8, 9, 9, 10, 10)]
    taken = [stores.limits.take(FIXED, "a", moment) for moment in at]
    assert taken == [True, True, True, False, True, True]


def test_a_sliding_window_begins_again_each_time(stores: Stores) -> None:
    at = [NOON + timedelta(minutes=m) for m in (0, 8, 9, 10, 18, 19)]
    taken = [stores.limits.take(SLIDING, "a", moment) for moment in at]
    assert taken == [True, True, True, False, False, True]


def test_a_cleared_counter_has_room_again(stores: Stores) -> None:
    for _ in range(3):
        stores.limits.take(SLIDING, "a", NOON)
    stores.limits.clear(SLIDING, "a")
    assert stores.limits.take(SLIDING, "a", NOON)


def test_a_full_counter_says_how_long_to_wait(stores: Stores) -> None:
    for minute in (0, 1, 2):
        assert stores.limits.wait(FIXED, "a", NOON) == timedelta()
        stores.limits.take(FIXED, "a", NOON + timedelta(minutes=minute))
    later = NOON + timedelta(minutes=4, milliseconds=250)
    assert stores.limits.wait(FIXED, "a", later) == NOON + FIXED.window - later


def test_an_ended_session_is_found(stores: Stores) -> None:
    stores.ended.add("one", NOON)
    assert [stores.ended.has(name) for name in ("one", "another")] == [True, False]


def test_a_counter_expires_after_its_window(stores: Stores) -> None:
    stores.limits.take(FIXED, "a", NOON)
    if aws := stores.aws:
        (item,) = aws.dynamodb.scan(TableName=aws.table)["Items"]
        ends = NOON + FIXED.window
        assert int(item["expires_at"]["N"]) >= ends.timestamp()


def test_concurrent_attempts_are_all_counted(stores: Stores) -> None:
    """moto is not thread-safe, so the calls take turns there; only the condition matters."""
    with ThreadPoolExecutor(1 if stores.aws else 8) as threads:
        taken = list(threads.map(lambda _: stores.limits.take(SLIDING, "a", NOON), range(40)))
    assert sum(taken) == 3


def test_an_unreadable_account_is_corrupt(stores: Stores) -> None:
    if aws := stores.aws:
        item = {"pk": {"S": "tenant#main"}, "sk": {"S": "account#maria"}, "roles": {"L": []}}
        aws.dynamodb.put_item(TableName=aws.table, Item=item)
        with pytest.raises(Corrupt):
            stores.accounts.read("main", "maria")


def test_rotation_keeps_the_previous_key(stores: Stores) -> None:
    assert rotate(stores.keys, lambda: a_key("second")) == "second"
    rotate(stores.keys, lambda: a_key("third"))
    assert [key.kid for key in stores.keys.read().keys] == ["third", "second"]


def test_an_invalid_secret_is_never_shown(stores: Stores) -> None:
    if aws := stores.aws:
        aws.secrets.put_secret_value(SecretId=aws.secret, SecretString='{"key": "hush-hush"}')
        with pytest.raises(Corrupt) as raised:
            stores.keys.read()
        assert "hush" not in str(raised.value)
        assert raised.value.__cause__ is None
