"""`AssignCrew` on AWS, for the Lambdas `edit_job` and `serve_api`."""

from functions.aws.container import (
    HasRoster,
    client,
    one_attempt,
)
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.people.assign_crew import AssignCrew
from functions.protocol.ports import Jobs, Tenants


def assign_crew_of(settings: HasRoster, jobs: Jobs, tenants: Tenants) -> AssignCrew:
    dynamodb, once_only = client("dynamodb"), one_attempt("dynamodb")
    return AssignCrew(
        DynamoAccounts(dynamodb, settings.crew_roster),
        DynamoRoster(dynamodb, settings.crew_roster),
        DynamoReservations(once_only, settings.crew_roster),
        jobs,
        tenants,
    )
