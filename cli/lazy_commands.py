"""The commands of `haul`, each imported only when it is called: a list of them needs none."""

from collections.abc import Iterator, Mapping
from copy import copy
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from cli import help_examples

COMMANDS = {
    "explain": (
        "explain.explain",
        "Show everything that happened to a job, and what is wrong with it now.",
    ),
    "up": (
        "up.up",
        "Run the whole system on this laptop. Prints a line for every fact, until Ctrl-C.",
    ),
    "env": (
        "env.env",
        'Print the address and key of the copy on this laptop, for `eval "$(haul env)"`.',
    ),
    "track": ("track.track", "Show a job as its customer sees it, using only the tracking link."),
    "deploy": (
        "deploy.deploy",
        "Build a release from these sources, deploy it to a stage, and verify it there.",
    ),
    "promote": (
        "deploy.promote",
        "Deploy the release that one stage runs to another stage, without building it again.",
    ),
    "rollback": (
        "deploy.rollback",
        "Go back to the previous release: code, edge functions, flows, pages. Jobs do not change.",
    ),
    "smoke": (
        "smoke.smoke",
        "Try what only AWS can show, in minutes and for cents. Exit code 1 if a row fails.",
    ),
    "cost": (
        "cost.cost",
        "Estimate the monthly AWS bill by service, with and without the permanent free tier.",
    ),
    "report": (
        "report.report",
        "Show how the business did: jobs, revenue, unpaid, average price, on time, texts.",
    ),
    "export": (
        "export_import.export",
        "Write all jobs of the business to FILE, with photos and conversations beside it.",
    ),
    "import": (
        "export_import.import_",
        "Import jobs from FILE, with the photos and conversations beside it.",
    ),
    "erase": (
        "erase.erase",
        "Erase a customer: their ended jobs and phone numbers, with all versions. This is logged.",
    ),
    "sign-in": ("crew.sign_in", "Sign in to the site named by --api."),
    "sign-out": ("crew.sign_out", "Sign out of the site named by --api."),
    "job": ("job.app", "Create, list, show, move, edit, and cancel jobs."),
    "business": ("business.app", "The businesses here, and their settings."),
    "crew": ("crew.app", "Manage the accounts and passwords of your people."),
    "roster": ("roster.app", "Manage working hours, roles, time off, and trucks."),
    "events": ("events.app", "Send events to the bus, for tests and migrations."),
    "flow": ("flow.app", "Check and draw flows, the statuses of a kind of job."),
    "board": ("board.app", "Rebuild the board from the jobs."),
    "index": ("index.app", "Rebuild the index of all jobs."),
    "hooks": ("hooks.app", "Manage webhooks, and see which texts and webhooks were sent."),
    "keys": ("keys.app", "API keys: how programs use the API."),
    "ops": ("ops.app", "Operate the system: overview, repairs, dead-letter queues, doctor."),
}
"""By name, in the order of the list: where in cli/commands/ it is, and what the list says of it."""


def loaded(name: str) -> Any:
    """The command or group of that name."""
    module, _, attribute = COMMANDS[name][0].partition(".")
    found = getattr(import_module(f"cli.commands.{module}"), attribute)
    app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_show_locals=False)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name)
    else:
        app.command(name)(found)
    help_examples.add_to(app)
    return get_group(app).commands[name]


class LoadedWhenNamed(Mapping[str, Any]):
    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = loaded(name)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class LazyGroup(TyperGroup):
    """All of `COMMANDS`."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands: Any = LoadedWhenNamed()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        TyperGroup.format_help(self._list(), ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        return TyperGroup.shell_complete(self._list(), ctx, incomplete)

    def _list(self) -> TyperGroup:
        """This group with commands that have a name and a summary only."""
        group = copy(self)
        group.commands = {
            name: TyperCommand(name, help=summary) for name, (_, summary) in COMMANDS.items()
        }
        return group
