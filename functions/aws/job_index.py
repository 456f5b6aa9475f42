"""The index of all jobs in its table `job-index`.

    pk                         sk                              what
    main#job#261121-7k3m2q     entry                           what the index says about the job
    main#5f2c…#2962            2026-11-22T14:00:00#261121-…    the job in one week of a list
    main#9ab0…                 2026-11-22T14:00:00#261121-…    the job in a list kept whole
    main#weeks                 weeks                           the first and the last week
    main#erased                2026-11-22                      figures of that day's erased jobs

A job changes its entry and its listings in one transaction. Everything here can be made again from
the job objects: `haul index rebuild`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from pydantic import ValidationError

from functions.aws.metrics import LogMetrics
from functions.aws.readable_items import readable
from functions.aws.reservations import all_or_none
from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.aws.sent_texts import TEXTS
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from functions.views.job_index import IndexChange, Listing, Weeks, week_of
from statemachine.history.job_search import Entry
from statemachine.history.report_figures import ADDED, NAMED, DayFigures, Figures, sum_of
from statemachine.values.values import LATEST

AT_ONCE = 100
"""Items in one BatchGetItem, and actions in one transaction (DynamoDB API reference)."""
ENTRY, WEEKS = "entry", "weeks"
TRIES = 4


class DynamoJobIndex:
    """A repeated write, or one whose response was lost, raises Conflict: read again."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def read(self, tenant: str, job_id: str) -> Entry | None:
        item = self._item(_entry_key(tenant, job_id))
        return _entry_in(item) if item else None

    def entries(self, tenant: str, job_ids: Iterable[str]) -> dict[str, Entry]:
        keys = [_entry_key(tenant, job_id) for job_id in job_ids]
        found: dict[str, Entry] = {}
        for start in range(0, len(keys), AT_ONCE):
            for entry in readable(_entry_in, self._batch(keys[start : start + AT_ONCE])):
                found[entry.job_id] = entry
        return found

    def _batch(self, keys: Sequence[Item]) -> Iterator[Item]:
        """Raises Unavailable if DynamoDB leaves some unread again and again."""
        left: Sequence[Item] = keys
        for _ in range(TRIES):
            with dynamodb_errors():
                answer = self.dynamodb.batch_get_item(RequestItems={self.table: {"Keys": left}})
            yield from answer["Responses"].get(self.table, ())
            left = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", ())
            if not left:
                return
        raise Unavailable("DynamoDB did not read all entries")

    def listed(self, name: str, before: str, most: int) -> list[str]:
        # The older form of a key condition: the laptop engine evaluates an expression for every
        # item of the partition, which takes it ten times as long. DynamoDB makes no difference.
        with dynamodb_errors():
            answer = self.dynamodb.query(
                TableName=self.table,
                KeyConditions={
                    "pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": name}]},
                    "sk": {"ComparisonOperator": "LT", "AttributeValueList": [{"S": before}]},
                },
                ScanIndexForward=False,
                Limit=most,
                AttributesToGet=["sk"],
            )
        return [item["sk"]["S"] for item in answer["Items"]]

    def change(self, tenant: str, change: IndexChange) -> None:
        listings = [
            *({"Put": {"TableName": self.table, "Item": _key(each)}} for each in change.added),
            *({"Delete": {"TableName": self.table, "Key": _key(each)}} for each in change.removed),
        ]
        about = self._about(tenant, change)
        # More than fit are only met after a change of the terms; extra listings do no harm.
        while len(listings) > AT_ONCE - 2:
            with all_or_none():
                self.dynamodb.transact_write_items(TransactItems=listings[:AT_ONCE])
            listings = listings[AT_ONCE:]
        if change.counted:
            listings.append({"Update": self._counted(tenant, change.counted)})
        with all_or_none():
            self.dynamodb.transact_write_items(TransactItems=[about, *listings])

    def _counted(self, tenant: str, counted: DayFigures) -> Item:
        added = enumerate(_attributes_of(counted.figures).items())
        names, values = {}, {}
        for number, (name, count) in added:
            names[f"#n{number}"], values[f":n{number}"] = name, {"N": str(count)}
        return {
            "TableName": self.table,
            "Key": {"pk": {"S": f"{tenant}#erased"}, "sk": {"S": f"{counted.day}"}},
            "UpdateExpression": "ADD "
            + ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True)),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _about(self, tenant: str, change: IndexChange) -> Item:
        """The action on the entry, with the condition of the whole change."""
        key: Item = {"TableName": self.table, "ConditionExpression": "attribute_not_exists(rev)"}
        if change.replacing:
            key |= {
                "ConditionExpression": "rev = :before",
                "ExpressionAttributeValues": {":before": {"N": str(change.replacing)}},
            }
        if change.entry is None:
            return {"Delete": key | {"Key": _entry_key(tenant, change.job_id)}}
        # Without defaults an entry is about 850 bytes: one write unit is 1 KB.
        item = {
            **_entry_key(tenant, change.job_id),
            "rev": {"N": str(change.entry.rev)},
            "entry": {"S": change.entry.model_dump_json(exclude_defaults=True)},
        }
        return {"Put": key | {"Item": item}}

    def weeks(self, tenant: str) -> Weeks | None:
        item = self._item(_weeks_key(tenant))
        return _weeks_in(item, tenant) if item else None

    def set_weeks(self, tenant: str, weeks: Weeks, before: Weeks | None) -> None:
        condition: Item = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before:
            condition = {
                "ConditionExpression": "#first = :first AND #last = :last",
                "ExpressionAttributeNames": {"#first": "first", "#last": "last"},
                "ExpressionAttributeValues": {
                    ":first": {"N": str(before.first)},
                    ":last": {"N": str(before.last)},
                },
            }
        try:
            with dynamodb_errors():
                self._put_weeks(tenant, weeks, **condition)
        except ConditionFailed as error:
            raise Conflict("weeks of the index") from error

    def replace_weeks(self, tenant: str, weeks: Weeks) -> None:
        with dynamodb_errors():
            self._put_weeks(tenant, weeks)

    def _put_weeks(self, tenant: str, weeks: Weeks, **condition: Any) -> None:
        counts = {name: {"N": str(week)} for name, week in weeks._asdict().items()}
        item = _weeks_key(tenant) | counts
        self.dynamodb.put_item(TableName=self.table, Item=item, **condition)

    def erased_jobs(self, tenant: str, first: date, last: date) -> list[DayFigures]:
        found: list[DayFigures] = []
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="pk = :erased AND sk BETWEEN :first AND :last",
                ExpressionAttributeValues={
                    ":erased": {"S": f"{tenant}#erased"},
                    ":first": {"S": f"{first}"},
                    ":last": {"S": f"{last}"},
                },
            ):
                found += readable(_erased_in, page["Items"])
        return found

    def stored(self, tenant: str) -> Iterator[Listing | str]:
        for item in self._everything(tenant):
            pk, sk = item["pk"]["S"], item["sk"]["S"]
            if sk == ENTRY:
                yield pk.rpartition("#")[2]
            elif sk != WEEKS and pk not in (f"{tenant}#erased", f"{tenant}#{TEXTS}"):
                yield Listing(pk, sk)

    def erase_business(self, tenant: str) -> int:
        """Deletes everything of a business, counts too; returns the number of items."""
        keys = list(self._everything(tenant))
        for key in keys:
            with dynamodb_errors():
                self.dynamodb.delete_item(TableName=self.table, Key=key)
        return len(keys)

    def _everything(self, tenant: str) -> Iterator[Item]:
        """The key of each item. Reads the whole table."""
        with dynamodb_errors():
            for page in self.dynamodb.get_paginator("scan").paginate(
                TableName=self.table,
                FilterExpression="begins_with(pk, :tenant)",
                ExpressionAttributeValues={":tenant": {"S": f"{tenant}#"}},
                ProjectionExpression="pk, sk",
                ConsistentRead=True,
            ):
                yield from page["Items"]

    def _item(self, key: Item) -> Item | None:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item


def _entry_key(tenant: str, job_id: str) -> Item:
    return {"pk": {"S": f"{tenant}#job#{job_id}"}, "sk": {"S": ENTRY}}


def _weeks_key(tenant: str) -> Item:
    return {"pk": {"S": f"{tenant}#weeks"}, "sk": {"S": WEEKS}}


def _weeks_in(item: Item, tenant: str) -> Weeks:
    """Raises Corrupt."""
    with suppress(KeyError, ValueError):
        weeks = Weeks(int(item["first"]["N"]), int(item["last"]["N"]))
        if 0 <= weeks.first <= weeks.last <= week_of(LATEST):
            return weeks
    why = f"the weeks of {tenant} in the index of jobs cannot be read"
    LogMetrics().count("Unreadable", Why=why)
    raise Corrupt(why)


def _key(listing: Listing) -> Item:
    return {"pk": {"S": listing.list}, "sk": {"S": listing.place}}


def _attributes_of(figures: Figures) -> dict[str, int]:
    """`jobs`, `revenue_cents`, `loads.half`: each figure that is not 0."""
    counts = {name: getattr(figures, name) for name in ADDED}
    for kind in NAMED:
        counts |= {f"{kind}.{name}": count for name, count in getattr(figures, kind).items()}
    return {name: count for name, count in counts.items() if count}


def _erased_in(item: Item) -> DayFigures:
    """Attributes that are no figures are from another version. Raises Corrupt."""
    try:
        return _day_figures(item)
    except ValueError as error:
        raise Corrupt(f"{item['sk']['S']} in the index of jobs is not a day") from error


def _day_figures(item: Item) -> DayFigures:
    counts = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    single: Item = {name: counts.get(name, 0) for name in ADDED}
    named: Item = {kind: {} for kind in NAMED}
    for name, count in counts.items():
        kind, _, of = name.partition(".")
        if kind in named:
            named[kind][of] = count
    return DayFigures(
        date.fromisoformat(item["sk"]["S"]), sum_of([Figures.model_validate(single | named)])
    )


def _entry_in(item: Item) -> Entry:
    """Unknown keys are from a newer version. Raises Corrupt; its ETag is the entry's `rev`."""
    try:
        return Entry.model_validate_json(item["entry"]["S"], extra="ignore")
    except (KeyError, ValidationError) as error:
        rev = item.get("rev", {}).get("N")
        raise Corrupt(f"{item['pk']['S']} in the index of jobs is not an entry", rev) from error
