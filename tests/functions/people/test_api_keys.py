"""API keys: who a program is, by a key of which only a hash is stored."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from functions.aws.api_keys import DynamoApiKeys
from functions.business.change_settings import COMMAND_LINE
from functions.people.accounts import Account
from functions.people.api_keys import (
    MOST,
    ApiKeys,
    KeyCheck,
    NewKey,
    TooManyKeys,
    UnknownKey,
    new_key,
)
from tests.support.builders import NOON
from tests.support.moto_server import Moto
from tests.support.roster_fakes import FakeAccounts, FakeApiKeys, a_member

OLIVE = a_member("olive", "owner", password_hash="hers")


def with_people(*known: Account) -> FakeAccounts:
    accounts = FakeAccounts()
    for account in known:
        accounts.add(account)
    return accounts


PEOPLE = with_people(OLIVE, OLIVE.with_(tenant="quick-dump"))
WANTED = NewKey(name="Website", roles=("dispatcher",), days=30)


@pytest.fixture(params=["fake", "moto"])
def keys(request: pytest.FixtureRequest) -> ApiKeys:
    if request.param == "fake":
        return FakeApiKeys()
    moto: Moto = request.getfixturevalue("moto")
    return DynamoApiKeys(moto.client("dynamodb"), moto.crew_roster())


def test_a_key_acts_with_its_roles_in_its_business(keys: ApiKeys) -> None:
    sent, made = new_key(keys, "quick-dump", WANTED, "olive", NOON)
    session = KeyCheck(keys, PEOPLE).session(sent, NOON)
    assert session is not None
    assert session.tenant == "quick-dump"
    assert session.roles == ("dispatcher",)
    assert session.member == f"key_{made.key_id}"
    assert session.account.name == "Website"
    assert session.ends_at == NOON + timedelta(days=30)


def test_a_key_that_a_newer_version_has_stored_is_read(moto: Moto) -> None:
    dynamodb, table = moto.client("dynamodb"), moto.crew_roster()
    keys = DynamoApiKeys(dynamodb, table)
    sent, made = new_key(keys, "main", WANTED, "olive", NOON)
    dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": "keys#main"}, "sk": {"S": f"key#{made.key_id}"}},
        UpdateExpression="SET #key = :key",
        ExpressionAttributeNames={"#key": "key"},
        ExpressionAttributeValues={":key": {"S": made.model_dump_json()[:-1] + ',"new":1}'}},
    )
    assert KeyCheck(keys, PEOPLE).session(sent, NOON)


def test_the_key_itself_is_not_stored(keys: ApiKeys) -> None:
    sent, made = new_key(keys, "main", WANTED, "olive", NOON)
    assert list(keys.all("main")) == [made]
    assert sent.rpartition("_")[2] not in repr(made) + made.model_dump_json()


CHANGES: dict[str, Callable[[str], str]] = {
    "another secret": lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
    "another business": lambda key: key.replace("_main_", "_other_"),
    "another id": lambda key: f"hk_main_{'0' * 12}_{key[-43:]}",
    "cut off": lambda key: key[:-1],
    "with something behind it": lambda key: f"{key}\n",
    "of another form": lambda _: "hk_main",
    "empty": lambda _: "",
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_key_is_no_ones(keys: ApiKeys, change: str) -> None:
    sent, _ = new_key(keys, "main", WANTED, "olive", NOON)
    assert KeyCheck(keys, PEOPLE).session(CHANGES[change](sent), NOON) is None


def test_a_key_ends_when_it_expires_or_is_revoked(keys: ApiKeys) -> None:
    sent, made = new_key(keys, "main", WANTED, "olive", NOON)
    check = KeyCheck(keys, PEOPLE)
    assert check.session(sent, NOON + timedelta(days=30) - timedelta(seconds=1))
    assert check.session(sent, NOON + timedelta(days=30)) is None
    keys.delete("main", made.key_id)
    assert check.session(sent, NOON) is None
    keys.set_used("main", made.key_id, NOON)
    assert list(keys.all("main")) == [], "noting its use does not bring it back"
    with pytest.raises(UnknownKey):
        keys.delete("main", made.key_id)


@pytest.mark.parametrize(
    "maker",
    [
        OLIVE.with_(disabled=True),
        OLIVE.with_(roles=("dispatcher",)),
        OLIVE.with_(tenant="other"),
    ],
)
def test_a_key_does_not_outlive_its_maker_as_owner(keys: ApiKeys, maker: Account) -> None:
    sent, _ = new_key(keys, "main", WANTED, "olive", NOON)
    assert KeyCheck(keys, PEOPLE).session(sent, NOON)
    assert KeyCheck(keys, with_people(maker)).session(sent, NOON) is None


def test_a_key_of_the_command_line_needs_no_account(keys: ApiKeys) -> None:
    sent, _ = new_key(keys, "main", WANTED, COMMAND_LINE, NOON)
    assert KeyCheck(keys, FakeAccounts()).session(sent, NOON)


def test_the_last_use_is_noted_once_an_hour(keys: ApiKeys) -> None:
    sent, made = new_key(keys, "main", WANTED, "olive", NOON)
    used = []
    for minutes in (0, 59, 60, 61):
        KeyCheck(keys, PEOPLE).session(sent, NOON + timedelta(minutes=minutes))
        known = keys.read("main", made.key_id)
        used.append(known and known.last_used_at)
    hour = NOON + timedelta(hours=1)
    assert used == [NOON, NOON, hour, hour]


def test_a_business_has_only_so_many_keys() -> None:
    keys = FakeApiKeys()
    for _ in range(MOST):
        new_key(keys, "main", WANTED, "olive", NOON)
    with pytest.raises(TooManyKeys):
        new_key(keys, "main", WANTED, "olive", NOON)
    new_key(keys, "other", WANTED, "olive", NOON)
