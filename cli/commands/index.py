"""`haul index …`."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from cli.data.derived import index_job_of
from cli.output.output import CliError, console, print_json, report_errors
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.views.job_index import rebuild_index

app = typer.Typer(no_args_is_help=True, help="Rebuild the index of all jobs.")


@app.command()
def rebuild(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make the index of all jobs again from the jobs, while it is in use.

    Nothing that is right is removed meanwhile, so every search finds what it found before.
    """
    with report_errors():
        connection = context.obj.connection
        s3, bucket, tenant = (
            connection.client("s3"), connection.outputs["JobsBucket"], context.obj.tenant,
        )  # fmt: skip
        zone = ZoneInfo(S3Tenants(s3, bucket).read(tenant).time_zone)
        done = rebuild_index(S3Jobs(s3, bucket), index_job_of(connection), tenant, zone)
        if as_json:
            print_json(
                {"jobs": done.jobs, "removed": done.removed, "unreadable": list(done.unreadable)}
            )
        else:
            console.print(f"The index has {done.jobs} jobs; {done.removed} leftovers were removed.")
        if done.unreadable:
            raise CliError(
                f"these jobs cannot be read, so their entries stay as they were: "
                f"{', '.join(done.unreadable)}; `haul explain JOB` says why"
            )
