"""`haul job link`: the customer's tracking link, to show, replace, or revoke."""

from typing import Annotated

import typer

from cli.client.bus_client import CLI_ACTOR
from cli.data.option_values import Event, JobArg, Json, fresh_id
from cli.output.output import UsageError, console, print_json, report_errors
from events import Changes, JobEditRequested
from functions.protocol.clock import utc_now


def link(
    context: typer.Context,
    job_id: JobArg,
    replace: Annotated[bool, typer.Option("--replace", help="Make a new link.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Until it is replaced.")] = False,
    event_id: Event = None,
    as_json: Json = False,
) -> None:
    """Show the tracking link of a job, replace it, or revoke it.

    The link of before stops working within the edge's lag. A customer who was texted the link is
    texted the new one.
    """
    with report_errors():
        if replace and revoke:
            raise UsageError("choose one: --replace makes a new link, --revoke leaves none")
        client = context.obj.client
        job = client.job(job_id)
        if replace or revoke:
            request = JobEditRequested(
                tenant=context.obj.tenant,
                job_id=job_id,
                event_id=event_id or fresh_id(),
                occurred_at=utc_now(),
                actor=CLI_ACTOR,
                changes=Changes(link="replace" if replace else "revoke"),
            )
            job = client.edit(request)
        if as_json:
            print_json({"job_id": job.job_id, "tracking_url": job.tracking_url, "rev": job.rev})
            return
        console.print(job.tracking_url or "The link is revoked.", markup=False, soft_wrap=True)
