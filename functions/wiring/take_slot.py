"""`TakeSlot` on AWS, for the Lambdas that book, move, and edit jobs."""

from functions.aws.container import HasRoster, client, one_attempt
from functions.aws.roster_days import DynamoRoster
from functions.aws.slots import DynamoSlots
from functions.jobs.take_slot import TakeSlot
from functions.protocol.ports import Jobs, Tenants


def take_slot_of(settings: HasRoster, jobs: Jobs, tenants: Tenants) -> TakeSlot:
    return TakeSlot(
        DynamoSlots(one_attempt("dynamodb"), settings.crew_roster),
        DynamoRoster(client("dynamodb"), settings.crew_roster),
        jobs,
        tenants,
    )
