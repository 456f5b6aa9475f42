"""The photos of exported jobs: a folder beside the file, one JPEG per photo, named by its id."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from botocore.exceptions import ClientError

from cli.client.connection import Connection
from functions.aws.errors import MISSING, code_of, conditional_write
from functions.aws.photos import CACHING
from functions.protocol.ports import Conflict
from statemachine.job import Job
from statemachine.views import photo_path


@dataclass
class PhotoFolder:
    """`FILE.photos`. A photo is missing, for example, if it was announced but never uploaded."""

    connection: Connection
    file: Path
    copied: int = field(default=0, init=False)
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
        """Upload the job's photos from the folder; photos that are stored already do not change."""
        for photo in job.photos:
            path = self._path(photo.photo_id)
            if path.exists():
                self._put(photo.photo_id, path.read_bytes())
                self.copied += 1
            else:
                self.missing += 1

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

    def _put(self, photo_id: str, body: bytes) -> None:
        with suppress(Conflict), conditional_write():
            self.connection.client("s3").put_object(
                Bucket=self.connection.outputs["SiteBucket"],
                Key=photo_path(photo_id).lstrip("/"),
                Body=body,
                ContentType="image/jpeg",
                CacheControl=CACHING,
                IfNoneMatch="*",
            )
