"""`haul track`: the tracking page in the terminal."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer
from rich.markup import escape

from cli.output.business_clock import CLOCK
from cli.output.output import NotFound, UsageError, console, local_time, print_json, report_errors
from tracking import http_reader
from tracking.display import Display
from tracking.link import Link, parse_link
from tracking.polling_policy import Policy

TIMEOUT_S = 5.0
WATCHING = Policy(poll_max_s=2)
"""More often than the page does, because someone is watching."""
COLOUR = re.compile(r"#[0-9a-fA-F]{6}|[a-z]+")


def track(
    context: typer.Context,
    link: Annotated[str, typer.Argument(metavar="TOKEN_OR_URL")],
    follow: Annotated[bool, typer.Option("--follow", help="Continue until the job ends.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a job as its customer sees it, using only the tracking link."""
    with report_errors():
        where = _link(context, link)
        CLOCK.go_by(lambda: _zone_of(where))
        if follow:
            _follow(where, as_json)
            return
        shown = http_reader.read_once(where)
        _raise_if_gone(shown)
        if as_json:
            print_json(shown.view)
        elif shown.view is None:
            raise NotFound("the job is still being prepared; try --follow")
        else:
            for step in _steps(shown.view):
                _print_step(step)


def _link(context: typer.Context, text: str) -> Link:
    try:
        site = context.obj.api or context.obj.connection.edge_url if "/" not in text else None
        return parse_link(text, site)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _zone_of(link: Link) -> ZoneInfo | None:
    """The business's, as the tracking page asks for it; None if no answer comes."""
    try:
        answer = httpx.get(f"{link.api_url}/business", timeout=TIMEOUT_S)
        return ZoneInfo(answer.raise_for_status().json()["time_zone"])
    except (httpx.HTTPError, ValueError, KeyError):
        return None


def _follow(link: Link, as_json: bool) -> None:
    """Prints each status once, in order, even if two were reached between two polls."""
    printed: set[tuple[str, str]] = set()
    for shown in http_reader.follow(link, policy=WATCHING):
        _raise_if_gone(shown)
        if shown.kind in ("trouble", "preparing", "offline") and not as_json:
            console.print(f"[dim]{shown.kind} …[/]")
        for step in _steps(shown.view or {}):
            if (step["status"], step["at"]) not in printed:
                printed.add((step["status"], step["at"]))
                print_json(step) if as_json else _print_step(step)


def _raise_if_gone(shown: Display) -> None:
    if shown.kind == "not_found":
        raise NotFound("there is no job for this link; check that it was copied completely")
    if shown.kind == "gone":
        raise NotFound("this link is no longer valid")


def _steps(view: Any) -> Iterator[Any]:
    reached = [step for step in view.get("steps", ()) if step.get("at")]
    return iter(sorted(reached, key=lambda step: str(step["at"])))


def _print_step(step: Any) -> None:
    at = datetime.fromisoformat(step["at"])
    colour = step["colour"] if COLOUR.fullmatch(str(step["colour"])) else "dim"
    console.print(
        f"[dim]{local_time(at)}[/]  [{colour}]●[/] [bold]{escape(step['label']['en'])}[/]  "
        f"{escape(step['customer']['en'])}"
    )
