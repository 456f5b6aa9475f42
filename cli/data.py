"""`haul export`, `haul import`, `haul erase`: the data is the business's and its customers'."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from cli.claims import assignment, claimed_again
from cli.out import Complaint, NotThere, console, print_json, spoken_errors
from cli.place import Place
from deploy.erase import erase_job, purge
from deploy.lock import who
from functions.aws.stores import S3Boards, S3Jobs, S3Views
from functions.ports import Conflict, UnknownJob
from functions.publish_board import PublishBoard
from functions.write_view import write_view
from statemachine.flows import load_flow
from statemachine.job import Execution, Job

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VIEW_TTL_S = 60


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="One job a line, as JSON; it must not exist yet.")],
    as_json: Json = False,
) -> None:
    """Write every job of the business into a file. It holds names, phones and links: guard it."""
    with spoken_errors():
        jobs = _jobs(context.obj.place)
        try:
            with file.open("x", encoding="utf-8") as out:
                file.chmod(0o600)
                count = 0
                for job in _all(jobs, context.obj.tenant):
                    out.write(job.model_dump_json(exclude_none=True) + "\n")
                    count += 1
        except FileExistsError:
            raise Complaint(f"{file} exists; choose another name") from None
        _audit(context, "export", {"jobs": count})
        print_json({"jobs": count}) if as_json else console.print(f"{count} jobs are in {file}.")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `haul export` wrote.", exists=True)],
    as_json: Json = False,
) -> None:
    """Bring jobs from a file. One that is there already is left as it is; open ones go on."""
    with spoken_errors():
        place, tenant = context.obj.place, context.obj.tenant
        jobs = _jobs(place)
        views = S3Views(place.client("s3"), place.outputs["SiteBucket"], VIEW_TTL_S)
        crew, taken = assignment(place), list[str]()
        now, brought, there = datetime.now(timezone.utc), 0, 0
        for line in file.read_text(encoding="utf-8").splitlines():
            job = _arriving(Job.model_validate_json(line), tenant, now)
            if not load_flow(job.flow).status(job.status).terminal:
                jobs.mark_open(tenant, job.job_id)
            try:
                jobs.create(job)
                brought += 1
            except Conflict:
                there += 1
                continue
            write_view(views, job, load_flow(job.flow))
            taken += claimed_again(crew, job, now)
        boards = S3Boards(place.client("s3"), place.outputs["JobsBucket"])
        PublishBoard(jobs, boards).rebuild(tenant, now)
        _audit(context, "import", {"jobs": brought, "there_before": there})
        if as_json:
            print_json({"jobs": brought, "there_before": there, "on_two_jobs": taken})
            return
        console.print(f"{brought} jobs were brought; {there} were there before.")
        for sentence in taken:
            console.print(f"[red]{sentence}[/]")


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
    """Erase a customer's ended jobs with all their versions, and note that it was done."""
    with spoken_errors():
        place, tenant = context.obj.place, context.obj.tenant
        found = [job for job in _all(_jobs(place), tenant) if _is_of(job, customer)]
        if not found:
            raise NotThere("no job of that customer; write phone or name as it is in the job")
        open_ = [job.job_id for job in found if not _over(job)]
        if open_:
            raise Complaint(f"still open: {', '.join(open_)}; complete or cancel them first")
        if not yes and not typer.confirm(f"Erase {len(found)} jobs for good?"):
            raise Complaint("nothing was erased")
        s3 = place.client("s3")
        erased = sum(erase_job(s3, place.outputs, job) for job in found)
        erased += _board_without(place, tenant)
        _audit(context, "erase", {"jobs": [job.job_id for job in found], "objects": erased})
        if as_json:
            print_json({"jobs": len(found), "objects": erased})
        else:
            console.print(f"{len(found)} jobs are erased, {erased} objects and versions.")


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


def _audit(context: typer.Context, what: str, facts: dict[str, Any]) -> None:
    """One object for each act, without names or numbers; there is no act without its line."""
    place, now = context.obj.place, datetime.now(timezone.utc)
    line = {"at": now.isoformat(), "by": who(), "tenant": context.obj.tenant, "what": what, **facts}
    key = f"audit/{now:%Y/%m/%d/%H%M%S%f}-{what}.json"
    body = json.dumps(line).encode()
    try:
        place.client("s3").put_object(
            Bucket=place.outputs["JobsBucket"], Key=key, Body=body, IfNoneMatch="*"
        )
    except ClientError as error:
        raise Complaint(f"done, but the audit line could not be written: {error}") from error
