"""`haul export`, `haul import`: all jobs of a business as a file, with their photos."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, TextIO
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.markup import escape

from cli.client.connection import Connection
from cli.data.audit_log import audited
from cli.data.conversation_file import ConversationFile, lines_of
from cli.data.derived import index_job_of, publish_board_of
from cli.data.photo_folder import PhotoFolder
from cli.data.reservations import crew_assignment, renew_reservations
from cli.output.output import CliError, UsageError, console, print_json, report_errors
from functions.aws.link_ends import S3LinkEnds
from functions.aws.s3_stores import S3Jobs, S3Views
from functions.protocol.clock import utc_now
from functions.protocol.field_errors import field_errors
from functions.protocol.ports import Conflict, Jobs, UnknownJob
from functions.protocol.read_each import Unreadable, read_each
from functions.views.write_view import write_view
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job.bounds import check_imported
from statemachine.job.job import Execution, Job
from statemachine.job.stored_job_check import contradiction_in
from statemachine.rules.link import link_ends_at

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VIEW_TTL_S = 60


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file; it gets one job per line, as JSON.")],
    as_json: Json = False,
) -> None:
    """Write all jobs of the business to FILE, with photos and conversations beside it.

    Photos are in the folder FILE.photos, conversations with customers in FILE.conversations.
    Times are by the business's clock, with its difference from UTC: 2026-11-23T08:00:00.000-05:00.
    The files contain names, phone numbers, tracking links, and pictures of homes: keep them safe.
    """
    with report_errors():
        jobs, photos = _jobs(context.obj.connection), PhotoFolder(context.obj.connection, file)
        with _new_file(file) as out, audited(context, "export", {}) as done:
            count, unreadable = 0, dict[str, str]()
            tenant = context.obj.tenant
            for job in read_each(jobs, tenant, jobs.all_ids(tenant)):
                if isinstance(job, Unreadable):
                    unreadable[job.job_id] = job.why
                    continue
                out.write(exported(job, context.obj.zone) + "\n")
                photos.save(job)
                count += 1
            conversations = ConversationFile(context.obj.connection, file)
            conversations.save(tenant)
            done |= {
                "jobs": count, "photos": photos.copied, "photos_missing": photos.missing,
                "unreadable": sorted(unreadable), "conversations": conversations.copied,
                "unreadable_conversations": conversations.unreadable,
            }  # fmt: skip
        if as_json:
            print_json(done)
        else:
            console.print(f"{count} jobs are in {file}{_photos_beside(photos)}.")
        if unreadable:
            raise CliError(
                f"{len(unreadable)} jobs cannot be read and are not in the file: "
                f"{', '.join(sorted(unreadable))}; `haul explain JOB` says why"
            )
        if conversations.unreadable:
            raise CliError(
                f"{len(conversations.unreadable)} conversations cannot be read and are not in "
                f"{conversations.path}"
            )


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `haul export` wrote.", exists=True)],
    as_json: Json = False,
) -> None:
    """Import jobs from FILE, with the photos and conversations beside it.

    What exists already stays unchanged; open jobs continue. If it is interrupted, run it again.
    Jobs that another business of this stage still has are refused.
    """
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        jobs, imported = _jobs(connection), jobs_in(file)
        for each in imported:
            _refuse_shared(jobs, each, tenant)
        views = S3Views(connection.client("s3"), connection.outputs["SiteBucket"], VIEW_TTL_S)
        link_ends = S3LinkEnds(connection.client("s3"), connection.outputs["JobsBucket"])
        photos = PhotoFolder(connection, file)
        crew, double_booked = crew_assignment(connection), list[str]()
        index_job = index_job_of(connection)
        now, created, existing = utc_now(), 0, 0
        with audited(context, "import", {}) as done:
            for each in imported:
                job = _as_imported(each, tenant, now)
                if not load_flow(job.flow).status(job.status).terminal:
                    jobs.mark_open(tenant, job.job_id)
                try:
                    jobs.create(job)
                    created += 1
                except Conflict:  # perhaps created by an interrupted import: finish that one
                    existing += 1
                    job = jobs.read(tenant, job.job_id).value
                photos.upload(job)
                write_view(views, job, load_flow(job.flow), now)
                if ends_at := link_ends_at(job):
                    link_ends.add(tenant, job.job_id, ends_at)
                index_job(job)
                double_booked += renew_reservations(crew, job, now)
            conversations = ConversationFile(connection, file)
            conversations.upload(tenant)
            publish_board_of(connection).rebuild(tenant, now)
            done |= {
                "jobs": created, "existing": existing, "photos": photos.copied,
                "photos_existing": photos.existing, "photos_missing": photos.missing,
                "conversations": conversations.copied,
            }  # fmt: skip
        if as_json:
            print_json({**done, "double_booked": double_booked})
            return
        imported_text = f"{created} jobs were imported{_photos_beside(photos)}"
        console.print(f"{imported_text}; {existing} existed already.")
        for sentence in double_booked:
            console.print(f"[red]{escape(sentence)}[/]")


def exported(job: Job, zone: ZoneInfo) -> str:
    """One line of JSON, from which the same job can be read. Times are by that zone's clock."""

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).isoformat(timespec="milliseconds")

    return json.dumps(job.model_dump(exclude_none=True), default=local, ensure_ascii=False)


def jobs_in(file: Path) -> list[Job]:
    """All jobs at once, so that a file with a bad line changes nothing. Raises UsageError."""
    try:
        lines = lines_of(file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    return [_job_in(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]


def _job_in(line: str, where: str) -> Job:
    try:
        job = Job.model_validate_json(line)
        check_imported(job)
        load_flow(job.flow).status(job.status)
    except ValidationError as error:
        why = "; ".join(field_errors(error))
        raise UsageError(f"{where}: {why}; nothing was imported") from error
    except UnknownFlow as error:
        raise UsageError(f"{where}: {error}; nothing was imported") from error
    if fault := contradiction_in(job, job.tenant, job.job_id):
        raise UsageError(f"{where}: {fault}; nothing was imported")
    return job


def _refuse_shared(jobs: Jobs, job: Job, tenant: str) -> None:
    """Raises CliError if another business here still has that very job: both would have one view
    and the same photos, which the first of them to be erased would take from the other."""
    if job.tenant == tenant:
        return
    try:
        there = jobs.read(job.tenant, job.job_id).value
    except UnknownJob:
        return
    if there.token == job.token:
        raise CliError(
            f"{job.tenant} has the job {job.job_id} here too, with the same link and photos; "
            f"nothing was imported. Keep the file and its photos, and erase the job there first "
            f"(haul business erase {job.tenant}, or haul --tenant {job.tenant} erase --customer "
            f"NAME), or import into another stage"
        )


def _as_imported(job: Job, tenant: str, now: datetime) -> Job:
    """Without its former execution: the watchdog starts the next generation."""
    if load_flow(job.flow).status(job.status).terminal:
        return job.with_(tenant=tenant, wait=None)
    following = Execution(generation=job.execution.generation + 1, seq=job.execution.seq, since=now)
    return job.with_(tenant=tenant, wait=None, execution=following)


def _photos_beside(photos: PhotoFolder) -> str:
    missing = f" ({photos.missing} photos are missing)" if photos.missing else ""
    return (
        f", {photos.copied} photos in {photos.file}.photos{missing}" if photos.copied else missing
    )


def _jobs(connection: Connection) -> S3Jobs:
    return S3Jobs(connection.client("s3"), connection.outputs["JobsBucket"])


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    """A file that only its owner may read. Raises CliError, UsageError."""
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            yield out
    except FileExistsError:
        raise CliError(f"{file} exists; choose another name") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
