"""`haul env`: what other programs need to reach the copy on this laptop."""

import shlex

import typer

from cli.output.output import NotRunning, report_errors
from local.engine import REGION
from local.engine_key import running_engine


def env(context: typer.Context) -> None:
    """Print the key and address of the engine, for `eval "$(haul env)"`.

    Afterwards the AWS CLI and every SDK speak to this copy. The key opens everything in it.
    """
    with report_errors():
        state = context.obj.state
        try:
            engine = running_engine(state)
        except FileNotFoundError:
            raise NotRunning(f"no running copy in {state}: start one with `haul up`") from None
        for name, value in {
            "AWS_ACCESS_KEY_ID": engine.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": engine.key.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": engine.url,
        }.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        typer.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
