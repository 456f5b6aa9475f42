"""One example for each of the most common commands, shown at the end of its `--help`."""

import typer

EXAMPLES = {
    "up": "haul up --demo",
    "job new": 'haul job new --customer Mark --location "Soderblom Ave" --price 600',
    "job list": "haul job list",
    "job move": "haul job move 261121-7k3m2q confirm",
    "job edit": 'haul job edit 261121-7k3m2q --note "Ring twice" --crew driver=dina',
    "track": "haul track https://haul.example.com/track/TOKEN --follow",
    "business add": 'haul business add quick --name "Quick Dump"',
    "business set": "haul business set quick phone=+12065550199",
    "keys add": "haul keys add Website --role dispatcher --days 90",
    "roster show": "haul roster show --from 2026-11-23 --to 2026-11-29",
    "roster set": "haul roster set dina 2026-11-24 07:00-15:30 --role driver",
    "explain": "haul explain 261121-7k3m2q",
    "ops repair": "haul ops repair 261121-7k3m2q",
    "ops dlq show": "haul ops dlq show advance-job",
    "ops dlq redrive": "haul ops dlq redrive advance-job --all",
    "deploy": "haul deploy staging --dry-run",
    "promote": "haul promote staging production",
    "erase": "haul erase --customer +15555550123",
}
"""By the name of the command."""


def add_to(app: typer.Typer, group: str = "") -> None:
    """Add the examples to the help of the commands."""
    for command in app.registered_commands:
        name = command.name or (command.callback.__name__ if command.callback else "")
        if example := EXAMPLES.get(f"{group}{name}"):
            command.epilog = f"Example: [bold]{example}[/]"
    for inner in app.registered_groups:
        if inner.typer_instance:
            add_to(inner.typer_instance, f"{group}{inner.name} ")
