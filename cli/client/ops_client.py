"""What `haul ops` does: through the API, or with AWS credentials and the same code as the API."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from pydantic import BaseModel

from cli.client.api_client import ApiClient
from cli.client.bus_client import check_job_id
from cli.client.connection import Connection
from cli.output.output import CliError, NotFound
from deploy.target import stage_prefix
from functions.api.ops_models import (
    DeadLetter,
    DeadLettersDocument,
    DeadLettersResult,
    OpenJobsDocument,
    OpsDocument,
    QueueState,
    RepairDocument,
    TimelineDocument,
)
from functions.aws.container import OpsNames
from functions.aws.s3_stores import S3Tenants
from functions.aws.watchdog import LambdaWatchdog, WatchdogFailed
from functions.ops.wiring import Ops, ops_of
from functions.protocol.clock import utc_now
from functions.protocol.ports import Unavailable
from functions.repair.requests import RepairReport

Document = TypeVar("Document", bound=BaseModel)

FUNCTION_S = 130
"""A little longer than the timeout of the watchdog's function."""
BATCH_SIZE = 25
"""Jobs per call: well within that time even if each of them needs every repair."""


@dataclass(frozen=True)
class RepairBatch:
    """The jobs checked in one call, of `total` in all, and the outcome."""

    checked: int
    total: int
    done: RepairReport


def _repair_batch(
    watchdog: LambdaWatchdog, tenant: str, batch: Sequence[str]
) -> Iterator[tuple[Sequence[str], RepairReport]]:
    """If the watchdog fails on a batch, repair its jobs one by one: one of them is the cause."""
    try:
        yield batch, watchdog.repair_some(tenant, batch)
    except WatchdogFailed as error:
        if len(batch) == 1:
            yield batch, RepairReport(failed={batch[0]: str(error)})
            return
        for job_id in batch:
            yield from _repair_batch(watchdog, tenant, [job_id])
    except Unavailable as error:
        yield batch, RepairReport(failed=dict.fromkeys(batch, str(error)))


def _batches(job_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (job_ids[begin : begin + BATCH_SIZE] for begin in range(0, len(job_ids), BATCH_SIZE))


class OpsClient(Protocol):
    """Each call raises a CliError or an error of the ports if it fails."""

    def overview(self) -> OpsDocument: ...

    def queues(self) -> tuple[QueueState, ...]: ...

    def explain(self, job_id: str) -> TimelineDocument: ...

    def repair(self, job_id: str) -> RepairDocument: ...

    def repair_all(self) -> Iterator[RepairBatch]:
        """Repair every open job. Yields the outcome of each batch as soon as it is known."""

    def dead_letters(self, queue: str) -> tuple[DeadLetter, ...]: ...

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult: ...

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult: ...


class DirectOpsClient:
    def __init__(self, connection: Connection, tenant: str) -> None:
        self.connection, self.tenant = connection, tenant

    @cached_property
    def ops(self) -> Ops:
        out = self.connection.outputs
        if "InvalidationPathsPerMonth" not in out:
            raise CliError("an earlier version deployed this stage: run `haul deploy` first")
        names = OpsNames(
            jobs_bucket=out["JobsBucket"],
            site_bucket=out["SiteBucket"],
            crew_roster=out["CrewRosterTable"],
            view_ttl_s=int(out["ViewTtlSeconds"]),
            bus_name=out["BusName"],
            machine_prefix=out["MachinePrefix"],
            machine_alias="live",
            queue_prefix=stage_prefix(out),
            watch_function=out["WatchJobsFunction"],
            invalidation_paths_per_month=int(out["InvalidationPathsPerMonth"]),
        )
        connection = self.connection
        return ops_of(
            connection.client, connection.one_attempt, names, lambda: out["DistributionId"]
        )

    def overview(self) -> OpsDocument:
        return self.ops.overview(self.tenant, utc_now())

    def queues(self) -> tuple[QueueState, ...]:
        return self.ops.dead_letters.states()

    def explain(self, job_id: str) -> TimelineDocument:
        check_job_id(job_id)
        return self.ops.explain(self.tenant, job_id, utc_now())

    def repair(self, job_id: str) -> RepairDocument:
        check_job_id(job_id)
        repairs = self.ops.repair(self.tenant, job_id)
        return RepairDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})

    def repair_all(self) -> Iterator[RepairBatch]:
        """For every business. A batch without an answer counts as failed; it may be done."""
        bucket, s3 = self.connection.outputs["JobsBucket"], self.connection.one_attempt("s3")
        batches = [
            (tenant, batch)
            for tenant in S3Tenants(s3, bucket).names()
            for batch in _batches(sorted(self.ops.open_jobs(tenant)))
        ]
        total = sum(len(batch) for _, batch in batches)
        name = self.connection.outputs["WatchJobsFunction"]
        watchdog = LambdaWatchdog(self.connection.one_attempt("lambda", FUNCTION_S), name)
        for tenant, batch in batches:
            for some, done in _repair_batch(watchdog, tenant, batch):
                yield RepairBatch(len(some), total, done)

    def dead_letters(self, queue: str) -> tuple[DeadLetter, ...]:
        return self.ops.dead_letters.show(queue)

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self.ops.dead_letters.redrive(queue, ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self.ops.dead_letters.discard(queue, ids)


class ApiOpsClient:
    """For an account with the role `ops`."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api

    def overview(self) -> OpsDocument:
        return self._get("/api/ops", OpsDocument)

    def queues(self) -> tuple[QueueState, ...]:
        return self.overview().queues

    def explain(self, job_id: str) -> TimelineDocument:
        check_job_id(job_id)
        return self._get(f"/api/ops/jobs/{job_id}", TimelineDocument)

    def repair(self, job_id: str) -> RepairDocument:
        check_job_id(job_id)
        answer = self.api.ask("POST", f"/api/ops/jobs/{job_id}/repair")
        return RepairDocument.model_validate_json(answer.content)

    def repair_all(self) -> Iterator[RepairBatch]:
        """For the account's business, one by one: an API request has no time for more."""
        job_ids = self._get("/api/ops/jobs", OpenJobsDocument).job_ids
        for job_id in job_ids:
            try:
                repairs = self.repair(job_id).repairs
                done = RepairReport(repaired={job_id: list(repairs)} if repairs else {})
            except NotFound:
                done = RepairReport()
            except CliError as error:
                done = RepairReport(failed={job_id: str(error)})
            yield RepairBatch(1, len(job_ids), done)

    def dead_letters(self, queue: str) -> tuple[DeadLetter, ...]:
        path = f"/api/ops/dead-letters/{_queue(queue)}"
        return self._get(path, DeadLettersDocument).messages

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self._do(queue, "redrive", ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self._do(queue, "discard", ids)

    def _do(self, queue: str, what: str, ids: Collection[str] | None) -> DeadLettersResult:
        request_body = {"message_ids": None if ids is None else sorted(ids)}
        answer = self.api.ask("POST", f"/api/ops/dead-letters/{_queue(queue)}/{what}", request_body)
        return DeadLettersResult.model_validate_json(answer.content)

    def _get(self, path: str, document: type[Document]) -> Document:
        return document.model_validate_json(self.api.ask("GET", path).content)


def _queue(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise NotFound(f"no queue {name!r}; `haul ops dlq list` shows them")
    return name
