"""The claims that keep crew and trucks from two jobs at a time, put in order from the jobs."""

from datetime import datetime

from cli.client.connection import Connection
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.people.assign_crew import AssignCrew
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Unavailable
from statemachine.edits import EditRefused
from statemachine.job import Job


def assignment(place: Connection) -> AssignCrew:
    s3, dynamodb = place.client("s3"), place.one_attempt("dynamodb")
    bucket, table = place.outputs["JobsBucket"], place.outputs["CrewRosterTable"]
    return AssignCrew(
        DynamoAccounts(dynamodb, table),
        DynamoRoster(dynamodb, table),
        DynamoReservations(dynamodb, table),
        S3Jobs(s3, bucket),
        S3Tenants(s3, bucket),
    )


def reserved_again(
    crew: AssignCrew, job: Job, now: datetime, pause: Pause = full_jitter
) -> list[str]:
    """One sentence where someone is on two jobs at one time, or is held for longer than anybody
    can be; none where all is well. Raises Unavailable.
    """
    for attempt in range(ATTEMPTS):
        try:
            crew.reserve_again(job, now)
            return []
        except EditRefused as error:
            return [f"{job.job_id}: {error}"]
        except Conflict:  # another edit claimed someone at the same moment
            pause(attempt)
    raise Unavailable(f"{job.job_id}: its crew could not be claimed in {ATTEMPTS} attempts")
