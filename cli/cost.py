"""`haul cost`: what a month on AWS costs."""

from typing import Annotated

import typer
from rich.table import Table

from cli.out import console, print_json, spoken_errors
from deploy.cost import Use, monthly


def cost(
    jobs: Annotated[int, typer.Option(min=0, help="Jobs a month.")] = 500,
    sms_parts: Annotated[int, typer.Option(min=0, help="Text message parts a job.")] = 2,
    photos: Annotated[int, typer.Option(min=0, help="Photos a job.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The monthly bill by service, from list prices, less what AWS grants without end."""
    with spoken_errors():
        bill = monthly(jobs, Use(sms_parts=sms_parts, photos=photos))
        if as_json:
            print_json({"jobs": jobs, **{k: round(v, 2) for k, v in bill.items.items()}})
            return
        table = Table("service", "dollars a month")
        for name, dollars in bill.items.items():
            table.add_row(name, f"{dollars:,.2f}")
        table.add_row("[bold]all but SMS[/]", f"[bold]{bill.without_sms:,.2f}[/]")
        table.add_row("[bold]all[/]", f"[bold]{bill.total:,.2f}[/]")
        console.print(table)
