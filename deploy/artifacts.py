"""The artifact bucket: the parts of every release, each stored under the hash of its content.

code/…  asl/…  edge/…  cases/…  pages/…  template/…    never changed once written
releases/{release}.json                                the artifacts of a release
stages/{stage}.json                                    the release a stage runs, and those before
locks/{stage}.json                                     who deploys to the stage now
"""

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError
from pydantic import Field

from statemachine.values.values import Frozen, Utc

KEPT_RELEASES = 10
AT_ONCE = 8


class Tampered(Exception):
    """The content of an artifact does not match its name; delete it and deploy again."""


def address(kind: str, content: bytes, suffix: str = "") -> str:
    """The key of an artifact: half of its SHA-256, so different content has a different key."""
    return f"{kind}/{hashlib.sha256(content).hexdigest()[:32]}{suffix}"


class Release(Frozen):
    """A build, as the keys of its artifacts. A verified release is promoted unchanged."""

    build: str
    """On every page, as `<meta name="build">`."""
    code: str
    template: str
    edge: dict[str, str]
    """Edge functions by name."""
    asl: dict[str, str]
    pages: dict[str, str]
    """Artifacts by their path in the site bucket."""
    cases: dict[str, str] = Field(default_factory=dict)
    """Test cases of the edge functions, by name."""

    @property
    def name(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()[:16]

    def to_bytes(self) -> bytes:
        """Without default values, so that releases older than `cases` keep their name."""
        return self.model_dump_json(indent=1, exclude_defaults=True).encode() + b"\n"

    def artifacts(self) -> set[str]:
        groups = (self.edge, self.cases, self.asl, self.pages)
        keys = {key for group in groups for key in group.values()}
        return keys | {self.code, self.template}


class StageRecord(Frozen):
    """What a stage runs. `pending` is a release whose deployment has not been verified yet."""

    current: str | None = None
    previous: tuple[str, ...] = ()
    """Verified releases before this one, newest first."""
    pending: str | None = None
    at: Utc | None = None
    by: str = ""
    parameters: dict[str, str] = Field(default_factory=dict)
    """The stack's parameters before the deployment of `pending` began."""
    going_back: bool = False
    """`pending` is an earlier release: this is a rollback."""

    def settled(self) -> "StageRecord":
        return self.with_(pending=None, parameters={}, going_back=False)

    def with_current(self, release: str, by: str, at: Any) -> "StageRecord":
        before = (self.current, *self.previous) if self.current else self.previous
        kept = tuple(name for name in before if name and name != release)[:KEPT_RELEASES]
        return self.settled().with_(current=release, previous=kept, by=by, at=at)


def bucket_name(account: str) -> str:
    return f"haulway-artifacts-{account}"


class Artifacts:
    """One bucket for all stages of an account, so that promoting copies nothing."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3, self.bucket = s3, bucket

    def ensure(self, region: str) -> None:
        """Create the bucket if it is missing: private, encrypted, versioned."""
        try:
            self.s3.head_bucket(Bucket=self.bucket)
            return
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                raise
        place = {} if region == "us-east-1" else {"LocationConstraint": region}
        self.s3.create_bucket(
            Bucket=self.bucket, **({"CreateBucketConfiguration": place} if place else {})
        )
        self.s3.put_public_access_block(
            Bucket=self.bucket,
            PublicAccessBlockConfiguration=dict.fromkeys(
                (
                    "BlockPublicAcls",
                    "IgnorePublicAcls",
                    "BlockPublicPolicy",
                    "RestrictPublicBuckets",
                ),
                True,
            ),
        )
        self.s3.put_bucket_encryption(
            Bucket=self.bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )

    def add(self, contents: Mapping[str, bytes]) -> list[str]:
        """Upload what is missing, several objects at once. Returns the uploaded keys."""
        new = sorted(contents.keys() - self._known({key.partition("/")[0] for key in contents}))
        with ThreadPoolExecutor(AT_ONCE) as uploads:
            list(uploads.map(lambda key: self._put(key, contents[key]), new))
        return new

    def get(self, key: str) -> bytes:
        """Raises Tampered if the content does not match its key."""
        content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        kind, _, name = key.partition("/")
        if address(kind, content) != f"{kind}/{name.partition('.')[0]}":
            raise Tampered(f"the content of {key} in {self.bucket} does not match its name")
        return content

    def release(self, name: str) -> Release:
        """Raises Tampered, or LookupError if there is no such release."""
        body = self._read(f"releases/{name}.json")
        if body is None:
            raise LookupError(f"no release {name} in {self.bucket}")
        release = Release.model_validate_json(body)
        if release.name != name:
            raise Tampered(
                f"the content of release {name} in {self.bucket} does not match its name"
            )
        return release

    def add_release(self, release: Release) -> None:
        self._put(f"releases/{release.name}.json", release.to_bytes())

    def record(self, stage: str) -> StageRecord:
        body = self._read(f"stages/{stage}.json")
        return StageRecord.model_validate_json(body) if body else StageRecord()

    def write_record(self, stage: str, record: StageRecord) -> None:
        """Only the holder of the stage's lock may write."""
        self._put(f"stages/{stage}.json", record.model_dump_json(indent=1).encode() + b"\n")

    def url(self, key: str) -> str:
        signed: str = self.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}
        )
        return signed.partition("?")[0]

    def _read(self, key: str) -> bytes | None:
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        body: bytes = answer["Body"].read()
        return body

    def _put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def _known(self, kinds: set[str]) -> set[str]:
        listing = self.s3.get_paginator("list_objects_v2")
        return {
            item["Key"]
            for kind in kinds
            for page in listing.paginate(Bucket=self.bucket, Prefix=f"{kind}/")
            for item in page.get("Contents", ())
        }
