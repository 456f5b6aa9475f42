"""`haul board …`."""

from datetime import datetime, timezone
from typing import Annotated

import typer

from cli.output.output import console, print_json, report_errors
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.views.board import PublishBoard

app = typer.Typer(no_args_is_help=True, help="The board, jobs.json.")


@app.command()
def rebuild(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fold jobs.json afresh from every job object, in place of whatever is there."""
    with report_errors():
        place = context.obj.place
        s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
        publish = PublishBoard(S3Jobs(s3, bucket), S3Boards(s3, bucket))
        board = publish.rebuild(context.obj.tenant, datetime.now(timezone.utc))
        if as_json:
            print_json({"jobs": len(board.jobs)})
        else:
            console.print(f"jobs.json holds {len(board.jobs)} jobs.")
