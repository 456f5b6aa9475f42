"""`haul export`, `haul import`, `haul erase`: the data is the business's and its customers'."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, TextIO

import typer
from pydantic import ValidationError
from rich.markup import escape

from cli.audit import audited
from cli.claims import assignment, claimed_again
from cli.out import BadInput, Complaint, NotThere, console, print_json, spoken_errors
from cli.photos import PhotoFolder
from cli.place import Place
from deploy.erase import erase_job, erase_number, forget_at_edge, purge
from functions.aws.stores import S3Boards, S3Jobs, S3Views
from functions.inbox import problems
from functions.ports import Conflict, UnknownJob
from functions.publish_board import PublishBoard
from functions.write_view import write_view
from statemachine.bounds import check_imported
from statemachine.flows import UnknownFlow, load_flow
from statemachine.job import Execution, Job

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
VIEW_TTL_S = 60


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One job a line, as JSON; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Write every job of the business into a file, its photos into FILE.photos.

    They hold names, phones, links and pictures of people's homes: guard them.
    """
    with spoken_errors():
        jobs, photos = _jobs(context.obj.place), PhotoFolder(context.obj.place, file)
        with _new_file(file) as out, audited(context, "export", {}) as done:
            count = 0
            for job in _all(jobs, context.obj.tenant):
                out.write(job.model_dump_json(exclude_none=True) + "\n")
                photos.save(job)
                count += 1
            done |= {
                "jobs": count, "photos": photos.carried, "photos_missing": photos.missing
            }  # fmt: skip
        if as_json:
            print_json(done)
        else:
            console.print(f"{count} jobs are in {file}{_photos_beside(photos)}.")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `haul export` wrote.", exists=True)],
    as_json: Json = False,
) -> None:
    """Bring jobs from a file, and their photos from beside it. One that is there already is left
    as it is; open ones go on. Repeat it where it was cut off."""
    with spoken_errors():
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
                taken += claimed_again(crew, job, now)
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
    """All of them, so that a file with a bad line changes nothing. Raises BadInput."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error
    return [_job_in(line, f"{file}, line {number}") for number, line in enumerate(lines, 1)]


def _job_in(line: str, where: str) -> Job:
    try:
        job = Job.model_validate_json(line)
        check_imported(job)
        load_flow(job.flow)
    except ValidationError as error:
        why = "; ".join(problems(error))
        raise BadInput(f"{where}: {why}; nothing was imported") from error
    except UnknownFlow as error:
        raise BadInput(f"{where}: {error}; nothing was imported") from error
    return job


def _arriving(job: Job, tenant: str, now: datetime) -> Job:
    """Without the execution that followed it elsewhere: the watchdog starts the next generation."""
    if load_flow(job.flow).status(job.status).terminal:
        return job.with_(tenant=tenant, wait=None)
    following = Execution(generation=job.execution.generation + 1, seq=job.execution.seq, since=now)
    return job.with_(tenant=tenant, wait=None, execution=following)


def erase(
    context: typer.Context,
    customer: Annotated[str, typer.Option(help="Phone, or the name as it was written.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a customer's ended jobs and number with all versions, and note that it was done.

    Whoever said STOP is still not sent texts: that wish alone stays, under a hash of the number.
    """
    with spoken_errors():
        place, tenant = context.obj.place, context.obj.tenant
        found, others = _of_and_not_of(customer, list(_all(_jobs(place), tenant)))
        phones = _phones(customer, found) - _phones("", others)
        if not found and not phones:
            raise NotThere("no job of that customer; write phone or name as it is in the job")
        open_ = [job.job_id for job in found if not _over(job)]
        if open_:
            raise Complaint(f"still open: {', '.join(open_)}; complete or cancel them first")
        if not yes and not typer.confirm(f"Erase {len(found)} jobs for good?"):
            raise Complaint("nothing was erased")
        with audited(context, "erase", {"jobs": [job.job_id for job in found]}) as done:
            facts = _erased(place, tenant, found, phones)
            done |= facts
        if not found and not facts["objects"] and not facts["opt_outs_kept"]:
            raise NotThere("no job of that phone, and nothing is kept about it")
        if as_json:
            print_json({"jobs": len(found), **facts})
        else:
            console.print(f"{len(found)} jobs are erased, {facts['objects']} objects and versions.")
            if facts["opt_outs_kept"]:
                console.print("The wish for no texts is kept, under a hash of the number.")


def _erased(place: Place, tenant: str, jobs: list[Job], phones: set[str]) -> dict[str, int]:
    """Numbers first: once the jobs are gone, nobody knows them to try again."""
    s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
    numbers = [erase_number(s3, bucket, tenant, phone) for phone in sorted(phones)]
    objects = sum(number.objects for number in numbers)
    if jobs:
        objects += sum(erase_job(place.client, place.outputs, job) for job in jobs)
        objects += _board_without(place, tenant)
        forget_at_edge(place.client, place.outputs)
    return {"objects": objects, "opt_outs_kept": sum(number.opt_out_kept for number in numbers)}


def _of_and_not_of(customer: str, jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    theirs = [job for job in jobs if _is_of(job, customer)]
    return theirs, [job for job in jobs if not _is_of(job, customer)]


def _phones(customer: str, jobs: list[Job]) -> set[str]:
    """The jobs' numbers, and `customer` itself where it is one: its jobs may be long gone."""
    named = {customer.strip()} if PHONE.fullmatch(customer.strip()) else set()
    return named | {job.customer.phone for job in jobs if job.customer.phone}


def _photos_beside(photos: PhotoFolder) -> str:
    missing = f" ({photos.missing} were not there)" if photos.missing else ""
    return (
        f", {photos.carried} photos in {photos.file}.photos{missing}" if photos.carried else missing
    )


def _board_without(place: Place, tenant: str) -> int:
    """Fold the board afresh, then let go of its earlier versions, which show the erased cards."""
    s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
    key = f"tenants/{tenant}/board/jobs.json"
    gone = purge(s3, bucket, key)
    publish = PublishBoard(S3Jobs(s3, bucket), S3Boards(s3, bucket))
    publish.rebuild(tenant, datetime.now(timezone.utc))
    return gone


def _is_of(job: Job, customer: str) -> bool:
    return customer.strip().casefold() in (
        (job.customer.phone or "").casefold(),
        job.customer.name.casefold(),
    )


def _over(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq


def _jobs(place: Place) -> S3Jobs:
    return S3Jobs(place.client("s3"), place.outputs["JobsBucket"])


def _all(jobs: S3Jobs, tenant: str) -> Iterator[Job]:
    for job_id in jobs.all_ids(tenant):
        try:
            yield jobs.read(tenant, job_id).value
        except UnknownJob:
            continue  # erased while we were reading


@contextmanager
def _new_file(file: Path) -> Iterator[TextIO]:
    """For its owner alone. Raises Complaint, BadInput."""
    try:
        with file.open("x", encoding="utf-8") as out:
            file.chmod(0o600)
            yield out
    except FileExistsError:
        raise Complaint(f"{file} exists; choose another name") from None
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error
