"""Everything there is of a job or a person, taken away with all its earlier versions."""

from collections.abc import Iterator, Mapping
from typing import Any

from statemachine.identity import digest_of
from statemachine.job import Job
from statemachine.views import photo_path

AT_ONCE = 1000
"""Keys in one call (S3 API, DeleteObjects)."""


def erase_job(s3: Any, outputs: Mapping[str, str], job: Job) -> int:
    """Object, index entry, deliveries, view, photos, every version of each; how many there were.

    The board forgets an ended job two days after its end and holds no more than its card. Copies
    of photos at the edge and in browsers end within a day, by what the photos say of themselves.
    """
    folder = f"tenants/{job.tenant}"
    private = [
        f"{folder}/jobs/{job.job_id}.json",
        f"{folder}/open/{job.job_id}",
        f"{folder}/stuck/{job.job_id}.json",
        f"{folder}/deliveries/{job.job_id}/",
        f"uploads/{job.tenant}/{job.job_id}/",
    ]
    public = [
        f"t/{digest_of(job.token)}.json",
        *(photo_path(photo.photo_id).removeprefix("/") for photo in job.photos),
    ]
    erased = sum(purge(s3, outputs["JobsBucket"], prefix) for prefix in private)
    return erased + sum(purge(s3, outputs["SiteBucket"], prefix) for prefix in public)


def purge(s3: Any, bucket: str, prefix: str) -> int:
    """Delete every version, and every mark of deletion, of what begins so."""
    doomed = list(_versions(s3, bucket, prefix))
    for start in range(0, len(doomed), AT_ONCE):
        batch = {"Objects": doomed[start : start + AT_ONCE], "Quiet": True}
        answer = s3.delete_objects(Bucket=bucket, Delete=batch)
        if failed := answer.get("Errors"):
            raise OSError(f"{len(failed)} objects could not be erased: {failed[0]['Message']}")
    return len(doomed)


def _versions(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind in ("Versions", "DeleteMarkers"):
            for each in page.get(kind, ()):
                yield {"Key": each["Key"], "VersionId": each["VersionId"]}
