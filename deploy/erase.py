"""Everything there is of a job or a person, taken away with all its earlier versions."""

from collections.abc import Iterator, Mapping
from typing import Any

from statemachine.identity import digest_of
from statemachine.job import Job

AT_ONCE = 1000
"""Keys in one call (S3 API, DeleteObjects)."""


def erase_job(s3: Any, outputs: Mapping[str, str], job: Job) -> int:
    """Object, index entry, deliveries, view, and every version of each; how many there were.

    The board forgets an ended job two days after its end and holds no more than its card.
    """
    folder = f"tenants/{job.tenant}"
    private = [
        f"{folder}/jobs/{job.job_id}.json",
        f"{folder}/open/{job.job_id}",
        f"{folder}/stuck/{job.job_id}.json",
        f"{folder}/deliveries/{job.job_id}/",
        f"{folder}/photos/{job.job_id}/",
    ]
    erased = sum(purge(s3, outputs["JobsBucket"], prefix) for prefix in private)
    return erased + purge(s3, outputs["SiteBucket"], f"t/{digest_of(job.token)}.json")


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
