"""`haul deploy`, `haul promote`, `haul rollback`: one way to every stage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.status import Status

from cli.output.output import CliError, NotRunning, UsageError, console, report_errors
from deploy.stack import DeployFailed, Planned

if TYPE_CHECKING:
    from deploy.deployment import Deployment
    from deploy.diff import Difference
    from deploy.target import Target

StageName = Annotated[
    str,
    typer.Argument(metavar="STAGE", help="staging, production, or a name of letters and digits."),
]
State = Annotated[
    Optional[Path],
    typer.Option("--state", help="Deploy to the engine of the copy in this folder, not to AWS."),
]
Settings = Annotated[
    Optional[list[str]],
    typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the template; it stays set."),
]
Noted = Annotated[
    Optional[Path],
    typer.Option("--release-file", help="Write the name of the release into this file."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before anything is removed.")]


def deploy(
    stage: StageName,
    state: State = None,
    settings: Settings = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    release_file: Noted = None,
    yes: Yes = False,
) -> None:
    """Build from these sources, bring it to a stage, verify it there, or go back."""
    with _spoken(), _Progress(yes) as progress:
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
    source: Annotated[str, typer.Argument(help="The stage that runs it, verified.")],
    stage: Annotated[str, typer.Argument(metavar="TO", help="The stage that shall run it.")],
    release: Annotated[
        Optional[str],
        typer.Option(help="The release that is meant; where another runs by now, nothing is done."),
    ] = None,
    state: State = None,
    settings: Settings = None,
    yes: Yes = False,
) -> None:
    """Bring the very artifacts that one stage runs to another; nothing is built again."""
    with _spoken(), _Progress(yes) as progress:
        deployment = _deployment(stage, state, settings, progress)
        deployment.promote(source, release)
        progress.end()
        name = deployment.artifacts.record(stage).current
        console.print(f"[bold green]{stage}[/] runs what {source} runs: [bold]{name}[/].")


def rollback(stage: StageName, state: State = None, yes: Yes = False) -> None:
    """Bring back the release before: code, edge function, flows, pages. Jobs stay as they are."""
    with _spoken(), _Progress(yes) as progress:
        deployment = _deployment(stage, state, None, progress)
        deployment.roll_back()
        progress.end()
        name = deployment.artifacts.record(stage).current
        console.print(f"[bold green]{stage}[/] runs [bold]{name}[/] again.")


@contextmanager
def _spoken() -> Iterator[None]:
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
    from local.engine_key import running_engine
    from local.stages import on_laptop

    try:
        engine = running_engine(state)
    except FileNotFoundError:
        raise NotRunning(
            f"no running copy in {state}: start it with `haul up --state {state}`"
        ) from None
    return on_laptop(stage, engine, parameters=parameters)


def _parameters(settings: list[str] | None) -> dict[str, str]:
    pairs = [setting.partition("=") for setting in settings or ()]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise UsageError(f"--set {wrong[0]}: write NAME=VALUE")
    return {name: value for name, _, value in pairs}


class _Progress:
    """One line for each step that is done, with its time; the present one turns."""

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
        """Show the change set; ask a person before anything is removed or replaced."""
        if not planned.changes:
            console.print("  [dim]the stack stays as it is[/]")
            return
        for change in planned.changes[:200]:
            colour = {"Add": "green", "Modify": "yellow"}.get(change.action, "red")
            if not planned.creates:
                console.print(f"    [{colour}]{change}[/]")
        if planned.creates:
            console.print(f"    [green]creates {len(planned.changes)} resources[/]")
        severe = [c for c in planned.changes if c.action == "Remove" or c.replaced]
        if severe and not self.yes:
            self._ask(f"{len(severe)} resources are removed or replaced")

    def _ask(self, what: str) -> None:
        """Where no one can be asked, as behind a pipe, the answer is no."""
        self.status.stop()
        if not console.is_terminal:
            raise CliError(f"{what}, and here is no one to ask; say --yes if that is meant")
        if not typer.confirm(f"{what}. Go on?"):
            raise CliError("nothing was changed")
        self.status.start()


def _print_difference(difference: "Difference") -> None:
    if difference.nothing:
        console.print(f"Nothing would change: release {difference.release} runs already.")
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
