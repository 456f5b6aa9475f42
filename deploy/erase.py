"""Everything there is of a job or a person, taken away with all its earlier versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.messages import S3PhoneRecords
from functions.aws.s3_stores import S3Objects
from functions.messages.phone_numbers import PhoneRecord, digest_of
from functions.protocol.compare_and_swap import ATTEMPTS
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.deliveries import Delivery, masked_phone
from statemachine.ids import digest_of as digest_of_token
from statemachine.job import Job
from statemachine.views import photo_path

AT_ONCE = 1000
"""Keys in one call (S3 API, DeleteObjects)."""

Client = Callable[[str], Any]
"""A service's client by the service's name."""


def erase_job(client: Client, outputs: Mapping[str, str], job: Job) -> int:
    """Object, index entry, deliveries, view, photos, every version of each; how many there were.

    The board forgets an ended job two days after its end and holds no more than its card. Copies
    of photos at the edge and in browsers end within a day, by what the photos say of themselves.
    """
    s3, folder = client("s3"), f"tenants/{job.tenant}"
    private = [
        f"{folder}/open/{job.job_id}",
        f"{folder}/stuck/{job.job_id}.json",
        f"{folder}/deliveries/{job.job_id}/",
        f"uploads/{job.tenant}/{job.job_id}/",
        # The last one: where this was cut short, the job is found again and erased to its end.
        f"{folder}/jobs/{job.job_id}.json",
    ]
    public = [photo_path(photo.photo_id).lstrip("/") for photo in job.photos]
    public.append(f"t/{digest_of_token(job.token)}.json")
    DynamoCrewLocations(client("dynamodb"), outputs["CrewRosterTable"]).delete(
        job.tenant, job.job_id
    )
    erased = sum(purge(s3, outputs["SiteBucket"], key) for key in public)
    return erased + sum(purge(s3, outputs["JobsBucket"], prefix) for prefix in private)


def invalidate_views(client: Client, outputs: Mapping[str, str]) -> None:
    """Photos are kept at the edge for a day. By one wildcard, so that the list of what was
    invalidated names no one's link."""
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
    """What is kept by the hash of a phone number, and the answers to its texts.

    A STOP stays, alone: who was erased and has asked for no texts must not be sent any by the next
    booking. It is first written without the rest, then all before it goes:

        here       read ── PUT if match: STOP alone ── list ── delete all but the latest
        customer                                              STOP or START again ── PUT if match

    Answers name their number by its last four digits only; those of all such numbers are erased.
    Raises Unavailable where texts kept changing what is known.
    """
    erased = erase_answers(s3, bucket, tenant, masked_phone(phone))
    left = erase_digest(s3, bucket, tenant, digest_of(tenant, phone))
    return NumberErased(erased + left.objects, left.opt_out_kept)


def erase_digest(s3: Any, bucket: str, tenant: str, digest: str) -> NumberErased:
    """The same for a number of which only the digest is known. Raises Unavailable."""
    erased, numbers = 0, S3PhoneRecords(s3, bucket)
    for _ in range(ATTEMPTS):
        stored = numbers.read(tenant, digest)
        known, etag = (stored.value, stored.etag) if stored else (None, None)
        kept = _opt_out_alone(known) if known else None
        try:
            if kept and known != kept:
                numbers.write(kept.with_(rev=kept.rev + 1), etag)
                continue
            erased += _purge_number(s3, bucket, tenant, digest, etag, kept is not None)
        except Conflict:
            continue
        return NumberErased(erased, kept is not None)
    raise Unavailable("texts keep coming from that number; erase again in a minute")


def _opt_out_alone(known: PhoneRecord) -> PhoneRecord | None:
    if not known.stopped:
        return None
    return PhoneRecord(
        tenant=known.tenant, digest=known.digest, rev=known.rev, stopped_at=known.stopped_at
    )


def _purge_number(
    s3: Any, bucket: str, tenant: str, digest: str, etag: str | None, keep_latest: bool
) -> int:
    """Raises Conflict where the latest version is not the one that was read, with `etag`."""
    versions = list(_versions(s3, bucket, f"tenants/{tenant}/numbers/{digest}.json"))
    latest = next((each for each in versions if each["IsLatest"]), {})
    if latest.get("ETag") != etag:
        raise Conflict(digest)
    return _delete(s3, bucket, (v for v in versions if not (keep_latest and v is latest)))


def erase_answers(s3: Any, bucket: str, tenant: str, mask: str) -> int:
    """The answers to texts of every number that is masked_phone so."""
    objects, prefix = S3Objects(s3, bucket), f"tenants/{tenant}/deliveries/replies/"
    ours = [key for key in objects.keys(prefix) if _is_to(objects, prefix + key, mask)]
    return sum(purge(s3, bucket, prefix + key) for key in ours)


def _is_to(objects: S3Objects, key: str, mask: str) -> bool:
    """One that cannot be read is no one's, and stops no one's from being erased."""
    try:
        stored = objects.load(key, Delivery)
    except Corrupt:
        return False
    return stored is not None and stored.value.to == mask


def purge_older(s3: Any, bucket: str, key: str) -> int:
    """Delete all versions of `key` but the one that is there now."""
    versions = (v for v in _versions(s3, bucket, key) if v["Key"] == key and not v["IsLatest"])
    return _delete(s3, bucket, versions)


def purge(s3: Any, bucket: str, prefix: str) -> int:
    """Delete every version, and every mark of deletion, of what begins so."""
    return _delete(s3, bucket, _versions(s3, bucket, prefix))


def _delete(s3: Any, bucket: str, versions: Iterable[Mapping[str, Any]]) -> int:
    doomed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]
    for start in range(0, len(doomed), AT_ONCE):
        batch = {"Objects": doomed[start : start + AT_ONCE], "Quiet": True}
        answer = s3.delete_objects(Bucket=bucket, Delete=batch)
        if failed := answer.get("Errors"):
            raise OSError(f"{len(failed)} objects could not be erased: {failed[0]['Message']}")
    return len(doomed)


def _versions(s3: Any, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Versions and marks of deletion; a mark has no ETag."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind in ("Versions", "DeleteMarkers"):
            yield from page.get(kind, ())
