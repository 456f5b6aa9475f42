"""`haul env`: environment variables for other programs that use the copy on this laptop."""

import shlex

import typer

from cli.client.connection import engine_on_laptop
from cli.output.output import report_errors
from local.engine_key import REGION


def env(context: typer.Context) -> None:
    """Print the address and key of the copy on this laptop, for `eval "$(haul env)"`.

    Afterward, the AWS CLI and every SDK use this copy. The key gives full access to it.
    """
    with report_errors():
        engine = engine_on_laptop(context.obj.state)
        for name, value in {
            "AWS_ACCESS_KEY_ID": engine.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": engine.key.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": engine.url,
        }.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        typer.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
