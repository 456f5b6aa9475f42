"""`haul ops restore JOB`: restore a job whose object cannot be read."""

from typing import Annotated

import typer

from cli.client.bus_client import CLI_ACTOR, check_job_id
from cli.output.output import Rejected, UsageError, console, print_json, report_errors, status_text
from functions.ops.restore_job import NothingToRestore, Restoration
from functions.ops.wiring import restore_of
from functions.protocol.clock import utc_now


def restore(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The id of the job.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Restore the last readable version of a job whose object cannot be read."""
    with report_errors():
        check_job_id(job_id)
        connection, tenant = context.obj.connection, context.obj.tenant
        restoring = restore_of(
            connection.one_attempt,
            connection.outputs["JobsBucket"],
            connection.outputs["SiteBucket"],
        )
        try:
            planned = restoring.plan(tenant, job_id)
        except NothingToRestore as error:
            raise Rejected(f"{error}; `haul explain {job_id}` shows its state") from error
        if not as_json:
            _print_plan(planned)
        if not yes and not typer.confirm("Restore it?", err=as_json):
            raise UsageError("nothing was changed")
        job = restoring(planned, CLI_ACTOR, utc_now())
        if as_json:
            print_json({"job_id": job_id, "status": job.status, "rev": job.rev})
            return
        console.print(
            f"[green]✓[/] {job_id} can be read again, as rev {job.rev}.\n"
            f"haul ops repair {job_id} updates its execution, view, and card; "
            "haul ops dlq list leads to requests that failed meanwhile."
        )


def _print_plan(planned: Restoration) -> None:
    job, at = planned.version.value, planned.version.at.astimezone()
    status = status_text(job.flow, job.status)
    console.print(
        f"The object of [bold]{job.job_id}[/] cannot be read. Its last readable version is rev "
        f"{job.rev} of {at:%a %d %b %H:%M:%S}: {status}, after {len(job.ledger)} move(s)."
    )
    if planned.seen_rev > job.version:
        console.print(
            f"[yellow]?[/] People have seen rev {planned.seen_rev}. Changes since rev {job.rev} "
            "are lost and must be made again. Texts and webhooks about a lost move were sent, and "
            "repeating the move does not send them again: call the customer."
        )
    console.print("The unreadable object stays in S3 as an earlier version.")
