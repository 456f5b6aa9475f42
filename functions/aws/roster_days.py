"""The roster's days and trucks in the table `crew_roster`.

    pk                        sk                        what
    roster#main               day#2026-11-22#maria      Maria's hours on that day
    roster#main               truck#t1                  a truck

They have another `pk` than accounts, so that a function that may write days cannot write
passwords. The key begins with the day, so that all members' days between two dates are one range
query.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pydantic import ValidationError

from functions.aws.readable_items import readable, readable_or_none
from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.people.roster import Truck, UnknownTruck
from functions.protocol.ports import Corrupt
from statemachine.schedule.roster import DAY_OFF, Day

KEPT_FOR = timedelta(days=400)
"""A past day is not needed after a year; the table's TTL removes it."""


class DynamoRoster:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def days(self, tenant: str, first: date, last: date) -> dict[str, dict[date, Day]]:
        found: dict[str, dict[date, Day]] = {}
        # `~` sorts after every character of a name, so the range includes the last day.
        items = self._between(tenant, f"day#{first}#", f"day#{last}#~")
        for member, on, item in readable(_named, items):
            day = readable_or_none(_day_in, item)
            # No one is sent who may be off: the day has to be set again.
            found.setdefault(member, {})[on] = DAY_OFF if day is None else day
        return found

    def set_day(self, tenant: str, member: str, on: date, day: Day) -> None:
        over = datetime.combine(on, time(0), UTC) + KEPT_FOR
        item = {
            **_day_key(tenant, member, on),
            "day": {"S": day.model_dump_json(exclude_none=True)},
            "expires_at": {"N": str(int(over.timestamp()))},
        }
        with dynamodb_errors():
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def reset_day(self, tenant: str, member: str, on: date) -> None:
        with dynamodb_errors():
            self.dynamodb.delete_item(TableName=self.table, Key=_day_key(tenant, member, on))

    def truck(self, tenant: str, truck: str) -> Truck | None:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_truck_key(tenant, truck), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _truck_in(item) if item else None

    def trucks(self, tenant: str) -> Iterator[Truck]:
        return readable(_truck_in, self._between(tenant, "truck#", "truck#~"))

    def set_truck(self, truck: Truck) -> None:
        item = {**_truck_key(truck.tenant, truck.truck), "name": {"S": truck.name}}
        with dynamodb_errors():
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def remove_truck(self, tenant: str, truck: str) -> None:
        try:
            with dynamodb_errors():
                self.dynamodb.delete_item(
                    TableName=self.table,
                    Key=_truck_key(tenant, truck),
                    ConditionExpression="attribute_exists(pk)",
                )
        except ConditionFailed as error:
            raise UnknownTruck(f"there is no truck {truck!r}") from error

    def _between(self, tenant: str, first: str, last: str) -> Iterator[Item]:
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":tenant": {"S": f"roster#{tenant}"},
                    ":first": {"S": first},
                    ":last": {"S": last},
                },
                ConsistentRead=True,
            ):
                yield from page["Items"]


def _day_key(tenant: str, member: str, on: date) -> Item:
    return {"pk": {"S": f"roster#{tenant}"}, "sk": {"S": f"day#{on}#{member}"}}


def _truck_key(tenant: str, truck: str) -> Item:
    return {"pk": {"S": f"roster#{tenant}"}, "sk": {"S": f"truck#{truck}"}}


def _named(item: Item) -> tuple[str, date, Item]:
    """Whose day it is, and which. Raises Corrupt."""
    try:
        _, on, member = item["sk"]["S"].split("#")
        return member, date.fromisoformat(on), item
    except ValueError as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not a day") from error


def _day_in(item: Item) -> Day:
    """Unknown fields are ignored, as in S3Objects.load. Raises Corrupt."""
    try:
        return Day.model_validate_json(item["day"]["S"], extra="ignore")
    except (KeyError, ValidationError) as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not a day") from error


def _truck_in(item: Item) -> Truck:
    """Raises Corrupt."""
    tenant, truck = (item[key]["S"].partition("#")[2] for key in ("pk", "sk"))
    try:
        return Truck(tenant=tenant, truck=truck, name=item["name"]["S"])
    except (KeyError, ValidationError) as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not a truck") from error
