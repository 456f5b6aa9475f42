"""Fakes of the ports in `functions/protocol/ports.py`, in memory. Tests may look at their state.

Each call asks `Faults` first, by the name of the AWS operation that the real adapter would call,
and raises what the adapter would raise. Each call is atomic. Writes are also made through the real
adapter to a client that takes whatever AWS would take (`aws_calls.py`): too large, too many, or not
allowed is refused here too.
"""

import hashlib
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel

from events import Fact
from functions.aws.cloudfront import CloudFrontCdn
from functions.aws.dead_letter_sender import SqsDeadLetters
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.link_ends import link_end_name, stamp
from functions.aws.s3_stores import owner_key
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.business.settings_store import NumberOwner
from functions.people.crew_location import CrewLocation
from functions.photos.add_photo import UploadTarget
from functions.protocol.open_index import OpenIndex, due_name, index_of
from functions.protocol.ports import (
    Conflict,
    Corrupt,
    Stored,
    StuckJob,
    TaskOutput,
    Unavailable,
    UnknownJob,
    UnknownTenant,
)
from functions.protocol.sound_job import LARGEST_BYTES, sound
from functions.views.invalidation_budget import MonthlyUsage
from statemachine.business.business import BusinessSettings
from statemachine.job.job import Job
from statemachine.values.values import JOB_ID_PATTERN, TENANT_PATTERN
from statemachine.views.views import Board, View
from tests.support.aws_calls import taking
from tests.support.builders import NOON
from tests.support.faults import Faults

Document = TypeVar("Document", bound=BaseModel)
Result = TypeVar("Result")
FactType = TypeVar("FactType", bound=Fact)
QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/a-queue"
MACHINES = "arn:aws:states:us-east-1:123456789012:stateMachine:haulway-production-"
TABLE = "haulway-production-a-table"


def no_pause(attempt: int) -> None:
    """A `Pause` that does not wait."""


class Bucket:
    """An S3 bucket: bytes by key, ETags that hash the content, conditional writes, versions.

    `versions` has every version ever stored, oldest first; `times` has when, by `clock`.
    """

    def __init__(
        self, faults: Faults | None = None, clock: Callable[[], datetime] = lambda: NOON
    ) -> None:
        self.faults, self.clock = faults or Faults(), clock
        self.objects: dict[str, bytes] = {}
        self.moments: dict[str, datetime] = {}
        self.versions: dict[str, list[bytes]] = defaultdict(list)
        self.times: dict[str, list[datetime]] = defaultdict(list)
        self.order: list[str] = []
        """The key of each write; the simulated world empties it when it has looked at them."""
        self._lock = threading.RLock()

    def get(self, key: str) -> tuple[bytes, str] | None:
        """The bytes and their ETag."""
        return self._do("GetObject", lambda: self._get(key), Unavailable("lost"))

    def put(self, key: str, body: bytes) -> None:
        taking("s3").put_object(Bucket="jobs", Key=key, Body=body)
        self._do("PutObject", lambda: self._put(key, body), Unavailable("lost"))

    def put_if(self, key: str, body: bytes, etag: str | None) -> str:
        """A conditional write: `If-Match: etag`, or `If-None-Match: *` if None. The new ETag.

        412, 404, and a lost response all raise Conflict.
        """

        def compare_and_put() -> str:
            known = self._get(key)
            if (known[1] if known else None) != etag:
                raise Conflict("412" if known else "404")
            self._put(key, body)
            return etag_of(body)

        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        taking("s3").put_object(Bucket="jobs", Key=key, Body=body, **condition)
        return self._do("PutObject", compare_and_put, Conflict("lost"))

    def delete(self, key: str) -> None:
        self._do("DeleteObject", lambda: self.objects.pop(key, None), Unavailable("lost"))

    def keys(self, prefix: str) -> list[str]:
        return list(self.written(prefix))

    def written(self, prefix: str) -> dict[str, datetime]:
        """The keys that begin with `prefix`, without it, and when each was last written."""

        def listed() -> dict[str, datetime]:
            found = sorted(key for key in self.objects if key.startswith(prefix))
            return {key.removeprefix(prefix): self.moments.get(key, NOON) for key in found}

        return self._do("ListObjectsV2", listed, Unavailable("lost"))

    def _do(self, operation: str, apply: Callable[[], Result], lost: Exception) -> Result:
        def atomic() -> Result:
            with self._lock:
                return apply()

        return self.faults.around(operation, atomic, lost)

    def _get(self, key: str) -> tuple[bytes, str] | None:
        body = self.objects.get(key)
        return None if body is None else (body, etag_of(body))

    def _put(self, key: str, body: bytes) -> None:
        self.objects[key] = body
        self.moments[key] = self.clock()
        self.versions[key].append(body)
        self.order.append(key)
        self.times[key].append(self.clock().replace(microsecond=0))


def etag_of(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def to_bytes(document: BaseModel) -> bytes:
    return document.model_dump_json(exclude_none=True).encode()


@lru_cache(maxsize=10_000)
def parsed(document: type[Document], body: bytes) -> Document:
    """Cached, because documents are immutable."""
    return document.model_validate_json(body, extra="ignore")


def load(bucket: Bucket, key: str, document: type[Document]) -> Stored[Document] | None:
    found = bucket.get(key)
    if found is None:
        return None
    try:
        return Stored(parsed(document, found[0]), found[1])
    except Exception as error:
        raise Corrupt(f"{key} is no {document.__name__}", etag=found[1]) from error


class FakeJobs:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        key = job_key(tenant, job_id)
        stored = load(self.bucket, key, Job)
        if stored is None:
            raise UnknownJob(f"no job {job_id} of tenant {tenant}")
        if len(self.bucket.objects[key]) > LARGEST_BYTES:
            raise Corrupt(f"{key} is larger than {LARGEST_BYTES} bytes", stored.etag)
        return sound(stored, tenant, job_id)

    def create(self, job: Job) -> None:
        self.bucket.put_if(job_key(job.tenant, job.job_id), to_bytes(job), None)

    def replace(self, job: Job, etag: str) -> None:
        self.bucket.put_if(job_key(job.tenant, job.job_id), to_bytes(job), etag)

    def mark_open(self, tenant: str, job_id: str) -> None:
        self.bucket.put(f"tenants/{tenant}/open/{job_id}", b"{}")

    def mark_ended(self, tenant: str, job_id: str) -> None:
        self.bucket.delete(f"tenants/{tenant}/open/{job_id}")

    def mark_due(self, tenant: str, job_id: str, at: datetime) -> None:
        self.bucket.put(f"tenants/{tenant}/open/{due_name(job_id, at)}", b"{}")

    def clear_due(self, tenant: str, name: str) -> None:
        self.bucket.delete(f"tenants/{tenant}/open/{name}")

    def open_index(self, tenant: str) -> OpenIndex:
        return index_of(self.bucket.written(f"tenants/{tenant}/open/").items())

    def open_jobs(self, tenant: str) -> dict[str, datetime]:
        return dict(self.open_index(tenant).touched)

    def all_ids(self, tenant: str) -> Iterator[str]:
        return iter(self.written(tenant))

    def written(self, tenant: str) -> dict[str, datetime]:
        found = self.bucket.written(f"tenants/{tenant}/jobs/")
        written = {key.removesuffix(".json"): at for key, at in found.items()}
        return {name: at for name, at in written.items() if re.fullmatch(JOB_ID_PATTERN, name)}


def job_key(tenant: str, job_id: str) -> str:
    return f"tenants/{tenant}/jobs/{job_id}.json"


class FakeStuck:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def all(self, tenant: str) -> list[StuckJob]:
        names = [n.removesuffix(".json") for n in self.bucket.keys(f"tenants/{tenant}/stuck/")]
        found = (self.read(tenant, name) for name in names if re.fullmatch(JOB_ID_PATTERN, name))
        return [stuck for stuck in found if stuck]

    def read(self, tenant: str, job_id: str) -> StuckJob | None:
        try:
            stored = load(self.bucket, _stuck_key(tenant, job_id), StuckJob)
        except Corrupt:
            return None
        return stored.value if stored else None

    def add(self, stuck: StuckJob) -> None:
        key = _stuck_key(stuck.tenant, stuck.job_id)
        try:
            known, etag = load(self.bucket, key, StuckJob), None
        except Corrupt as error:
            known, etag = None, error.etag
        if known is None:
            with suppress(Conflict):
                self.bucket.put_if(key, to_bytes(stuck), etag)

    def remove(self, tenant: str, job_id: str) -> None:
        self.bucket.delete(_stuck_key(tenant, job_id))


def _stuck_key(tenant: str, job_id: str) -> str:
    return f"tenants/{tenant}/stuck/{job_id}.json"


class FakeViews:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, digest: str) -> Stored[View] | None:
        return load(self.bucket, f"t/{digest}.json", View)

    def write(self, digest: str, view: View, replacing: str | None) -> None:
        self.bucket.put_if(f"t/{digest}.json", to_bytes(view), replacing)

    def remove(self, digest: str) -> None:
        self.bucket.delete(f"t/{digest}.json")


class FakeLinkEnds:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def add(self, tenant: str, job_id: str, at: datetime) -> None:
        self.bucket.put(f"tenants/{tenant}/links/{link_end_name(job_id, at)}", b"{}")

    def due(self, tenant: str, now: datetime) -> Iterator[tuple[str, str]]:
        names = self.bucket.keys(f"tenants/{tenant}/links/")
        return ((name, name[17:]) for name in names if name[:16] <= stamp(now))

    def remove(self, tenant: str, name: str) -> None:
        self.bucket.delete(f"tenants/{tenant}/links/{name}")


class FakePhotos:
    """Uploads are in the private bucket, photos in the site bucket. Upload URLs have no secret."""

    def __init__(self, uploads: Bucket, site: Bucket) -> None:
        self.uploads, self.site = uploads, site

    def upload(self, key: str, media_type: str, size: int) -> UploadTarget:
        return UploadTarget(f"/uploads/{key}?size={size}", {"content-type": media_type})

    def raw(self, key: str, size: int) -> bytes | None:
        found = self.uploads.get(f"uploads/{key}")
        return found[0] if found and len(found[0]) == size else None

    def publish(self, photo_id: str, jpeg: bytes) -> None:
        self.site.put(f"t/p/{photo_id}.jpg", jpeg)

    def withdraw(self, photo_id: str) -> None:
        self.site.delete(f"t/p/{photo_id}.jpg")

    def delete_raw(self, key: str) -> None:
        self.uploads.delete(f"uploads/{key}")


class FakeCrewLocations:
    """Crew locations by tenant and job. They do not expire here."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.stored: dict[tuple[str, str], CrewLocation] = {}

    def store(self, tenant: str, job_id: str, location: CrewLocation) -> None:
        def unless_newer() -> None:
            known = self.stored.get((tenant, job_id))
            if known is None or known.at <= location.at:
                self.stored[tenant, job_id] = location

        self.faults.around("PutItem", unless_newer, Unavailable("lost"))

    def read(self, tenant: str, job_id: str) -> CrewLocation | None:
        return self.faults.around(
            "GetItem", lambda: self.stored.get((tenant, job_id)), Unavailable("lost")
        )

    def delete(self, tenant: str, job_id: str) -> None:
        self.faults.around(
            "DeleteItem", lambda: self.stored.pop((tenant, job_id), None), Unavailable("lost")
        )


class FakeBoards:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, tenant: str) -> Stored[Board] | None:
        return load(self.bucket, board_key(tenant), Board)

    def write(self, tenant: str, board: Board, replacing: str | None) -> None:
        self.bucket.put_if(board_key(tenant), board.to_bytes(), replacing)

    def overwrite(self, tenant: str, board: Board) -> None:
        self.bucket.put(board_key(tenant), board.to_bytes())


def board_key(tenant: str) -> str:
    return f"tenants/{tenant}/board/jobs.json"


class FakeTenants:
    def __init__(self, bucket: Bucket, *known: BusinessSettings) -> None:
        self.bucket = bucket
        for settings in known:
            bucket.objects[f"directory/{settings.tenant}.json"] = to_bytes(settings)
            if settings.sms_number:
                owner = NumberOwner(tenant=settings.tenant)
                bucket.objects[owner_key(settings.sms_number)] = to_bytes(owner)

    def read(self, tenant: str) -> BusinessSettings:
        stored = load(self.bucket, f"directory/{tenant}.json", BusinessSettings)
        if stored is None:
            raise UnknownTenant(f"no tenant {tenant}")
        return stored.value

    def owner_of(self, number: str) -> str | None:
        stored = load(self.bucket, owner_key(number), NumberOwner)
        return stored.value.tenant if stored else None

    def names(self, after: str = "") -> Iterator[str]:
        names = (key.removesuffix(".json") for key in self.bucket.keys("directory/"))
        return (n for n in names if re.fullmatch(TENANT_PATTERN, n) and f"{n}." > f"{after}.")


class FakeInvalidationUsage:
    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def read(self, month: str) -> MonthlyUsage | None:
        stored = load(self.bucket, f"ops/invalidations/{month}.json", MonthlyUsage)
        return stored.value if stored else None

    def write(self, usage: MonthlyUsage) -> None:
        self.bucket.put(f"ops/invalidations/{usage.month}.json", to_bytes(usage))


class FakeInvalidationCounter:
    def __init__(self, faults: Faults | None = None) -> None:
        self.faults, self.counted = faults or Faults(), Counter[str]()

    def paths(self, month: str) -> int:
        return self.faults.around("GetItem", lambda: self.counted[month], Unavailable("lost"))

    def add(self, month: str, paths: int) -> int:
        def counted() -> int:
            self.counted[month] += paths
            return self.counted[month]

        return self.faults.around("UpdateItem", counted, Unavailable("lost"))


class FakeExecutions:
    """Step Functions: executions by name, and the task tokens that were sent an output.

    A start with a name in use, running or closed, starts nothing. An output for a dead token is
    recorded too, because the adapter ignores that error.
    """

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.started: dict[str, tuple[str, str, str, int]] = {}
        self.running: set[str] = set()
        self.resumed: list[tuple[str, TaskOutput]] = []
        self.limits = StepFunctionsExecutions(taking("stepfunctions"), MACHINES, "live")

    def start(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        name = execution_name(tenant, job_id, generation)

        def unless_known() -> bool:
            if name in self.started:
                return False
            self.started[name] = flow, tenant, job_id, generation
            self.running.add(name)
            return True

        self.limits.start(flow, tenant, job_id, generation)
        return self.faults.around("StartExecution", unless_known, Unavailable("lost"))

    def stop(self, flow: str, tenant: str, job_id: str, generation: int) -> None:
        name = execution_name(tenant, job_id, generation)
        self.limits.stop(flow, tenant, job_id, generation)
        self.faults.around("StopExecution", lambda: self.running.discard(name), Unavailable("lost"))

    def is_running(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        name = execution_name(tenant, job_id, generation)
        return self.faults.around(
            "DescribeExecution", lambda: name in self.running, Unavailable("lost")
        )

    def send_success(self, token: str, answer: TaskOutput) -> None:
        self.limits.send_success(token, answer)
        self.faults.around(
            "SendTaskSuccess", lambda: self.resumed.append((token, answer)), Unavailable("lost")
        )


def execution_name(tenant: str, job_id: str, generation: int) -> str:
    return f"{tenant}-{job_id}-g{generation}"


class NoMetrics:
    def count(self, name: str, tenant: str = "", n: int = 1, **about: str) -> None: ...

    def measure(
        self, name: str, value: float, unit: str, tenant: str = "", **about: str
    ) -> None: ...


class FakeBus:
    """EventBridge: all facts that reached it, including copies."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.facts: list[Fact] = []
        self.limits = EventBridgeBus(taking("events"), "haulway", NoMetrics())

    def announce(self, facts: Sequence[Fact]) -> None:
        if facts:
            self.limits.announce(facts)
            self.faults.around("PutEvents", lambda: self.facts.extend(facts), Unavailable("lost"))

    def announced(self, kind: type[FactType]) -> list[FactType]:
        """The facts of one type without copies, in the order in which they arrived first."""
        return list(dict.fromkeys(fact for fact in self.facts if isinstance(fact, kind)))


class FakeCdn:
    """CloudFront: one invalidation for each batch, however often it is requested."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.invalidations: dict[tuple[str, tuple[str, ...]], None] = {}

    def invalidate(self, paths: Iterable[str], batch: str) -> None:
        wanted = batch, tuple(sorted(set(paths)))
        CloudFrontCdn(taking("cloudfront"), "E1").invalidate(paths, batch)
        self.faults.around(
            "CreateInvalidation",
            lambda: self.invalidations.update({wanted: None}),
            Unavailable("lost"),
        )

    def invalidated(self) -> list[tuple[str, ...]]:
        return [paths for _, paths in self.invalidations]


class FakeDeadLetters:
    """The dead-letter queue: body, reason, and detail of each message."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.dead_lettered: list[tuple[str, str, str]] = []

    def put(self, body: str, reason: str, detail: str) -> None:
        SqsDeadLetters(taking("sqs"), QUEUE).put(body, reason, detail)
        self.faults.around(
            "SendMessage",
            lambda: self.dead_lettered.append((body, reason, detail)),
            Unavailable("lost"),
        )


class FakeRedelivery:
    """The delays, in seconds, after which messages are delivered again, in order."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.delays_s: list[int] = []

    def delay(self, record: dict[str, Any], seconds: int) -> None:
        self.faults.around(
            "ChangeMessageVisibility", lambda: self.delays_s.append(seconds), Unavailable("lost")
        )


class FakeLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, msg: str, **keys: Any) -> None:
        self.lines.append((msg, keys))

    def error(self, msg: str, **keys: Any) -> None:
        self.lines.append((msg, keys))
