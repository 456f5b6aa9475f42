"""The photos of exported jobs: a folder beside the file, one JPEG per photo, named by its id."""

from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError

from cli.client.connection import Connection
from functions.aws.errors import LOST_RACE, MISSING, code_of
from functions.aws.photos import CACHING
from statemachine.job.job import Job
from statemachine.views.views import photo_path


@dataclass
class PhotoFolder:
    """`FILE.photos`. A photo is missing, for example, if it was announced but never uploaded.

    An import leaves photos that are stored already as they are, and counts them as `existing`.
    """

    connection: Connection
    file: Path
    copied: int = field(default=0, init=False)
    existing: int = field(default=0, init=False)
    missing: int = field(default=0, init=False)

    def save(self, job: Job) -> None:
        for photo in job.photos:
            body = self._stored(photo.photo_id)
            if body is None:
                self.missing += 1
                continue
            path = self._path(photo.photo_id)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(body)
            self.copied += 1

    def upload(self, job: Job) -> None:
        """Upload the job's photos from the folder, except those that are stored already."""
        for photo in job.photos:
            path = self._path(photo.photo_id)
            if not path.exists():
                self.missing += 1
                continue
            if self._put_if_absent(photo.photo_id, path.read_bytes()):
                self.copied += 1
            else:
                self.existing += 1

    def _path(self, photo_id: str) -> Path:
        return Path(f"{self.file}.photos") / f"{photo_id}.jpg"

    def _stored(self, photo_id: str) -> bytes | None:
        bucket, key = self.connection.outputs["SiteBucket"], photo_path(photo_id).lstrip("/")
        try:
            answer = self.connection.client("s3").get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        body: bytes = answer["Body"].read()
        return body

    def _put_if_absent(self, photo_id: str, body: bytes) -> bool:
        """Whether it was stored now; False if it was stored before. Raises ClientError."""
        try:
            self.connection.client("s3").put_object(
                Bucket=self.connection.outputs["SiteBucket"],
                Key=photo_path(photo_id).lstrip("/"),
                Body=body,
                ContentType="image/jpeg",
                CacheControl=CACHING,
                IfNoneMatch="*",
            )
        except ClientError as error:
            if code_of(error) in LOST_RACE:
                return False
            raise
        return True
