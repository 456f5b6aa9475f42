"""Which items of the table a function may touch: IAM tells them apart by their first key.

The engine does not know that condition, so what the adapters ask for is held to it here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest

from deploy.template_file import read_template
from functions.aws.api_keys import DynamoApiKeys
from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.ended_sessions import DynamoEndedSessions
from functions.aws.invalidation_counter import DynamoInvalidationCounter
from functions.aws.rate_limits import DynamoLimits
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.slots import DynamoSlots
from functions.people.api_keys import StoredKey
from functions.people.crew_location import CrewLocation
from functions.people.sign_in import WRONG_PASSWORDS
from statemachine.schedule.reservations import ReservationSheet
from statemachine.schedule.roster import Day
from statemachine.schedule.slots import SlotSheet
from tests.support.builders import NOON
from tests.support.roster_fakes import a_member

RESOURCES: dict[str, Any] = read_template()["Resources"]
TODAY, TOMORROW = date(2026, 11, 21), date(2026, 11, 22)
SHEET = ReservationSheet(subject="member:mia", day="2026-11-21", version=1)
MIA = a_member("mia", "owner")
KEY = StoredKey(
    tenant="main", key_id="3f9a1c2b0d4e", name="Website", roles=("dispatcher",), created_at=NOON,
    created_by="olive", expires_at=NOON, secret_hash="0",
)  # fmt: skip
HERE = CrewLocation(latitude=37.775, longitude=-122.42, at=NOON)

Touch = tuple[str, str]
"""An action of DynamoDB, and the first key of an item."""


@dataclass
class Table:
    """A DynamoDB in which there is nothing, and that notes what it was asked for."""

    touched: set[Touch] = field(default_factory=set)

    def get_item(self, Key: Any, **_: Any) -> Any:  # noqa: N803 - as AWS has it
        return self._note("GetItem", Key, {})

    def put_item(self, Item: Any, **_: Any) -> Any:  # noqa: N803 - as AWS has it
        return self._note("PutItem", Item, {})

    def update_item(self, Key: Any, **_: Any) -> Any:  # noqa: N803 - as AWS has it
        return self._note("UpdateItem", Key, {"Attributes": {}})

    def delete_item(self, Key: Any, **_: Any) -> Any:  # noqa: N803 - as AWS has it
        return self._note("DeleteItem", Key, {})

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - as AWS has it
        for table in RequestItems.values():
            for key in table["Keys"]:
                self._note("BatchGetItem", key, {})
        return {"Responses": {}}

    def transact_write_items(self, TransactItems: Any) -> Any:  # noqa: N803 - as AWS has it
        """It wants the permissions of its parts (DynamoDB Developer Guide, read 2026-11-21)."""
        for (what, item), *_ in (each.items() for each in TransactItems):
            name = f"{what}Item"
            self._note(name, item.get("Item") or item["Key"], {})

    def get_paginator(self, name: str) -> "Table":
        assert name == "query"
        return self

    def paginate(self, ExpressionAttributeValues: Any, **_: Any) -> list[Any]:  # noqa: N803 - as AWS has it
        self._note("Query", {"pk": ExpressionAttributeValues[":tenant"]}, {})
        return []

    def _note(self, action: str, key: Any, answer: Any) -> Any:
        self.touched.add((f"dynamodb:{action}", key["pk"]["S"]))
        return answer


def assigning(table: Table) -> None:
    DynamoAccounts(table, "t").read("main", "mia")
    roster, claims = DynamoRoster(table, "t"), DynamoReservations(table, "t")
    roster.days("main", TODAY, TOMORROW)
    roster.truck("main", "t1")
    claims.read("main", [("member:mia", "2026-11-21")])
    claims.write("main", [SHEET])


def booking(table: Table) -> None:
    following(table)
    list(DynamoRoster(table, "t").trucks("main"))


def following(table: Table) -> None:
    slots = DynamoSlots(table, "t")
    slots.read("main", TODAY)
    slots.write("main", SlotSheet(day="2026-11-21", version=1))


def watching(table: Table) -> None:
    following(table)
    list(DynamoSlots(table, "t").between("main", TODAY, TOMORROW))


def editing(table: Table) -> None:
    assigning(table)
    booking(table)


def invalidating(table: Table) -> None:
    counter = DynamoInvalidationCounter(table, "t")
    counter.paths("2026-11")
    counter.add("2026-11", 1)


def answering(table: Table) -> None:
    editing(table)
    DynamoInvalidationCounter(table, "t").paths("2026-11")
    watching(table)
    list(DynamoAccounts(table, "t").all("main"))
    accounts = DynamoAccounts(table, "t")
    accounts.add(MIA)
    accounts.set_first_password(MIA, "hash", NOON)
    accounts.set_signed_in("main", "mia", NOON)
    gone = MIA.with_(disabled=True)
    accounts.set_person(MIA, gone)
    accounts.set_person(MIA, gone, while_owner="olive")
    roster, limits = DynamoRoster(table, "t"), DynamoLimits(table, "t")
    list(roster.trucks("main"))
    roster.set_day("main", "mia", TODAY, Day(hours=()))
    roster.reset_day("main", "mia", TODAY)
    limits.take(WRONG_PASSWORDS, "someone", NOON)
    limits.clear(WRONG_PASSWORDS, "someone")
    limits.wait(WRONG_PASSWORDS, "someone", NOON)
    ended = DynamoEndedSessions(table, "t")
    ended.add("a-session", NOON)
    ended.has("a-session")
    keys = DynamoApiKeys(table, "t")
    keys.read("main", KEY.key_id)
    keys.add(KEY)
    keys.set_used("main", KEY.key_id, NOON)
    keys.delete("main", KEY.key_id)
    list(keys.all("main"))
    places = DynamoCrewLocations(table, "t")
    places.store("main", "261121-7k3m2q", HERE)
    places.read("main", "261121-7k3m2q")
    places.delete("main", "261121-7k3m2q")


ASKED: dict[str, Callable[[Table], None]] = {
    "ApiFunction": answering,
    "CreateJobFunction": booking,
    "AdvanceJobFunction": following,
    "EditJobFunction": editing,
    "InvalidateViewsFunction": invalidating,
    "WatchJobsFunction": watching,
}
"""By function: everything its adapters ask the table for."""


def statements(function: str) -> Iterator[tuple[set[str], set[str]]]:
    """The actions that one permits, and the patterns of the first keys it permits them on."""
    for policy in RESOURCES[function]["Properties"]["Policies"]:
        for statement in policy["Statement"]:
            actions = statement["Action"]
            actions = {actions} if isinstance(actions, str) else set(actions)
            of_roster = "CrewRoster" in str(statement.get("Resource"))
            if of_roster and any(action.startswith("dynamodb:") for action in actions):
                on_aws = statement["Condition"]["ForAllValues:StringLike"]
                yield actions, set(on_aws["dynamodb:LeadingKeys"])


@pytest.mark.parametrize("function", ASKED)
def test_what_a_function_asks_the_table_for_is_permitted(function: str) -> None:
    table = Table()
    ASKED[function](table)
    may = [touch for actions, keys in statements(function) for touch in product(actions, keys)]
    assert [touch for touch in sorted(table.touched) if not any(fits(touch, m) for m in may)] == []


@pytest.mark.parametrize("function", ASKED)
def test_every_action_and_every_key_that_is_permitted_is_asked_for(function: str) -> None:
    table = Table()
    ASKED[function](table)
    for actions, keys in statements(function):
        used = {
            (action, pattern)
            for action, pattern in product(actions, keys)
            if any(fits(touch, (action, pattern)) for touch in table.touched)
        }
        assert {action for action, _ in used} == actions
        assert {keys for _, keys in used} == keys


def fits(touch: Touch, permission: Touch) -> bool:
    return touch[0] == permission[0] and fnmatchcase(touch[1], permission[1])


def test_every_function_that_is_told_of_the_table_is_asked_here() -> None:
    told = {
        name
        for name, each in RESOURCES.items()
        if each["Type"] == "AWS::Serverless::Function"
        and "CREW_ROSTER" in each["Properties"].get("Environment", {}).get("Variables", {})
    }
    assert told == set(ASKED)
