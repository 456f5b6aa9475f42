"""Rebuilds the reservations of crew and trucks from the jobs."""

from datetime import datetime

from cli.client.connection import Connection
from functions.aws.reservations import DynamoReservations
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.people.assign_crew import AssignCrew
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Unavailable
from statemachine.job.job import Job
from statemachine.rules.edits import EditRefused


def crew_assignment(connection: Connection) -> AssignCrew:
    s3, dynamodb = connection.client("s3"), connection.one_attempt("dynamodb")
    bucket, table = connection.outputs["JobsBucket"], connection.outputs["CrewRosterTable"]
    return AssignCrew(
        DynamoAccounts(dynamodb, table),
        DynamoRoster(dynamodb, table),
        DynamoReservations(dynamodb, table),
        S3Jobs(s3, bucket),
        S3Tenants(s3, bucket),
    )


def renew_reservations(
    crew: AssignCrew, job: Job, now: datetime, pause: Pause = full_jitter
) -> list[str]:
    """Reserve the job's crew and truck again. Returns a sentence if that is refused, for example
    because someone is on two jobs at the same time. Raises Unavailable.
    """
    for attempt in range(ATTEMPTS):
        try:
            crew.reserve_again(job, now)
            return []
        except EditRefused as error:
            return [f"{job.job_id}: {error}"]
        except Conflict:  # another edit reserved someone at the same moment
            pause(attempt)
    raise Unavailable(f"{job.job_id}: its crew could not be reserved in {ATTEMPTS} attempts")
