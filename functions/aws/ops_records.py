"""What ops read besides jobs: marks of stuck jobs, and executions."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from events import StuckReason
from functions.api.ops_models import ProblemJob
from functions.aws.errors import MISSING, code_of, retryable
from functions.aws.s3_stores import S3Objects
from functions.ops.overview import UnsuccessfulRun
from functions.protocol.ports import Corrupt
from statemachine.values.values import JOB_ID_PATTERN, TENANT_PATTERN, JobId, Utc
from statemachine.views.evidence import RunState

MOST = 1000
LOOKED_AT = 100
NAME = re.compile(rf"({TENANT_PATTERN[1:-1]})-({JOB_ID_PATTERN[1:-1]})-g([0-9]+)", re.ASCII)
"""The name of an execution, as `stepfunctions.execution_name` makes it."""


class StoredRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StuckMark(StoredRecord):
    job_id: JobId
    why: StuckReason
    since: Utc
    detail: str | None = None


class S3OpsRecords:
    def __init__(self, s3: Any, jobs_bucket: str) -> None:
        self.objects = S3Objects(s3, jobs_bucket)

    def stuck(self, tenant: str) -> Sequence[ProblemJob]:
        """A mark that is removed meanwhile or cannot be read is left out: if the job is still
        stuck, the watchdog writes it again."""
        prefix = f"tenants/{tenant}/stuck/"
        marks = [self._mark(prefix + name) for name in list(self.objects.keys(prefix))]
        return [
            ProblemJob(job_id=mark.job_id, since=mark.since, why=mark.why, detail=mark.detail)
            for mark in marks
            if mark
        ]

    def _mark(self, key: str) -> StuckMark | None:
        try:
            stored = self.objects.load(key, StuckMark)
        except Corrupt:
            return None
        return stored.value if stored else None

    def board_written_at(self, tenant: str) -> datetime | None:
        with retryable():
            try:
                answer = self.objects.s3.head_object(
                    Bucket=self.objects.bucket, Key=f"tenants/{tenant}/board/jobs.json"
                )
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
        written: datetime = answer["LastModified"]
        return written


class StepFunctionsExecutionCounts:
    """`machine_prefix` is the ARN of a flow's state machine without the flow's name."""

    def __init__(self, sfn: Any, machine_prefix: str) -> None:
        self.sfn, self.machine_prefix = sfn, machine_prefix

    def count(self, flow: str, state: RunState) -> tuple[int, bool]:
        with retryable():
            answer = self.sfn.list_executions(
                stateMachineArn=f"{self.machine_prefix}{flow}",
                statusFilter=state.upper(),
                maxResults=MOST,
            )
        return len(answer["executions"]), "nextToken" in answer

    def unsuccessful(self, flow: str, state: RunState) -> tuple[list[UnsuccessfulRun], bool]:
        with retryable():
            answer = self.sfn.list_executions(
                stateMachineArn=f"{self.machine_prefix}{flow}",
                statusFilter=state.upper(),
                maxResults=LOOKED_AT,
            )
        named = (NAME.fullmatch(run["name"]) for run in answer["executions"])
        runs = [UnsuccessfulRun(name[1], name[2], int(name[3])) for name in named if name]
        return runs, "nextToken" in answer
