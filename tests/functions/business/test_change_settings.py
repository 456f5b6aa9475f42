"""Adding a business and changing its settings: no change is lost, doubled, or without a record."""

import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from functions.aws.business_settings import S3SettingsStore, settings_key
from functions.business.change_settings import (
    BusinessExists,
    ChangeSettings,
    NumberTaken,
    ReservedId,
    SettingsChanged,
)
from functions.business.settings_store import NumberOwner, SettingsStore
from functions.protocol.ports import Conflict, Unavailable, UnknownTenant
from statemachine.business.business import BusinessSettings
from statemachine.schedule.reservations import ABANDONED_AFTER
from tests.support.builders import NOON
from tests.support.business_fakes import FakeSettingsStore
from tests.support.fakes import Bucket, no_pause
from tests.support.faults import Faults, Kind
from tests.support.moto_server import Moto

QUICK = BusinessSettings(tenant="main", name="Quick Dump")


@pytest.fixture(params=["fake", "moto"])
def store(request: pytest.FixtureRequest) -> SettingsStore:
    if request.param == "fake":
        return FakeSettingsStore(Bucket())
    moto: Moto = request.getfixturevalue("moto")
    return S3SettingsStore(moto.s3, moto.bucket())


@pytest.fixture
def change(store: SettingsStore) -> ChangeSettings:
    use_case = ChangeSettings(store, no_pause)
    use_case.add(QUICK, "haul", NOON)
    return use_case


def named(change: ChangeSettings, name: str, expected: int | None = None, by: str = "olive") -> Any:
    return change("main", {"name": name}, by, NOON + timedelta(hours=1), expected)


def versions(change: ChangeSettings) -> list[tuple[int, str]]:
    return [(each.version, each.by) for each in change.history("main", None, 50)[0]]


def test_a_change_is_stored_with_its_history(change: ChangeSettings) -> None:
    named(change, "Dump It", expected=1)
    stored = change.store.read("main").value
    assert stored.name == "Dump It"
    assert stored.version == 2
    assert versions(change) == [(2, "olive"), (1, "haul")]


def test_of_two_changes_of_one_version_the_second_is_told_the_new_one(
    change: ChangeSettings,
) -> None:
    named(change, "Dump It", expected=1)
    with pytest.raises(SettingsChanged) as refused:
        named(change, "Other", expected=1, by="oscar")
    assert refused.value.version == 2
    assert change.store.read("main").value.name == "Dump It"


def test_a_copy_of_a_change_whose_answer_was_lost_is_done(change: ChangeSettings) -> None:
    first = named(change, "Dump It", expected=1)
    assert named(change, "Dump It", expected=1) == first
    assert versions(change) == [(2, "olive"), (1, "haul")]


def test_a_change_to_the_same_writes_nothing(change: ChangeSettings) -> None:
    named(change, "Quick Dump")
    assert versions(change) == [(1, "haul")]


def test_a_business_is_added_once_and_no_reserved_id(change: ChangeSettings) -> None:
    with pytest.raises(BusinessExists):
        change.add(QUICK.with_(name="Another"), "haul", NOON)
    for reserved in ("canary", "test-yard"):
        with pytest.raises(ReservedId):
            change.add(QUICK.with_(tenant=reserved), "haul", NOON)
    assert list(change.store.names()) == ["main"]


def test_no_one_else_is_a_business(change: ChangeSettings) -> None:
    with pytest.raises(UnknownTenant):
        change("other", {"name": "x"}, "haul", NOON)


def test_a_write_without_the_right_etag_is_a_conflict(change: ChangeSettings) -> None:
    stored = change.store.read("main")
    named(change, "Dump It")
    with pytest.raises(Conflict):
        change.store.replace(stored.value, stored.etag)


def test_the_history_comes_in_pages_newest_first(change: ChangeSettings) -> None:
    for number in range(2, 8):
        named(change, f"Name {number}")
    first, cursor = change.history("main", None, 4)
    assert [each.version for each in first] == [7, 6, 5, 4]
    assert cursor == 4
    rest, end = change.history("main", cursor, 4)
    assert [each.version for each in rest] == [3, 2, 1]
    assert end is None


def test_settings_from_before_the_history_are_changed_like_any_other() -> None:
    bucket = Bucket()
    bucket.put(settings_key("main"), b'{"tenant": "main", "business": "Old Name"}')
    change = ChangeSettings(FakeSettingsStore(bucket), no_pause)
    named(change, "New Name", expected=1)
    assert versions(change) == [(2, "olive")]


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
@pytest.mark.parametrize("kind", ["before", "after"])
@pytest.mark.parametrize("number", range(8))
def test_whatever_is_lost_on_the_way_no_change_is_lost_or_doubled(
    operation: str, kind: Kind, number: int
) -> None:
    """One call to S3 is lost, or its answer; a request that has no answer is sent again."""
    faults = Faults({operation: [*[None] * number, kind]})
    change = ChangeSettings(FakeSettingsStore(Bucket(faults)), no_pause)
    until_answered(lambda: change.add(QUICK, "haul", NOON))
    for name, expected in (("A", 1), ("B", 2)):
        until_answered(partial(named, change, name, expected))
    faults.over = True
    assert change.store.read("main").value.name == "B"
    assert versions(change) == [(3, "olive"), (2, "olive"), (1, "haul")]


def until_answered(request: Callable[[], Any]) -> None:
    for _ in range(3):
        with suppress(Unavailable):
            request()
            return
    raise AssertionError("no answer to three requests")


def test_a_number_for_texts_belongs_to_one_business(store: SettingsStore) -> None:
    change = ChangeSettings(store, no_pause)
    for tenant in ("quick", "slow"):
        change.add(BusinessSettings(tenant=tenant, name=tenant.title()), "haul", NOON)
    number = {"sms_number": "+12065550142"}
    change("quick", number, "olive", NOON)
    assert owner(store) == "quick"
    with pytest.raises(NumberTaken, match="another business"):
        change("slow", number, "sam", NOON)
    assert store.read("slow").value.sms_number is None
    change("quick", {"sms_number": None}, "olive", NOON)
    change("slow", number, "sam", NOON)
    assert owner(store) == "slow"


def owner(store: SettingsStore) -> str | None:
    stored = store.owner_of("+12065550142")
    return stored.value.tenant if stored else None


@pytest.mark.parametrize("number", range(6))
def test_two_businesses_that_take_one_number_at_once_do_not_both_get_it(number: int) -> None:
    """The second one comes between two calls of the first."""
    bucket = Bucket()
    first, second = (ChangeSettings(FakeSettingsStore(bucket), no_pause) for _ in range(2))
    for tenant in ("quick", "slow"):
        first.add(BusinessSettings(tenant=tenant, name=tenant.title()), "haul", NOON)
    wanted = {"sms_number": "+12065550142"}

    def get_in_between() -> None:
        with suppress(NumberTaken):
            second("slow", wanted, "sam", NOON)

    calls = itertools.count()
    around = bucket.faults.around

    def interrupted(operation: str, call: Callable[[], Any], lost: Exception) -> Any:
        if next(calls) == number:
            get_in_between()
        return around(operation, call, lost)

    bucket.faults.around = interrupted  # type: ignore[assignment, method-assign]  # one call fails
    with suppress(NumberTaken):
        first("quick", wanted, "olive", NOON)
    get_in_between()
    has = [t for t in ("quick", "slow") if first.store.read(t).value.sms_number]
    assert has == [owner(first.store)]


def test_a_number_whose_taking_was_never_stored_is_free_again_soon(store: SettingsStore) -> None:
    change = ChangeSettings(store, no_pause)
    for tenant in ("quick", "slow"):
        change.add(BusinessSettings(tenant=tenant, name=tenant.title()), "haul", NOON)
    claim = NumberOwner(tenant="quick", version=2, taken_at=NOON)
    store.set_owner("+12065550142", claim, None)
    wanted = {"sms_number": "+12065550142"}
    with pytest.raises(NumberTaken):
        change("slow", wanted, "sam", NOON)
    change("slow", wanted, "sam", NOON + ABANDONED_AFTER)
    assert owner(store) == "slow"


def test_an_owner_is_replaced_only_as_it_was_read(store: SettingsStore) -> None:
    claim = NumberOwner(tenant="quick")
    store.set_owner("+12065550142", claim, None)
    for replacing in (None, '"old"'):
        with pytest.raises(Conflict):
            store.set_owner("+12065550142", NumberOwner(tenant="slow"), replacing)
    assert owner(store) == "quick"


def test_no_business_has_the_number_that_all_share(store: SettingsStore) -> None:
    change = ChangeSettings(store, no_pause, shared_number="+12065550142")
    change.add(QUICK, "haul", NOON)
    with pytest.raises(NumberTaken, match="sms_number: it is the number that all share"):
        change("main", {"sms_number": "+12065550142"}, "olive", NOON)
