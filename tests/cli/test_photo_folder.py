"""The photos beside an export: what is saved, uploaded, and counted."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from cli.data.photo_folder import PhotoFolder
from statemachine.job.job import Job, Photo
from tests.support.builders import NOON, a_job
from tests.support.moto_server import Moto

KEPT, LOST, NEVER_UPLOADED = (digit * 32 for digit in "abc")


def with_photos(*photo_ids: str) -> Job:
    job = a_job()
    about = {"kind": "after", "taken_at": NOON, "recorded_at": NOON, "actor": job.created_by}
    photos = ({**about, "photo_id": each, "event_id": each} for each in photo_ids)
    return job.with_(photos=tuple(Photo.model_validate(photo) for photo in photos))


def folder(moto: Moto, file: Path, bucket: str) -> PhotoFolder:
    connection = SimpleNamespace(client=moto.client, outputs={"SiteBucket": bucket})
    return PhotoFolder(connection, file)  # type: ignore[arg-type]  # all that it uses


def counts_of(photos: PhotoFolder) -> dict[str, int]:
    return {each: getattr(photos, each) for each in ("copied", "existing", "missing")}


def test_an_import_uploads_what_is_not_stored_and_counts_what_is(
    moto: Moto, tmp_path: Path
) -> None:
    site, file = moto.bucket(), tmp_path / "jobs.jsonl"
    moto.s3.put_object(Bucket=site, Key=f"t/p/{KEPT}.jpg", Body=b"kept")
    moto.s3.put_object(Bucket=site, Key=f"t/p/{LOST}.jpg", Body=b"lost")
    job = with_photos(KEPT, LOST, NEVER_UPLOADED)
    saved = folder(moto, file, site)
    saved.save(job)
    assert counts_of(saved) == {"copied": 2, "existing": 0, "missing": 1}
    moto.s3.delete_object(Bucket=site, Key=f"t/p/{LOST}.jpg")
    again = folder(moto, file, site)
    again.upload(job)
    assert counts_of(again) == {"copied": 1, "existing": 1, "missing": 1}
    assert moto.s3.get_object(Bucket=site, Key=f"t/p/{LOST}.jpg")["Body"].read() == b"lost"


def test_a_photo_that_could_not_be_stored_is_an_error(moto: Moto, tmp_path: Path) -> None:
    site, file = moto.bucket(), tmp_path / "jobs.jsonl"
    moto.s3.put_object(Bucket=site, Key=f"t/p/{KEPT}.jpg", Body=b"kept")
    folder(moto, file, site).save(with_photos(KEPT))
    with pytest.raises(ClientError):
        folder(moto, file, "no-such-bucket").upload(with_photos(KEPT))
