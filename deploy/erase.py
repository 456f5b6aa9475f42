"""Erases everything stored about a job or a phone number, with all earlier versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from functions.aws.conversations import S3Conversations, folder_of, list_key
from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.job_index import DynamoJobIndex
from functions.aws.messages import S3PhoneRecords
from functions.aws.s3_stores import S3Objects, S3Tenants
from functions.messages.conversations import change_list
from functions.messages.phone_numbers import PhoneRecord, change_phone_record, digest_of
from functions.protocol.compare_and_swap import ATTEMPTS
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from functions.views.job_index import IndexJob
from statemachine.business.business import SHARED
from statemachine.job.deliveries import Delivery, masked_phone
from statemachine.job.job import Job
from statemachine.values.ids import digest_of as digest_of_token
from statemachine.views.views import photo_path

AT_ONCE = 1000
"""Keys in one call (S3 API, DeleteObjects)."""

Client = Callable[[str], Any]
"""A service's client by the service's name."""


def erase_job(client: Client, outputs: Mapping[str, str], job: Job) -> int:
    """Erase object, index entries, deliveries, view, and photos. Returns the number of versions.

    The index keeps a count of the erased jobs of each day, without persons.

    The board drops an ended job's card after two days. Copies of photos at the edge and in
    browsers expire within a day, by their Cache-Control header.
    """
    s3, folder = client("s3"), f"tenants/{job.tenant}"
    private = [
        f"{folder}/open/{job.job_id}",
        f"{folder}/stuck/{job.job_id}.json",
        f"{folder}/deliveries/{job.job_id}/",
        f"uploads/{job.tenant}/{job.job_id}/",
        # Last: if this is interrupted, the job can still be found and erased again.
        f"{folder}/jobs/{job.job_id}.json",
    ]
    public = [photo_path(photo.photo_id).lstrip("/") for photo in job.photos]
    public += [f"t/{digest}.json" for digest in (digest_of_token(job.token), *job.link.former)]
    DynamoCrewLocations(client("dynamodb"), outputs["CrewRosterTable"]).delete(
        job.tenant, job.job_id
    )
    index_job = IndexJob(DynamoJobIndex(client("dynamodb"), outputs["JobIndexTable"]))
    settings = S3Tenants(s3, outputs["JobsBucket"]).read(job.tenant)
    zone = ZoneInfo(settings.time_zone)
    index_job.erase(job.tenant, job.job_id, zone)
    erased = sum(purge(s3, outputs["SiteBucket"], key) for key in public)
    erased += sum(purge(s3, outputs["JobsBucket"], prefix) for prefix in private)
    index_job.remove(job.tenant, job.job_id)  # a late message may have entered it again
    return erased


def invalidate_views(client: Client, outputs: Mapping[str, str]) -> None:
    """Remove views and photos from the edge's cache. A wildcard, so that the list of invalidations
    contains no one's link."""
    client("cloudfront").create_invalidation(
        DistributionId=outputs["DistributionId"],
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/t/*"]},
            "CallerReference": f"erased-{uuid4().hex}",
        },
    )


@dataclass(frozen=True)
class NumberErased:
    objects: int
    opt_out_kept: bool


def erase_number(s3: Any, bucket: str, tenant: str, phone: str) -> NumberErased:
    """Erase the record of a phone number, its conversation, and the answers to its texts.

    A STOP stays: a person who was erased and has asked for no texts must get none after the next
    booking. It is first written without the rest, then all earlier versions are deleted:

        here       read ── PUT if match: only STOP ── list ── delete all but the latest
        customer                                              STOP or START again ── PUT if match

    Answers contain only the last four digits of their number; those of all such numbers are erased.
    Raises Unavailable if texts kept changing the record.
    """
    erased = erase_answers(s3, bucket, tenant, masked_phone(phone))
    erased += _leave_shared(s3, bucket, tenant, phone)
    left = erase_digest(s3, bucket, tenant, digest_of(tenant, phone))
    return NumberErased(erased + left.objects, left.opt_out_kept)


def _leave_shared(s3: Any, bucket: str, tenant: str, phone: str) -> int:
    """Take the business out of what the shared number knows of this one; erase that if it knows
    nothing else. Raises Unavailable."""
    numbers = S3PhoneRecords(s3, bucket)
    if numbers.read(SHARED, digest_of(SHARED, phone)) is None:
        return 0
    left = change_phone_record(numbers, SHARED, phone, lambda number: number.left_by(tenant))
    return 0 if left.businesses else erase_digest(s3, bucket, SHARED, left.digest).objects


def erase_digest(s3: Any, bucket: str, tenant: str, digest: str) -> NumberErased:
    """The same for a number that is known only by its digest. Raises Unavailable."""
    erased, numbers = _erase_conversation(s3, bucket, tenant, digest), S3PhoneRecords(s3, bucket)
    for _ in range(ATTEMPTS):
        stored = numbers.read(tenant, digest)
        known, etag = (stored.value, stored.etag) if stored else (None, None)
        kept = _only_opt_out(known) if known else None
        try:
            if kept and known != kept:
                numbers.write(kept.with_(version=kept.version + 1), etag)
                continue
            erased += _purge_number(s3, bucket, tenant, digest, etag, kept is not None)
        except Conflict:
            continue
        return NumberErased(erased, kept is not None)
    raise Unavailable("texts keep arriving from this number; erase again in a minute")


def _erase_conversation(s3: Any, bucket: str, tenant: str, digest: str) -> int:
    """Also takes it out of the list of conversations, whose earlier versions show it. Raises
    Unavailable."""
    if tenant == SHARED:  # conversations are with businesses
        return 0
    erased = purge(s3, bucket, f"{folder_of(tenant)}{digest}/")
    conversations = S3Conversations(s3, bucket)
    if conversations.read_list(tenant):
        change_list(conversations, tenant, lambda listed: listed.without(digest))
        erased += purge_older(s3, bucket, list_key(tenant))
    return erased


def _only_opt_out(known: PhoneRecord) -> PhoneRecord | None:
    if not known.stopped:
        return None
    return PhoneRecord(
        tenant=known.tenant, digest=known.digest, version=known.version, stopped_at=known.stopped_at
    )


def _purge_number(
    s3: Any, bucket: str, tenant: str, digest: str, etag: str | None, keep_latest: bool
) -> int:
    """Raises Conflict if the latest version is not the one with `etag`, which was read."""
    versions = list(_versions(s3, bucket, f"tenants/{tenant}/numbers/{digest}.json"))
    latest = next((each for each in versions if each["IsLatest"]), {})
    if latest.get("ETag") != etag:
        raise Conflict(digest)
    return _delete(s3, bucket, (v for v in versions if not (keep_latest and v is latest)))


def erase_answers(s3: Any, bucket: str, tenant: str, mask: str) -> int:
    """Erase the answers to texts of every number with that mask."""
    objects, prefix = S3Objects(s3, bucket), f"tenants/{tenant}/deliveries/replies/"
    ours = [key for key in objects.keys(prefix) if _is_to(objects, prefix + key, mask)]
    return sum(purge(s3, bucket, prefix + key) for key in ours)


def _is_to(objects: S3Objects, key: str, mask: str) -> bool:
    """False for an answer that cannot be read: it must not stop the erasure of others."""
    try:
        stored = objects.load(key, Delivery)
    except Corrupt:
        return False
    return stored is not None and stored.value.to == mask


def purge_older(s3: Any, bucket: str, key: str) -> int:
    """Delete all versions of `key` except the current one."""
    versions = (v for v in _versions(s3, bucket, key) if v["Key"] == key and not v["IsLatest"])
    return _delete(s3, bucket, versions)


def purge(s3: Any, bucket: str, prefix: str) -> int:
    """Delete every version and delete marker of the keys with that prefix."""
    return _delete(s3, bucket, _versions(s3, bucket, prefix))


def _delete(s3: Any, bucket: str, versions: Iterable[Mapping[str, Any]]) -> int:
    listed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    for start in range(0, len(listed), AT_ONCE):
        batch = {"Objects": listed[start : start + AT_ONCE], "Quiet": True}
        answer = s3.delete_objects(Bucket=bucket, Delete=batch)
        if failed := answer.get("Errors"):
            raise OSError(f"{len(failed)} objects could not be erased: {failed[0]['Message']}")
    return len(listed)


def _versions(s3: Any, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Versions and delete markers; a marker has no ETag."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind in ("Versions", "DeleteMarkers"):
            yield from page.get(kind, ())
