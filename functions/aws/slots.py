"""Slot sheets in the table `crew_roster`, one item for each day of a business.

    pk            sk            what
    slots#main    2026-11-22    the taken slots of that day

The condition of each write is that the stored sheet still has the version before. Sheets are stored
compressed, about 20 bytes for a job instead of 150, because a write is paid by the kilobyte.
"""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from pydantic import ValidationError

from functions.aws.readable_items import readable
from functions.aws.reservations import KEPT_FOR
from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.schedule.slots import SlotSheet, TakenSlot


class DynamoSlots:
    """`dynamodb` must not retry: a repeated conditional write fails because of the first."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, day: date) -> SlotSheet:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_key(tenant, day.isoformat()), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _sheet_in(item) if item else SlotSheet(day=day.isoformat())

    def between(self, tenant: str, first: date, last: date) -> Iterator[SlotSheet]:
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :tenant AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":tenant": {"S": f"slots#{tenant}"},
                    ":first": {"S": first.isoformat()},
                    ":last": {"S": last.isoformat()},
                },
            ):
                yield from readable(_sheet_in, page["Items"])

    def write(self, tenant: str, sheet: SlotSheet) -> None:
        """Raises Conflict after a lost race and a lost response: reading again shows which."""
        over = datetime.combine(date.fromisoformat(sheet.day), time(0), UTC) + KEPT_FOR
        put: Item = {
            **_key(tenant, sheet.day),
            "version": {"N": str(sheet.version)},
            "sheet": {"B": zlib.compress(sheet.model_dump_json().encode())},
            "expires_at": {"N": str(int(over.timestamp()))},
        }
        try:
            with dynamodb_errors():
                self.dynamodb.put_item(TableName=self.table, Item=put, **_unchanged(sheet))
        except (ConditionFailed, Unavailable) as error:
            raise Conflict(type(error).__name__) from error


def _unchanged(sheet: SlotSheet) -> Item:
    if sheet.version == 1:
        return {
            "ConditionExpression": "attribute_not_exists(version) OR NOT "
            "attribute_type(version, :number)",
            "ExpressionAttributeValues": {":number": {"S": "N"}},
        }
    return {
        "ConditionExpression": "version = :before",
        "ExpressionAttributeValues": {":before": {"N": str(sheet.version - 1)}},
    }


def _key(tenant: str, day: str) -> Item:
    return {"pk": {"S": f"slots#{tenant}"}, "sk": {"S": day}}


def _sheet_in(item: Item) -> SlotSheet:
    """Day and version are those that the item is found and replaced by.

    Unknown fields are ignored: they are from a newer version, as in S3Objects.load. A sheet that
    cannot be read counts as empty, because it is only a copy of what the jobs say: the watchdog
    fills it again (`repair/repair_slots.py`). Raises Corrupt if the item cannot be replaced.
    """
    empty = _empty(item)
    try:
        return empty.model_copy(update={"taken": _taken_in(item["sheet"]["B"])})
    except (KeyError, ValidationError, zlib.error):
        return empty


@lru_cache(maxsize=256)
def _taken_in(packed: bytes) -> tuple[TakenSlot, ...]:
    """Remembered by its bytes: who offers slots reads a hundred sheets, few of them changed."""
    return SlotSheet.model_validate_json(zlib.decompress(packed), extra="ignore").taken


def _empty(item: Item) -> SlotSheet:
    try:
        return SlotSheet(day=item["sk"]["S"], version=int(item.get("version", {}).get("N", 0)))
    except ValueError as error:
        raise Corrupt(f"{item['sk']['S']} in the crew roster is not a sheet of slots") from error
