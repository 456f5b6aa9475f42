"""Jobs, views, boards, and tenants as S3 objects; a replacement is conditional on the ETag."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from functions.aws.errors import MISSING, code_of, conditional_write, retryable
from functions.aws.metrics import LogMetrics
from functions.business.settings_store import NumberOwner
from functions.protocol.metrics import Metrics
from functions.protocol.open_index import OpenIndex, due_name, index_of
from functions.protocol.ports import Conflict, Corrupt, Stored, StuckJob, UnknownJob, UnknownTenant
from functions.protocol.sound_job import LARGEST_BYTES, sound
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.values import JOB_ID_PATTERN, TENANT_PATTERN
from statemachine.views.views import Board, View

Document = TypeVar("Document", bound=BaseModel)


class S3Objects:
    """JSON documents in one bucket. `s3` is a client that does not retry, see `one_attempt`."""

    def __init__(self, s3: Any, bucket: str, metrics: Metrics | None = None) -> None:
        self.s3, self.bucket = s3, bucket
        self.metrics = metrics or LogMetrics()

    def load(
        self, key: str, document: type[Document], largest: int | None = None
    ) -> Stored[Document] | None:
        """The document and its ETag, or None if there is none. Raises Corrupt, Unavailable.

        Unknown fields are ignored: they are from a newer version, which may run at the same time
        during a deployment or rollback. An object with more than `largest` bytes is not read.
        """
        with retryable():
            try:
                answer = self.s3.get_object(Bucket=self.bucket, Key=key)
                if largest is not None and answer.get("ContentLength", 0) > largest:
                    answer["Body"].close()
                    raise Corrupt(f"{key} is larger than {largest} bytes", answer["ETag"])
                body = answer["Body"].read()
            except ClientError as error:
                if code_of(error) in MISSING:
                    return None
                raise
        try:
            return Stored(document.model_validate_json(body, extra="ignore"), answer["ETag"])
        except Exception as error:  # pydantic lets some errors of validators pass: OverflowError
            reason = f"{key} is not a {document.__name__}: {kinds_of(error)}"
            raise Corrupt(reason, answer["ETag"]) from error

    def store(self, key: str, body: bytes, replacing: str | None, **more: str) -> str:
        """The new ETag. Raises Conflict unless the stored one is still `replacing` (None: there is
        none)."""
        condition = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}
        self.metrics.count("Writes")
        try:
            with conditional_write():
                return self.put(key, body, **condition, **more)
        except Conflict:
            self.metrics.count("Conflicts")
            raise

    def put(self, key: str, body: bytes, **more: str) -> str:
        """The new ETag."""
        answer = self.s3.put_object(
            Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", **more
        )
        etag: str = answer["ETag"]
        return etag

    def remove(self, key: str) -> None:
        with retryable():
            self.s3.delete_object(Bucket=self.bucket, Key=key)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        return (key for key, _ in self.written(prefix, after))

    def written(self, prefix: str, after: str = "") -> Iterator[tuple[str, datetime]]:
        """The keys that begin with `prefix`, without it, and when each was last written.

        Ordered by key; with `after`, only the keys after that one.
        """
        start = {"StartAfter": f"{prefix}{after}"} if after else {}
        with retryable():
            for page in self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, **start
            ):
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(prefix), item["LastModified"]


def kinds_of(error: Exception) -> str:
    """The kinds of error, without the document's content, which may be a name or phone number."""
    if not isinstance(error, ValidationError):
        return type(error).__name__
    return ", ".join(sorted({problem["type"] for problem in error.errors(include_input=False)}))


def to_bytes(document: BaseModel) -> bytes:
    return document.model_dump_json(exclude_none=True).encode()


class S3Jobs:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str, job_id: str) -> Stored[Job]:
        stored = self.objects.load(_job_key(tenant, job_id), Job, LARGEST_BYTES)
        if stored is None:
            raise UnknownJob(f"no job {job_id} of tenant {tenant}")
        return sound(stored, tenant, job_id)

    def create(self, job: Job) -> None:
        """An imported job may have ended already."""
        self.objects.store(_job_key(job.tenant, job.job_id), to_bytes(job), None, **_tag(job))

    def replace(self, job: Job, etag: str) -> None:
        """The bucket's lifecycle needs a tag on ended jobs; a reopened job loses it."""
        self.objects.store(_job_key(job.tenant, job.job_id), to_bytes(job), etag, **_tag(job))

    def mark_open(self, tenant: str, job_id: str) -> None:
        with retryable():
            self.objects.put(f"{_open_prefix(tenant)}{job_id}", b"{}")

    def mark_ended(self, tenant: str, job_id: str) -> None:
        self.objects.remove(f"{_open_prefix(tenant)}{job_id}")

    def mark_due(self, tenant: str, job_id: str, at: datetime) -> None:
        with retryable():
            self.objects.put(f"{_open_prefix(tenant)}{due_name(job_id, at)}", b"{}")

    def clear_due(self, tenant: str, name: str) -> None:
        self.objects.remove(f"{_open_prefix(tenant)}{name}")

    def open_index(self, tenant: str) -> OpenIndex:
        return index_of(self.objects.written(_open_prefix(tenant)))

    def open_jobs(self, tenant: str) -> dict[str, datetime]:
        return dict(self.open_index(tenant).touched)

    def all_ids(self, tenant: str) -> Iterator[str]:
        return named(self.objects.keys(_job_prefix(tenant)), JOB_ID_PATTERN)

    def written(self, tenant: str) -> dict[str, datetime]:
        found = self.objects.written(_job_prefix(tenant))
        written = {key.removesuffix(".json"): at for key, at in found}
        return {job_id: written[job_id] for job_id in named(written, JOB_ID_PATTERN)}


def named(keys: Iterable[str], pattern: str) -> Iterator[str]:
    """The names that match `pattern`; other keys are not ours and are ignored."""
    fits = re.compile(pattern, re.ASCII)
    names = (key.removesuffix(".json") for key in keys)
    return (name for name in names if fits.fullmatch(name))


def _job_prefix(tenant: str) -> str:
    return f"tenants/{tenant}/jobs/"


def _job_key(tenant: str, job_id: str) -> str:
    return f"{_job_prefix(tenant)}{job_id}.json"


def _tag(job: Job) -> dict[str, str]:
    return {"Tagging": "ended=yes"} if load_flow(job.flow).status(job.status).terminal else {}


def _open_prefix(tenant: str) -> str:
    return f"tenants/{tenant}/open/"


class S3Stuck:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def all(self, tenant: str) -> list[StuckJob]:
        names = list(named(self.objects.keys(_stuck_prefix(tenant)), JOB_ID_PATTERN))
        found = (self.read(tenant, name) for name in names)
        return [stuck for stuck in found if stuck]

    def read(self, tenant: str, job_id: str) -> StuckJob | None:
        try:
            stored = self.objects.load(f"{_stuck_prefix(tenant)}{job_id}.json", StuckJob)
        except Corrupt:
            return None
        return stored.value if stored else None

    def add(self, stuck: StuckJob) -> None:
        """After a lost response, the watchdog's next round tries again."""
        key = f"{_stuck_prefix(stuck.tenant)}{stuck.job_id}.json"
        with suppress(Conflict):
            try:
                self.objects.store(key, to_bytes(stuck), None)
            except Conflict:
                self._replace_unreadable(key, stuck)

    def _replace_unreadable(self, key: str, stuck: StuckJob) -> None:
        try:
            self.objects.load(key, StuckJob)
        except Corrupt as error:
            self.objects.store(key, to_bytes(stuck), error.etag)

    def remove(self, tenant: str, job_id: str) -> None:
        self.objects.remove(f"{_stuck_prefix(tenant)}{job_id}.json")


def _stuck_prefix(tenant: str) -> str:
    return f"tenants/{tenant}/stuck/"


class S3Views:
    """Views are in the site bucket, the edge's origin.

    `max-age=0` makes browsers revalidate. `s-maxage` limits how stale the edge can be if an
    invalidation does not reach it: `ttl_s` seconds, or what `ttl_s` returns at each write.
    """

    def __init__(self, s3: Any, bucket: str, ttl_s: int | Callable[[], int]) -> None:
        self.objects = S3Objects(s3, bucket)
        self.ttl_s = ttl_s if callable(ttl_s) else lambda: ttl_s

    def read(self, digest: str) -> Stored[View] | None:
        return self.objects.load(f"t/{digest}.json", View)

    def write(self, digest: str, view: View, replacing: str | None) -> None:
        caching = f"public, max-age=0, s-maxage={self.ttl_s()}"
        self.objects.store(f"t/{digest}.json", to_bytes(view), replacing, CacheControl=caching)

    def remove(self, digest: str) -> None:
        self.objects.remove(f"t/{digest}.json")


class S3Boards:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str) -> Stored[Board] | None:
        return self.objects.load(_board_key(tenant), Board)

    def write(self, tenant: str, board: Board, replacing: str | None) -> None:
        self.objects.store(_board_key(tenant), board.to_bytes(), replacing)

    def overwrite(self, tenant: str, board: Board) -> None:
        with retryable():
            self.objects.put(_board_key(tenant), board.to_bytes())


def _board_key(tenant: str) -> str:
    return f"tenants/{tenant}/board/jobs.json"


class S3Tenants:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str) -> BusinessSettings:
        stored = self.objects.load(_tenant_key(tenant), BusinessSettings)
        if stored is None:
            raise UnknownTenant(f"no tenant {tenant}")
        return stored.value

    def add(self, settings: BusinessSettings) -> None:
        """Raises Conflict if a tenant with that name exists."""
        self.objects.store(_tenant_key(settings.tenant), to_bytes(settings), None)

    def owner_of(self, number: str) -> str | None:
        stored = self.objects.load(owner_key(number), NumberOwner)
        return stored.value.tenant if stored else None

    def names(self, after: str = "") -> Iterator[str]:
        last = f"{after}.json" if after else ""
        return named(self.objects.keys("directory/", last), TENANT_PATTERN)


def owner_key(number: str) -> str:
    """No id of a business begins with a plus, so lists of businesses leave it out."""
    return f"directory/{number}.json"


def _tenant_key(tenant: str) -> str:
    return f"directory/{tenant}.json"


__all__ = ["Conflict", "S3Boards", "S3Jobs", "S3Objects", "S3Tenants", "S3Views", "to_bytes"]
