"""`haul cost`: what a month on AWS costs."""

from typing import Annotated

import typer
from rich.table import Table

from cli.output.output import console, print_json, report_errors
from deploy.aws_prices import FREE, NOTHING_FREE
from deploy.cost import Fixed, Use, monthly


def cost(
    jobs: Annotated[int, typer.Option(min=0, help="Jobs per month.")] = 500,
    sms_parts: Annotated[int, typer.Option(min=0, help="SMS parts per job.")] = Use().sms_parts,
    photos: Annotated[int, typer.Option(min=0, help="Photos per job.")] = 0,
    crews: Annotated[int, typer.Option(min=0, help="Crew assignments per job.")] = 0,
    traces: Annotated[bool, typer.Option("--traces", help="With AWS X-Ray on.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate the monthly AWS bill by service, with and without the permanent free tier."""
    with report_errors():
        use = Use(sms_parts=sms_parts, photos=photos).with_crew(crews)
        fixed = Fixed(traced=traces)
        bill, list_bill = (monthly(jobs, use, fixed, free) for free in (FREE, NOTHING_FREE))
        rows = [
            *((name, dollars, list_bill.items[name]) for name, dollars in bill.items.items()),
            ("all but SMS", bill.without_sms, list_bill.without_sms),
            ("all", bill.total, list_bill.total),
        ]
        if as_json:
            less, full = ({name: round(row[i], 2) for name, *row in rows} for i in (0, 1))
            print_json({"jobs": jobs, **less, "nothing free": full})
            return
        table = Table("service", "USD per month", "without free tier")
        for name, less_free, list_price in rows:
            shown = f"[bold]{name}[/]" if name.startswith("all") else name
            table.add_row(shown, f"{less_free:,.2f}", f"{list_price:,.2f}")
        console.print(table)
