"""Where crews are, in `crew_roster`: one item for each job, swept away by the table's TTL."""

from contextlib import suppress
from typing import Any

from functions.aws.roster import Item, Missed, asked
from functions.people.crew_location import LASTS, CrewLocation
from functions.protocol.ports import Corrupt
from statemachine.values import iso


class DynamoCrewLocations:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self.dynamodb, self.table = dynamodb, table

    def keep(self, tenant: str, job_id: str, place: CrewLocation) -> None:
        """Phones send again what was not answered; what is newer stays."""
        ends = place.at + LASTS
        item = _place_key(tenant, job_id) | {
            "latitude": {"N": str(place.latitude)},
            "longitude": {"N": str(place.longitude)},
            "told_at": {"S": iso(place.at)},
            "expires_at": {"N": str(int(ends.timestamp()))},
        }
        with suppress(Missed), asked():
            self.dynamodb.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR told_at <= :at",
                ExpressionAttributeValues={":at": {"S": iso(place.at)}},
            )

    def read(self, tenant: str, job_id: str) -> CrewLocation | None:
        with asked():
            answer = self.dynamodb.get_item(
                TableName=self.table, Key=_place_key(tenant, job_id), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return _place_in(item) if item else None

    def forget(self, tenant: str, job_id: str) -> None:
        with asked():
            self.dynamodb.delete_item(TableName=self.table, Key=_place_key(tenant, job_id))


def _place_key(tenant: str, job_id: str) -> Item:
    return {"pk": {"S": f"place#{tenant}#{job_id}"}, "sk": {"S": "place"}}


def _place_in(item: Item) -> CrewLocation:
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
        raise Corrupt(f"{item['pk']['S']} in the crew roster is no place") from error
