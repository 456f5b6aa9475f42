"""`haul ops restore JOB`: bring back a job whose object cannot be read."""

from datetime import datetime, timezone
from typing import Annotated

import typer

from cli.client.bus_client import ME, check_job_id
from cli.output.output import Rejected, UsageError, console, print_json, report_errors, status_text
from functions.ops.restore_job import NothingToRestore, Restoration
from functions.ops.wiring import restore_of


def restore(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Put the last readable version of a job back, where its object cannot be read."""
    with report_errors():
        check_job_id(job_id)
        place, tenant = context.obj.place, context.obj.tenant
        restoring = restore_of(
            place.one_attempt, place.outputs["JobsBucket"], place.outputs["SiteBucket"]
        )
        try:
            planned = restoring.plan(tenant, job_id)
        except NothingToRestore as error:
            raise Rejected(f"{error}; `haul explain {job_id}` tells how it is doing") from error
        if not as_json:
            _tell(planned)
        if not yes and not typer.confirm("Put it back?", err=as_json):
            raise UsageError("nothing was changed")
        job = restoring(planned, ME, datetime.now(timezone.utc))
        if as_json:
            print_json({"job_id": job_id, "status": job.status, "rev": job.rev})
            return
        console.print(
            f"[green]✓[/] {job_id} can be read again, as rev {job.rev}.\n"
            f"haul ops repair {job_id} brings execution, view and card up to it; "
            "haul ops dlq list shows what was asked of it meanwhile."
        )


def _tell(planned: Restoration) -> None:
    job, at = planned.version.value, planned.version.at.astimezone()
    status = status_text(job.flow, job.status)
    console.print(
        f"The object of [bold]{job.job_id}[/] cannot be read. Its last readable version is rev "
        f"{job.rev} of {at:%a %d %b %H:%M:%S}: {status}, after {len(job.ledger)} move(s)."
    )
    if planned.seen_rev > job.version:
        console.print(
            f"[yellow]?[/] Rev {planned.seen_rev} was shown since: what was changed in between is "
            "lost, and has to be made again. Texts and webhooks of a lost move are not taken back, "
            "and the move made in its place is not told a second time: call the customer."
        )
    console.print("The unreadable object stays in S3 as a version of its own.")
