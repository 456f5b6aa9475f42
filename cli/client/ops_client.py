"""What `haul ops` does: with AWS credentials by the same code as the API, or through the API."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
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
from functions.protocol.ports import Unavailable
from functions.repair.requests import RepairReport

Document = TypeVar("Document", bound=BaseModel)

FUNCTION_S = 130
"""A little longer than the watchdog's function may run."""
LOT = 25
"""So many jobs are redriven well within that time, also where each needs everything."""


@dataclass(frozen=True)
class RepairBatch:
    """How many jobs were looked at now, of how many in all, and what became of them."""

    looked_at: int
    of: int
    done: RepairReport


def _each_lot(
    watchdog: LambdaWatchdog, tenant: str, lot: Sequence[str]
) -> Iterator[tuple[Sequence[str], RepairReport]]:
    """Where the watchdog fails at a lot, its jobs one by one: the fault is that of one of them."""
    try:
        yield lot, watchdog.repair_some(tenant, lot)
    except WatchdogFailed as error:
        if len(lot) == 1:
            yield lot, RepairReport(failed={lot[0]: str(error)})
            return
        for job_id in lot:
            yield from _each_lot(watchdog, tenant, [job_id])
    except Unavailable as error:
        yield lot, RepairReport(failed=dict.fromkeys(lot, str(error)))


def _lots(job_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (job_ids[begin : begin + LOT] for begin in range(0, len(job_ids), LOT))


class OpsClient(Protocol):
    """Each call raises a CliError, or an error of the ports, where it cannot be done."""

    def overview(self) -> OpsDocument: ...

    def queues(self) -> tuple[QueueState, ...]: ...

    def explain(self, job_id: str) -> TimelineDocument: ...

    def repair(self, job_id: str) -> RepairDocument: ...

    def repair_all(self) -> Iterator[RepairBatch]:
        """Every open job, some at a time: what became of each lot as soon as it is done."""

    def letters(self, queue: str) -> tuple[DeadLetter, ...]: ...

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult: ...

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult: ...


class DirectOpsClient:
    def __init__(self, place: Connection, tenant: str) -> None:
        self.place, self.tenant = place, tenant

    @cached_property
    def ops(self) -> Ops:
        out = self.place.outputs
        if "InvalidationPathsPerMonth" not in out:
            raise CliError("this stage was deployed by an earlier version: haul deploy first")
        names = OpsNames(
            jobs_bucket=out["JobsBucket"],
            site_bucket=out["SiteBucket"],
            view_ttl_s=int(out["ViewTtlSeconds"]),
            bus_name=out["BusName"],
            machine_prefix=out["MachinePrefix"],
            machine_alias="live",
            queue_prefix=stage_prefix(out),
            watch_function=out["WatchJobsFunction"],
            invalidation_paths_per_month=int(out["InvalidationPathsPerMonth"]),
        )
        place = self.place
        return ops_of(place.client, place.one_attempt, names, lambda: out["DistributionId"])

    def overview(self) -> OpsDocument:
        return self.ops.overview(self.tenant, now())

    def queues(self) -> tuple[QueueState, ...]:
        return self.ops.dead_letters.states()

    def explain(self, job_id: str) -> TimelineDocument:
        check_job_id(job_id)
        return self.ops.explain(self.tenant, job_id, now())

    def repair(self, job_id: str) -> RepairDocument:
        check_job_id(job_id)
        repairs = self.ops.repair(self.tenant, job_id)
        return RepairDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})

    def repair_all(self) -> Iterator[RepairBatch]:
        """Of every business. What was not answered in time counts as failed: it may be done."""
        bucket, s3 = self.place.outputs["JobsBucket"], self.place.one_attempt("s3")
        lots = [
            (tenant, lot)
            for tenant in S3Tenants(s3, bucket).names()
            for lot in _lots(sorted(self.ops.open_jobs(tenant)))
        ]
        total = sum(len(lot) for _, lot in lots)
        name = self.place.outputs["WatchJobsFunction"]
        watchdog = LambdaWatchdog(self.place.one_attempt("lambda", FUNCTION_S), name)
        for tenant, lot in lots:
            for some, done in _each_lot(watchdog, tenant, lot):
                yield RepairBatch(len(some), total, done)

    def letters(self, queue: str) -> tuple[DeadLetter, ...]:
        return self.ops.dead_letters.show(queue)

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self.ops.dead_letters.redrive(queue, ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self.ops.dead_letters.discard(queue, ids)


class ApiOpsClient:
    """For an account with the role `ops`."""

    def __init__(self, desk: ApiClient) -> None:
        self.desk = desk

    def overview(self) -> OpsDocument:
        return self._get("/api/ops", OpsDocument)

    def queues(self) -> tuple[QueueState, ...]:
        return self.overview().queues

    def explain(self, job_id: str) -> TimelineDocument:
        check_job_id(job_id)
        return self._get(f"/api/ops/jobs/{job_id}", TimelineDocument)

    def repair(self, job_id: str) -> RepairDocument:
        check_job_id(job_id)
        answer = self.desk.ask("POST", f"/api/ops/jobs/{job_id}/repair")
        return RepairDocument.model_validate_json(answer.content)

    def repair_all(self) -> Iterator[RepairBatch]:
        """Of the account's business, one by one: the API answers for no more within its time."""
        job_ids = self._get("/api/ops/jobs", OpenJobsDocument).job_ids
        for job_id in job_ids:
            try:
                repairs = self.repair(job_id).repairs
                done = RepairReport(repaired={job_id: list(repairs)} if repairs else {})
            except NotFound:
                done = RepairReport()
            except CliError as complaint:
                done = RepairReport(failed={job_id: str(complaint)})
            yield RepairBatch(1, len(job_ids), done)

    def letters(self, queue: str) -> tuple[DeadLetter, ...]:
        path = f"/api/ops/dead-letters/{_queue(queue)}"
        return self._get(path, DeadLettersDocument).messages

    def redrive(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self._do(queue, "redrive", ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        return self._do(queue, "discard", ids)

    def _do(self, queue: str, what: str, ids: Collection[str] | None) -> DeadLettersResult:
        request_body = {"message_ids": None if ids is None else sorted(ids)}
        answer = self.desk.ask(
            "POST", f"/api/ops/dead-letters/{_queue(queue)}/{what}", request_body
        )
        return DeadLettersResult.model_validate_json(answer.content)

    def _get(self, path: str, document: type[Document]) -> Document:
        return document.model_validate_json(self.desk.ask("GET", path).content)


def _queue(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise NotFound(f"no queue {name!r}; `haul ops dlq list` shows them")
    return name


def now() -> datetime:
    return datetime.now(timezone.utc)
