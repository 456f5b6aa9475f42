"""Accounts, counters and signing keys: every rule on the fake, and on what stands for AWS."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from functions.aws.ended_sessions import DynamoEndedSessions
from functions.aws.roster import DynamoAccounts, DynamoLimits
from functions.aws.signing_keys import SecretKeyStore
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
class Behind:
    """What the adapters write to, for a look at it and for spoiling it."""

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
    behind: Behind | None = None


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
        SecretKeyStore(secrets, name),
        DynamoEndedSessions(dynamodb, table),
        Behind(dynamodb, table, secrets, name),
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


def test_an_unknown_account_is_none(stores: Stores) -> None:
    stores.accounts.add(an_account())
    unknown = [("main", "mari"), ("other", "maria"), ("main", "NOT a name!")]
    assert [stores.accounts.read(*whose) for whose in unknown] == [None, None, None]


def test_an_account_is_never_added_twice(stores: Stores) -> None:
    stores.accounts.add(an_account())
    with pytest.raises(AccountExists):
        stores.accounts.add(an_account(name="Someone Else"))
    assert stores.accounts.read("main", "maria") == an_account()


def test_changes_touch_one_thing_each(stores: Stores) -> None:
    stores.accounts.add(an_account())
    later = NOON + timedelta(days=1)
    stores.accounts.set_password("main", "maria", "$argon2id$other", later)
    stores.accounts.set_disabled("main", "maria", True)
    assert stores.accounts.read("main", "maria") == an_account(
        password_hash="$argon2id$other", password_since=later, disabled=True, session_epoch=2
    )


def test_what_is_not_there_cannot_be_changed(stores: Stores) -> None:
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
def test_a_limit_has_room_for_so_many(stores: Stores, limit: Limit) -> None:
    assert [stores.limits.take(limit, "a", NOON) for _ in range(5)] == [True] * 3 + [False] * 2
    assert stores.limits.take(limit, "b", NOON)


def test_a_fixed_window_ends_when_it_was_to_end(stores: Stores) -> None:
    at = [NOON + timedelta(minutes=m) for m in (0, 8, 9, 9, 10, 10)]
    taken = [stores.limits.take(FIXED, "a", moment) for moment in at]
    assert taken == [True, True, True, False, True, True]


def test_a_sliding_window_begins_again_each_time(stores: Stores) -> None:
    at = [NOON + timedelta(minutes=m) for m in (0, 8, 9, 10, 18, 19)]
    taken = [stores.limits.take(SLIDING, "a", moment) for moment in at]
    assert taken == [True, True, True, False, False, True]


def test_what_is_forgotten_has_room_again(stores: Stores) -> None:
    for _ in range(3):
        stores.limits.take(SLIDING, "a", NOON)
    stores.limits.clear(SLIDING, "a")
    assert stores.limits.take(SLIDING, "a", NOON)


def test_who_is_refused_is_told_how_long_to_wait(stores: Stores) -> None:
    for minute in (0, 1, 2):
        assert stores.limits.wait(FIXED, "a", NOON) == timedelta()
        stores.limits.take(FIXED, "a", NOON + timedelta(minutes=minute))
    later = NOON + timedelta(minutes=4, milliseconds=250)
    assert stores.limits.wait(FIXED, "a", later) == NOON + FIXED.window - later


def test_a_session_that_ended_is_known_as_such(stores: Stores) -> None:
    stores.ended.add("one", NOON)
    assert [stores.ended.has(name) for name in ("one", "another")] == [True, False]


def test_a_counter_is_swept_away_after_its_window(stores: Stores) -> None:
    stores.limits.take(FIXED, "a", NOON)
    if behind := stores.behind:
        (item,) = behind.dynamodb.scan(TableName=behind.table)["Items"]
        ends = NOON + FIXED.window
        assert int(item["expires_at"]["N"]) >= ends.timestamp()


def test_guesses_at_once_are_counted_each(stores: Stores) -> None:
    """moto is not exact under threads, so they take turns there; the condition is what counts."""
    with ThreadPoolExecutor(1 if stores.behind else 8) as threads:
        taken = list(threads.map(lambda _: stores.limits.take(SLIDING, "a", NOON), range(40)))
    assert sum(taken) == 3


def test_an_account_that_cannot_be_read_is_not_taken_for_none(stores: Stores) -> None:
    if behind := stores.behind:
        item = {"pk": {"S": "tenant#main"}, "sk": {"S": "account#maria"}, "roles": {"L": []}}
        behind.dynamodb.put_item(TableName=behind.table, Item=item)
        with pytest.raises(Corrupt):
            stores.accounts.read("main", "maria")


def test_rotation_keeps_the_key_before(stores: Stores) -> None:
    assert rotate(stores.keys, lambda: a_key("second")) == "second"
    rotate(stores.keys, lambda: a_key("third"))
    assert [key.kid for key in stores.keys.read().keys] == ["third", "second"]


def test_a_secret_that_is_no_keys_is_never_shown(stores: Stores) -> None:
    if behind := stores.behind:
        behind.secrets.put_secret_value(SecretId=behind.secret, SecretString='{"key": "hush-hush"}')
        with pytest.raises(Corrupt) as raised:
            stores.keys.read()
        assert "hush" not in str(raised.value)
        assert raised.value.__cause__ is None
