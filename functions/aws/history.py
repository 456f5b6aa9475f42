"""The history of a job in S3, CloudFront, and Step Functions."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from functions.aws.errors import code_of, retryable
from functions.aws.stepfunctions import execution_name
from functions.ops.history import HistoryPage, VersionStamp
from statemachine.job.job import Job
from statemachine.views.evidence import ExecutionRun, ObjectVersion
from statemachine.views.views import View

Document = TypeVar("Document", bound=BaseModel)

MOST_VERSIONS = 200
MOST_BOARDS = 2000
MOST_INVALIDATIONS = 50
CUT_TO_SECONDS = timedelta(seconds=1)
SOON = timedelta(minutes=10)
"""An invalidation that follows a change within this time belongs to it."""
WORKERS = 8
REDRIVEN = "PENDING_REDRIVE"
"""The status of a failed execution that someone has redriven in Step Functions."""


class S3History:
    def __init__(self, s3: Any, jobs_bucket: str, site_bucket: str) -> None:
        self.s3, self.jobs_bucket, self.site_bucket = s3, jobs_bucket, site_bucket

    def of_job(self, tenant: str, job_id: str) -> HistoryPage[ObjectVersion[Job]]:
        return self._documents(self.jobs_bucket, f"tenants/{tenant}/jobs/{job_id}.json", Job)

    def of_view(self, digest: str) -> HistoryPage[ObjectVersion[View]]:
        return self._documents(self.site_bucket, f"t/{digest}.json", View)

    def of_board(self, tenant: str) -> HistoryPage[VersionStamp]:
        return self._stamps(self.jobs_bucket, _board_key(tenant), MOST_BOARDS)

    def card_rev(self, tenant: str, version_id: str, job_id: str) -> int:
        body = self._read(self.jobs_bucket, _board_key(tenant), version_id)
        try:
            return int(json.loads(body)["jobs"][job_id]["rev"])
        except (ValueError, KeyError, TypeError):
            return 0

    def _documents(
        self, bucket: str, key: str, document: type[Document]
    ) -> HistoryPage[ObjectVersion[Document]]:
        stamps = self._stamps(bucket, key, MOST_VERSIONS)

        def read(stamp: VersionStamp) -> ObjectVersion[Document] | None:
            body = self._read(bucket, key, stamp.version_id)
            try:
                return ObjectVersion(stamp.at, document.model_validate_json(body, extra="ignore"))
            except ValidationError:
                return None

        with ThreadPoolExecutor(WORKERS) as readers:
            versions = [version for version in readers.map(read, stamps.items) if version]
        return HistoryPage(tuple(versions), stamps.cut or len(versions) < len(stamps.items))

    def _stamps(self, bucket: str, key: str, most: int) -> HistoryPage[VersionStamp]:
        """S3 lists the versions of a key newest first."""
        with retryable():
            found = list(islice(self._listed(bucket, key), most + 1))
        return HistoryPage(tuple(reversed(found[:most])), cut=len(found) > most)

    def _listed(self, bucket: str, key: str) -> Iterator[VersionStamp]:
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key)
        for page in pages:
            for item in page.get("Versions", ()):
                if item["Key"] == key:
                    yield VersionStamp(item["VersionId"], item["LastModified"])

    def _read(self, bucket: str, key: str, version_id: str) -> bytes:
        with retryable():
            answer = self.s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
            body: bytes = answer["Body"].read()
        return body


def _board_key(tenant: str) -> str:
    return f"tenants/{tenant}/board/jobs.json"


class CloudFrontInvalidationTimes:
    """CloudFront lists invalidations newest first, without their paths."""

    def __init__(self, cloudfront: Any, distribution_id: Callable[[], str]) -> None:
        self.cloudfront, self.distribution_id = cloudfront, distribution_id

    def times(self, path: str, around: Sequence[datetime]) -> HistoryPage[datetime]:
        with retryable():
            oldest = min(around) - CUT_TO_SECONDS
            near = [each for each in self._since(oldest) if _follows(each[1], around)]
            some = sorted(near, key=lambda each: each[1], reverse=True)[:MOST_INVALIDATIONS]
            with ThreadPoolExecutor(WORKERS) as readers:
                named = readers.map(lambda each: path in self._paths(each[0]), some)
                times = [at for (_, at), is_named in zip(some, named, strict=True) if is_named]
        return HistoryPage(tuple(reversed(times)), cut=len(near) > len(some))

    def _since(self, oldest: datetime) -> Iterator[tuple[str, datetime]]:
        pages = self.cloudfront.get_paginator("list_invalidations").paginate(
            DistributionId=self.distribution_id()
        )
        for page in pages:
            items = page["InvalidationList"].get("Items", ())
            found = [(i["Id"], i["CreateTime"]) for i in items if i["CreateTime"] >= oldest]
            if not found:
                return
            yield from found

    def _paths(self, invalidation_id: str) -> list[str]:
        answer = self.cloudfront.get_invalidation(
            DistributionId=self.distribution_id(), Id=invalidation_id
        )
        paths: list[str] = answer["Invalidation"]["InvalidationBatch"]["Paths"].get("Items", [])
        return paths


def _follows(at: datetime, around: Sequence[datetime]) -> bool:
    return any(-CUT_TO_SECONDS <= at - change <= SOON for change in around)


class StepFunctionsExecutionRuns:
    def __init__(self, sfn: Any, machine_prefix: str) -> None:
        self.sfn = sfn
        self.prefix = machine_prefix.replace(":stateMachine:", ":execution:")

    def of(
        self, flow: str, tenant: str, job_id: str, generations: Sequence[int]
    ) -> list[ExecutionRun]:
        runs = (self._run(flow, tenant, job_id, generation) for generation in generations)
        return [run for run in runs if run]

    def _run(self, flow: str, tenant: str, job_id: str, generation: int) -> ExecutionRun | None:
        name = execution_name(tenant, job_id, generation)
        with retryable():
            try:
                answer = self.sfn.describe_execution(executionArn=f"{self.prefix}{flow}:{name}")
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return ExecutionRun(
            generation=generation,
            state="running" if answer["status"] == REDRIVEN else answer["status"].lower(),
            started_at=answer["startDate"],
            stopped_at=answer.get("stopDate"),
            error=answer.get("error"),
        )
