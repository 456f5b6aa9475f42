"""`haul export`, `haul import`: the data is the business's and its customers'."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, TextIO

import typer
from pydantic import ValidationError
from rich.markup import escape

from cli.audit import audited
from cli.client.connection import Connection
from cli.output.output import CliError, UsageError, console, print_json, report_errors
from cli.output.photo_folder import PhotoFolder
from cli.reservations import assignment, reserved_again
from functions.aws.s3_stores import S3Boards, S3Jobs, S3Views
from functions.protocol.field_errors import field_errors
from functions.protocol.ports import Conflict
from functions.protocol.read_each import Unreadable, read_each
from functions.views.board import PublishBoard
from functions.views.write_view import write_view
from statemachine.bounds import check_imported
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job import Execution, Job

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VIEW_TTL_S = 60


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One job a line, as JSON; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Write every job of the business into a file, its photos into FILE.photos.

    They hold names, phones, links and pictures of people's homes: guard them.
    """
    with report_errors():
        jobs, photos = _jobs(context.obj.place), PhotoFolder(context.obj.place, file)
        with _new_file(file) as out, audited(context, "export", {}) as done:
            count, unreadable = 0, dict[str, str]()
            tenant = context.obj.tenant
            for job in read_each(jobs, tenant, jobs.all_ids(tenant)):
                if isinstance(job, Unreadable):
                    unreadable[job.job_id] = job.why
                    continue
                out.write(job.model_dump_json(exclude_none=True) + "\n")
                photos.save(job)
                count += 1
            done |= {
                "jobs": count, "photos": photos.carried, "photos_missing": photos.missing,
                "unreadable": sorted(unreadable),
            }  # fmt: skip
        if as_json:
            print_json(done)
        else:
            console.print(f"{count} jobs are in {file}{_photos_beside(photos)}.")
        if unreadable:
            raise CliError(
                f"{len(unreadable)} jobs cannot be read and are not in the file: "
                f"{', '.join(sorted(unreadable))}; `haul explain JOB` tells why"
            )


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `haul export` wrote.", exists=True)],
    as_json: Json = False,
) -> None:
    """Bring jobs from a file, and their photos from beside it. One that is there already is left
    as it is; open ones go on. Repeat it where it was cut off."""
    with report_errors():
        place, tenant = context.obj.place, context.obj.tenant
        jobs = _jobs(place)
        views = S3Views(place.client("s3"), place.outputs["SiteBucket"], VIEW_TTL_S)
        photos = PhotoFolder(place, file)
        crew, taken = assignment(place), list[str]()
        arriving = _jobs_in(file)
        now, brought, there = datetime.now(timezone.utc), 0, 0
        with audited(context, "import", {}) as done:
            for each in arriving:
                job = _arriving(each, tenant, now)
                if not load_flow(job.flow).status(job.status).terminal:
                    jobs.mark_open(tenant, job.job_id)
                try:
                    jobs.create(job)
                    brought += 1
                except Conflict:  # perhaps by an import that was cut off: that is done to its end
                    there += 1
                    job = jobs.read(tenant, job.job_id).value
                photos.bring(job)
                write_view(views, job, load_flow(job.flow))
                taken += reserved_again(crew, job, now)
            boards = S3Boards(place.client("s3"), place.outputs["JobsBucket"])
            PublishBoard(jobs, boards).rebuild(tenant, now)
            done |= {
                "jobs": brought, "there_before": there,
                "photos": photos.carried, "photos_missing": photos.missing,
            }  # fmt: skip
        if as_json:
            print_json({**done, "on_two_jobs": taken})
            return
        came = f"{brought} jobs were brought{_photos_beside(photos)}"
        console.print(f"{came}; {there} were there before.")
        for sentence in taken:
            console.print(f"[red]{escape(sentence)}[/]")


def _jobs_in(file: Path) -> list[Job]:
    """All of them, so that a file with a bad line changes nothing. Raises UsageError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    return [_job_in(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]


def _job_in(line: str, where: str) -> Job:
    try:
        job = Job.model_validate_json(line)
        check_imported(job)
        load_flow(job.flow)
    except ValidationError as error:
        why = "; ".join(field_errors(error))
        raise UsageError(f"{where}: {why}; nothing was imported") from error
    except UnknownFlow as error:
        raise UsageError(f"{where}: {error}; nothing was imported") from error
    return job


def _arriving(job: Job, tenant: str, now: datetime) -> Job:
    """Without the execution that followed it elsewhere: the watchdog starts the next generation."""
    if load_flow(job.flow).status(job.status).terminal:
        return job.with_(tenant=tenant, wait=None)
    following = Execution(generation=job.execution.generation + 1, seq=job.execution.seq, since=now)
    return job.with_(tenant=tenant, wait=None, execution=following)


def _photos_beside(photos: PhotoFolder) -> str:
    missing = f" ({photos.missing} were not there)" if photos.missing else ""
    return (
        f", {photos.carried} photos in {photos.file}.photos{missing}" if photos.carried else missing
    )


def _jobs(place: Connection) -> S3Jobs:
    return S3Jobs(place.client("s3"), place.outputs["JobsBucket"])


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    """For its owner alone. Raises CliError, UsageError."""
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            yield out
    except FileExistsError:
        raise CliError(f"{file} exists; choose another name") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
