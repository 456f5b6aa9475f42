"""`haul deploy`, `haul promote`, `haul rollback`: the same steps for every stage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.status import Status

from cli.output.output import CliError, UsageError, console, report_errors
from deploy.stack import DeployFailed, Planned

if TYPE_CHECKING:
    from deploy.deployment import Deployment
    from deploy.diff import Difference
    from deploy.target import Target

StageName = Annotated[
    str,
    typer.Argument(metavar="STAGE", help="staging, production, or another name (a-z, 0-9)."),
]
State = Annotated[
    Optional[Path],
    typer.Option("--state", help="Deploy to the copy on this laptop in this folder, not to AWS."),
]
Settings = Annotated[
    Optional[list[str]],
    typer.Option("--set", metavar="NAME=VALUE", help="Set a template parameter, for good."),
]
ReleaseFile = Annotated[
    Optional[Path],
    typer.Option("--release-file", help="Write the name of the release to this file."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before resources are removed.")]


def deploy(
    stage: StageName,
    state: State = None,
    settings: Settings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change.")
    ] = False,
    release_file: ReleaseFile = None,
    yes: Yes = False,
) -> None:
    """Build a release from these sources, deploy it to a stage, and verify it there.

    If the verification fails, the stage goes back to the release it had before.
    """
    with _report_errors(), _Progress(yes) as progress:
        deployment = _deployment(stage, state, settings, progress)
        progress.step("build")
        from deploy.bundle import bundle, installed
        from deploy.template import build

        on_aws = deployment.target.on_aws
        code = bundle(dependencies=installed() if on_aws else None)
        built = build(code, deployment.artifacts.bucket)
        if dry_run:
            progress.step("compare")
            difference = deployment.difference(built)
            progress.end()
            _print_difference(difference)
            return
        deployment.deploy(built)
        progress.end()
        if release_file:
            release_file.write_text(f"{built.release.name}\n", encoding="utf-8")
        console.print(f"[bold green]{stage}[/] runs release [bold]{built.release.name}[/].")


def promote(
    source: Annotated[str, typer.Argument(help="The stage that runs the release now.")],
    stage: Annotated[str, typer.Argument(metavar="TO", help="The stage that is to run it.")],
    release: Annotated[
        Optional[str],
        typer.Option(help="The release you approved. If SOURCE runs another one, nothing is done."),
    ] = None,
    state: State = None,
    settings: Settings = None,
    yes: Yes = False,
) -> None:
    """Deploy the release that one stage runs to another stage, without building it again."""
    with _report_errors(), _Progress(yes) as progress:
        deployment = _deployment(stage, state, settings, progress)
        deployment.promote(source, release)
        progress.end()
        name = deployment.artifacts.record(stage).current
        console.print(f"[bold green]{stage}[/] runs what {source} runs: [bold]{name}[/].")


def rollback(stage: StageName, state: State = None, yes: Yes = False) -> None:
    """Go back to the previous release: code, edge functions, flows, pages. Jobs do not change."""
    with _report_errors(), _Progress(yes) as progress:
        deployment = _deployment(stage, state, None, progress)
        deployment.roll_back()
        progress.end()
        name = deployment.artifacts.record(stage).current
        console.print(f"[bold green]{stage}[/] runs [bold]{name}[/] again.")


@contextmanager
def _report_errors() -> Iterator[None]:
    with report_errors():
        try:
            yield
        except (DeployFailed, LookupError, BotoCoreError, ClientError) as error:
            raise CliError(str(error)) from error


def _deployment(
    stage: str, state: Path | None, settings: list[str] | None, progress: "_Progress"
) -> "Deployment":
    from deploy.deployment import Deployment

    target = _target(stage, state, _parameters(settings))
    return Deployment(target, progress.step, progress.review)


def _target(stage: str, state: Path | None, parameters: dict[str, str]) -> "Target":
    if state is None:
        from deploy.target import on_aws

        return on_aws(stage, boto3.Session(), parameters)
    from cli.client.connection import engine_on_laptop
    from local.stages import on_laptop

    return on_laptop(stage, engine_on_laptop(state), parameters=parameters)


def _parameters(settings: list[str] | None) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings or ()]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise UsageError(f"--set {wrong[0]}: write NAME=VALUE")
    return {name: value for name, _, value in pairs}


class _Progress:
    """Prints a line for each finished step with its duration; the current step has a spinner."""

    def __init__(self, yes: bool) -> None:
        self.yes, self.began = yes, time.monotonic()
        self.doing = ""
        self.status: Status = console.status("…")

    def __enter__(self) -> "_Progress":
        self.status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.status.stop()

    def step(self, name: str) -> None:
        self.end()
        self.doing, self.began = name, time.monotonic()
        self.status.update(f"{name} …")

    def end(self) -> None:
        if self.doing:
            console.print(f"  {self.doing}  [dim]{time.monotonic() - self.began:.1f} s[/]")
        self.doing = ""

    def review(self, planned: Planned) -> None:
        """Show the change set, and ask before resources are removed or replaced."""
        if not planned.changes:
            console.print("  [dim]the stack does not change[/]")
            return
        for change in planned.changes[:200]:
            colour = {"Add": "green", "Modify": "yellow"}.get(change.action, "red")
            if not planned.creates:
                console.print(f"    [{colour}]{change}[/]")
        if planned.creates:
            console.print(f"    [green]creates {len(planned.changes)} resources[/]")
        severe = [c for c in planned.changes if c.action == "Remove" or c.replaced]
        if severe and not self.yes:
            self._ask(f"{len(severe)} resources will be removed or replaced")

    def _ask(self, what: str) -> None:
        """Without a terminal, as in a pipe, the answer is no."""
        self.status.stop()
        if not console.is_terminal:
            raise CliError(f"{what}, and there is no terminal to ask; use --yes to allow it")
        if not typer.confirm(f"{what}. Continue?"):
            raise CliError("nothing was changed")
        self.status.start()


def _print_difference(difference: "Difference") -> None:
    if difference.nothing:
        console.print(f"Nothing would change: the stage runs release {difference.release} already.")
        return
    console.print(f"Release {difference.current or 'none'} → [bold]{difference.release}[/]")
    if difference.code:
        console.print("  code of the functions")
    for kind, names in (
        ("edge function", difference.edge),
        ("flow", difference.flows),
        ("page", tuple(name for name in difference.pages if not name.endswith((".js", ".css")))),
    ):
        for name in names:
            console.print(f"  {kind} {name}")
    scripts = [name for name in difference.pages if name.endswith((".js", ".css"))]
    if scripts:
        console.print(f"  {len(scripts)} scripts and styles")
    for change in difference.stack:
        console.print(f"  {change}")
