"""Reservations in the table `crew_roster`, one item for each sheet.

    pk                        sk                          what
    claims#main               2026-11-22#member:maria     the reservations of Maria on that day

A job that needs several people or days changes several sheets in one transaction, all or none. The
condition of each write is that the stored sheet still has the version before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.aws.errors import NO_ANSWER, code_of, status_of
from functions.aws.roster import Item, dynamodb_errors
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.schedule.reservations import ReservationSheet
from statemachine.schedule.roster import Date

KEPT_FOR = timedelta(days=30)
"""After its day a sheet is not needed any more; the table's TTL removes it."""
LOST = {"ConditionalCheckFailed", "TransactionConflict"}
BUSY = {"ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded"}
IN_PROGRESS = {"TransactionInProgressException", "TransactionConflictException"}


class DynamoReservations:
    """`dynamodb` must not retry: a repeated conditional write fails because of the first."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, wanted: Sequence[tuple[str, Date]]) -> list[ReservationSheet]:
        if not wanted:
            return []
        keys = [_key(tenant, subject, day) for subject, day in wanted]
        with dynamodb_errors():
            answer = self.dynamodb.batch_get_item(
                RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}}
            )
        if answer.get("UnprocessedKeys"):
            raise Unavailable("DynamoDB did not read all reservations")
        stored = {item["sk"]["S"]: item for item in answer["Responses"].get(self.table, [])}
        return [_sheet_in(stored.get(_sk(subject, day)), subject, day) for subject, day in wanted]

    def write(self, tenant: str, sheets: Sequence[ReservationSheet]) -> None:
        with all_or_none():
            self.dynamodb.transact_write_items(
                TransactItems=[{"Put": self._put(tenant, sheet)} for sheet in sheets]
            )

    def _put(self, tenant: str, sheet: ReservationSheet) -> Item:
        over = datetime.combine(date.fromisoformat(sheet.day), time(0), UTC) + KEPT_FOR
        item = {
            **_key(tenant, sheet.subject, sheet.day),
            "version": {"N": str(sheet.version)},
            "sheet": {"S": sheet.model_dump_json()},
            "expires_at": {"N": str(int(over.timestamp()))},
        }
        put: Item = {"TableName": self.table, "Item": item}
        if sheet.version == 1:
            return put | {"ConditionExpression": "attribute_not_exists(pk)"}
        return put | {
            "ConditionExpression": "version = :before",
            "ExpressionAttributeValues": {":before": {"N": str(sheet.version - 1)}},
        }


@contextmanager
def all_or_none() -> Iterator[None]:
    """A lost race or a lost response becomes Conflict: only reading again shows which it was."""
    try:
        yield
    except ClientError as error:
        reasons = {r.get("Code") for r in error.response.get("CancellationReasons", ())}
        if reasons & LOST or code_of(error) in IN_PROGRESS or status_of(error) >= 500:
            raise Conflict(code_of(error)) from error
        if reasons & BUSY:
            raise Unavailable(code_of(error)) from error
        with dynamodb_errors():
            raise
    except NO_ANSWER as error:
        raise Conflict(type(error).__name__) from error


def _sk(subject: str, day: Date) -> str:
    return f"{day}#{subject}"


def _key(tenant: str, subject: str, day: Date) -> Item:
    return {"pk": {"S": f"claims#{tenant}"}, "sk": {"S": _sk(subject, day)}}


def _sheet_in(item: Item | None, subject: str, day: Date) -> ReservationSheet:
    """Unknown fields are ignored, as in S3Objects.load. Raises Corrupt."""
    if item is None:
        return ReservationSheet(subject=subject, day=day)
    try:
        return ReservationSheet.model_validate_json(item["sheet"]["S"], extra="ignore")
    except (KeyError, ValidationError) as error:
        raise Corrupt(
            f"{item['sk']['S']} in the crew roster is not a sheet of reservations"
        ) from error
