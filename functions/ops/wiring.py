"""Wires what ops read and do, for the API and for `haul` with AWS credentials."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from functions.aws.board_copies import S3BoardCopies
from functions.aws.container import OpsNames
from functions.aws.dead_letter_reader import SqsDeadLetterQueues
from functions.aws.history import CloudFrontInvalidationTimes, S3History, StepFunctionsExecutionRuns
from functions.aws.invalidation_counter import DynamoInvalidationCounter
from functions.aws.messages import S3Deliveries
from functions.aws.ops_records import S3OpsRecords, StepFunctionsExecutionCounts
from functions.aws.s3_stores import S3Jobs, S3Stuck
from functions.aws.watchdog import LambdaWatchdog
from functions.ops.dead_letters import DeadLetterService
from functions.ops.explain_job import ExplainJob
from functions.ops.overview import OpsOverview
from functions.ops.restore_job import RestoreJob

Make = Callable[[Any], Any]
"""Makes a client for the service with that name."""


@dataclass(frozen=True)
class Ops:
    overview: OpsOverview
    explain: ExplainJob
    dead_letters: DeadLetterService
    repair: Callable[[str, str], Sequence[str]]
    """From tenant and job id to the repairs that were made. Raises UnknownJob, Corrupt,
    UnknownFlow, Unforeseen, Unavailable.
    """
    open_jobs: Callable[[str], Collection[str]]
    """The ids of a tenant's open jobs and of those that have just ended. Raises Unavailable."""


def ops_of(
    client: Make, one_attempt: Make, names: OpsNames, distribution_id: Callable[[], str]
) -> Ops:
    """`one_attempt` makes clients that do not retry a write by themselves."""
    s3, sfn = one_attempt("s3"), client("stepfunctions")
    jobs = S3Jobs(s3, names.jobs_bucket)
    queues = SqsDeadLetterQueues(client("sqs"), names.queue_prefix)
    overview = OpsOverview(
        jobs=jobs,
        boards=S3BoardCopies(s3, names.jobs_bucket),
        records=S3OpsRecords(s3, names.jobs_bucket),
        paths=DynamoInvalidationCounter(client("dynamodb"), names.crew_roster),
        executions=StepFunctionsExecutionCounts(sfn, names.machine_prefix),
        queues=queues,
        paths_a_month=names.invalidation_paths_per_month,
    )
    watchdog = LambdaWatchdog(client("lambda"), names.watch_function)
    explain = ExplainJob(
        jobs=jobs,
        history=S3History(s3, names.jobs_bucket, names.site_bucket),
        invalidations=CloudFrontInvalidationTimes(client("cloudfront"), distribution_id),
        deliveries=S3Deliveries(s3, names.jobs_bucket),
        runs=StepFunctionsExecutionRuns(sfn, names.machine_prefix),
        stuck=S3Stuck(s3, names.jobs_bucket),
        missing=watchdog.missing,
    )
    return Ops(
        overview=overview,
        explain=explain,
        dead_letters=DeadLetterService(queues),
        repair=watchdog.repair,
        open_jobs=jobs.open_jobs,
    )


def restore_of(one_attempt: Make, jobs_bucket: str, site_bucket: str) -> RestoreJob:
    """For a person with AWS credentials: no Lambda function may restore a job."""
    s3 = one_attempt("s3")
    return RestoreJob(S3Jobs(s3, jobs_bucket), S3History(s3, jobs_bucket, site_bucket))
