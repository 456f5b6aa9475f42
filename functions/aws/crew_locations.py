"""Crew locations in the table `crew_roster`: one item for each job, which expires by TTL."""

from contextlib import suppress
from typing import Any

from functions.aws.roster import ConditionFailed, Item, dynamodb_errors
from functions.people.crew_location import LASTS, CrewLocation
from functions.protocol.ports import Corrupt
from statemachine.values.values import iso


class DynamoCrewLocations:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def store(self, tenant: str, job_id: str, location: CrewLocation) -> None:
        """A phone may repeat an old location; a newer one stays."""
        ends = location.at + LASTS
        item = _location_key(tenant, job_id) | {
            "latitude": {"N": str(location.latitude)},
            "longitude": {"N": str(location.longitude)},
            "told_at": {"S": iso(location.at)},
            "expires_at": {"N": str(int(ends.timestamp()))},
        }
        with suppress(ConditionFailed), dynamodb_errors():
            self.dynamodb.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR told_at <= :at",
                ExpressionAttributeValues={":at": {"S": iso(location.at)}},
            )

    def read(self, tenant: str, job_id: str) -> CrewLocation | None:
        with dynamodb_errors():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_location_key(tenant, job_id), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _location_in(item) if item else None

    def delete(self, tenant: str, job_id: str) -> None:
        with dynamodb_errors():
            self.dynamodb.delete_item(TableName=self.table, Key=_location_key(tenant, job_id))


def _location_key(tenant: str, job_id: str) -> Item:
    return {"pk": {"S": f"place#{tenant}#{job_id}"}, "sk": {"S": "place"}}


def _location_in(item: Item) -> CrewLocation:
    """Raises Corrupt."""
    try:
        return CrewLocation.model_validate(
            {
                "latitude": float(item["latitude"]["N"]),
                "longitude": float(item["longitude"]["N"]),
                "at": item["told_at"]["S"],
            }
        )
    except (KeyError, ValueError) as error:
        raise Corrupt(f"{item['pk']['S']} in the crew roster is not a location") from error
