"""What `haul ops` does: with AWS credentials by the same code as the API, or through the API."""

import json
from collections.abc import Collection
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from cli.api_desk import ApiDesk
from cli.desk import check_job_id
from cli.out import Complaint, NotKnown, NotThere
from cli.place import Place
from deploy.target import stage_prefix
from functions.api.ops_documents import (
    DeadLetter,
    DeadLettersDocument,
    LettersDone,
    OpsDocument,
    QueueState,
    RedriveDocument,
    StoryDocument,
)
from functions.aws.container import OpsNames
from functions.ops import Ops, ops_of

Document = TypeVar("Document", bound=BaseModel)

ROUND_S = 130
"""A little longer than the watchdog's function may run."""


class OpsDesk(Protocol):
    """Each call raises a Complaint, or an error of the ports, where it cannot be done."""

    def overview(self) -> OpsDocument: ...

    def queues(self) -> tuple[QueueState, ...]: ...

    def explain(self, job_id: str) -> StoryDocument: ...

    def redrive(self, job_id: str) -> RedriveDocument: ...

    def redrive_all(self) -> dict[str, list[str]]:
        """Every job that may need it; what had to be repaired, by job."""

    def letters(self, queue: str) -> tuple[DeadLetter, ...]: ...

    def replay(self, queue: str, ids: Collection[str] | None) -> LettersDone: ...

    def discard(self, queue: str, ids: Collection[str] | None) -> LettersDone: ...


class DirectOpsDesk:
    def __init__(self, place: Place, tenant: str) -> None:
        self.place, self.tenant = place, tenant

    @cached_property
    def ops(self) -> Ops:
        out = self.place.outputs
        if "InvalidationPathsPerMonth" not in out:
            raise Complaint("this stage was deployed by an earlier version: haul deploy first")
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
        return self.ops.letters.states()

    def explain(self, job_id: str) -> StoryDocument:
        check_job_id(job_id)
        return self.ops.explain(self.tenant, job_id, now())

    def redrive(self, job_id: str) -> RedriveDocument:
        check_job_id(job_id)
        repairs = self.ops.redrive(self.tenant, job_id)
        return RedriveDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})

    def redrive_all(self) -> dict[str, list[str]]:
        """A round of the deployed watchdog that asks for every execution, of every business."""
        answer = self.place.one_attempt("lambda", ROUND_S).invoke(
            FunctionName=self.place.outputs["WatchJobsFunction"],
            Payload=json.dumps({"ask_executions": True}).encode(),
        )
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            why = str(told.get("errorMessage", "no reason given"))[:300]
            raise NotKnown(f"the watchdog failed: {why}; the others were looked after, try again")
        repaired: dict[str, list[str]] = told["repaired"]
        return repaired

    def letters(self, queue: str) -> tuple[DeadLetter, ...]:
        return self.ops.letters.show(queue)

    def replay(self, queue: str, ids: Collection[str] | None) -> LettersDone:
        return self.ops.letters.replay(queue, ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> LettersDone:
        return self.ops.letters.discard(queue, ids)


class ApiOpsDesk:
    """For an account with the role `ops`."""

    def __init__(self, desk: ApiDesk) -> None:
        self.desk = desk

    def overview(self) -> OpsDocument:
        return self._get("/api/ops", OpsDocument)

    def queues(self) -> tuple[QueueState, ...]:
        return self.overview().queues

    def explain(self, job_id: str) -> StoryDocument:
        check_job_id(job_id)
        return self._get(f"/api/ops/jobs/{job_id}", StoryDocument)

    def redrive(self, job_id: str) -> RedriveDocument:
        check_job_id(job_id)
        answer = self.desk.ask("POST", f"/api/ops/jobs/{job_id}/redrive")
        return RedriveDocument.model_validate_json(answer.content)

    def redrive_all(self) -> dict[str, list[str]]:
        """Those in trouble, one by one: the API has no round over all jobs."""
        troubled = dict.fromkeys(job.job_id for job in self.overview().troubled)
        done = {job_id: list(self.redrive(job_id).repairs) for job_id in troubled}
        return {job_id: [str(r) for r in repairs] for job_id, repairs in done.items() if repairs}

    def letters(self, queue: str) -> tuple[DeadLetter, ...]:
        path = f"/api/ops/dead-letters/{_queue(queue)}"
        return self._get(path, DeadLettersDocument).letters

    def replay(self, queue: str, ids: Collection[str] | None) -> LettersDone:
        return self._do(queue, "replay", ids)

    def discard(self, queue: str, ids: Collection[str] | None) -> LettersDone:
        return self._do(queue, "discard", ids)

    def _do(self, queue: str, what: str, ids: Collection[str] | None) -> LettersDone:
        wish = {"message_ids": None if ids is None else sorted(ids)}
        answer = self.desk.ask("POST", f"/api/ops/dead-letters/{_queue(queue)}/{what}", wish)
        return LettersDone.model_validate_json(answer.content)

    def _get(self, path: str, document: type[Document]) -> Document:
        return document.model_validate_json(self.desk.ask("GET", path).content)


def _queue(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise NotThere(f"no queue {name!r}; `haul ops dlq list` shows them")
    return name


def now() -> datetime:
    return datetime.now(timezone.utc)
