"""`haul job photo`: add a photo from a file as proof of service."""

import hashlib
import mimetypes
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, get_args

import typer

from cli.data.option_values import JobArg, Json
from cli.output.output import UsageError, console, print_json, report_errors
from statemachine.job.job import WorkPhotoKind


def photo(
    context: typer.Context,
    job: JobArg,
    file: Annotated[Path, typer.Argument(help="JPEG, PNG or WebP.", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="before, after, or attempt (of one that failed).")],
    as_json: Json = False,
) -> None:
    """Add a photo to a job, through the site's API. Adding the same file again has no effect."""
    with report_errors():
        if context.obj.api is None:
            raise UsageError("photos need the site's API: haul --api https://… job photo …")
        document = context.obj.api_client.add_photo(
            job, photo_request_body(file, kind), file.read_bytes()
        )
        if as_json:
            print_json(document)
        else:
            count = len(document.photos)
            console.print(f"[bold]{job}[/] now has {count} photo{'s' if count > 1 else ''}.")


def photo_request_body(file: Path, kind: str) -> dict[str, object]:
    """The event id is derived from kind and content, so the same file is the same photo."""
    if kind not in get_args(WorkPhotoKind):
        raise UsageError(f"--kind {kind!r}: write before, after, or attempt")
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:32]
    taken_at = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    return {
        "event_id": f"cli-photo-{kind}-{digest}",
        "occurred_at": taken_at.isoformat(),
        "kind": kind,
        "media_type": mimetypes.guess_type(file.name, strict=False)[0] or "",
        "bytes": len(content),
    }
