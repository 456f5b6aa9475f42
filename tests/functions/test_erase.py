"""Erasing a job takes all that there is of it, and nothing of another."""

from typing import Any

from deploy.erase import erase_job
from statemachine.identity import digest_of
from statemachine.job import Job, Photo
from statemachine.proof import photo_id_of, with_photo
from tests.builders import CREW, NOON, a_job
from tests.functions.conftest import Moto


def a_photographed_job(**values: str) -> Job:
    job = a_job("completed", **values)
    photo = Photo(
        event_id="photo-1",
        actor=CREW,
        photo_id=photo_id_of(job, "photo-1"),
        kind="after",
        taken_at=NOON,
        recorded_at=NOON,
    )
    return with_photo(job, photo)


def keys_of(job: Job) -> tuple[list[str], list[str]]:
    """What there is of a job in the private bucket and in that of the site."""
    photo_id = job.photos[0].photo_id
    private = [
        f"tenants/main/jobs/{job.job_id}.json",
        f"tenants/main/deliveries/{job.job_id}/1-sms-customer.json",
        f"uploads/main/{job.job_id}/{photo_id}",
    ]
    return private, [f"t/{digest_of(job.token)}.json", f"t/p/{photo_id}.jpg"]


def test_photos_uploads_and_their_earlier_versions_are_erased_with_the_job(moto: Moto) -> None:
    s3, outputs = moto.s3, {"JobsBucket": moto.bucket(), "SiteBucket": moto.bucket()}
    for bucket in outputs.values():
        versions: Any = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
    doomed = a_photographed_job()
    kept = a_photographed_job(job_id="261121-000001", token="x" * 22)
    for job in (doomed, kept):
        for bucket, keys in zip(outputs.values(), keys_of(job), strict=True):
            for key in keys:
                s3.put_object(Bucket=bucket, Key=key, Body=b"1")
                s3.put_object(Bucket=bucket, Key=key, Body=b"2")
        s3.delete_object(Bucket=outputs["JobsBucket"], Key=keys_of(job)[0][-1])
    assert erase_job(s3, outputs, doomed) == 11
    left = [
        {each["Key"] for each in s3.list_object_versions(Bucket=bucket)["Versions"]}
        for bucket in outputs.values()
    ]
    assert left == [set(keys) for keys in keys_of(kept)]
