"""`haul job list`: one line for each job, sorted by its arrival window."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Column, Table

from cli.output.output import clock, console, day_of, money, status_text, window_text, zone_text
from statemachine.job.job import Schedule
from statemachine.views.views import Card

MIN_WIDTH_FOR_PRICES = 100
"""Columns of the terminal."""
NO_TIME = "no time agreed"


def print_jobs(cards: Iterable[Card], zone: ZoneInfo, now: datetime) -> None:
    prices = console.width >= MIN_WIDTH_FOR_PRICES
    cards = list(cards)
    table = _table(prices, etas=any(card.schedule.eta for card in cards))
    day = None
    for card in sorted(cards, key=_by_time):
        at = _at(card)
        if (heading := day_of(at, zone, now) if at else NO_TIME) != day:
            day = heading
            table.add_row(f"[bold]{heading}[/]")
        table.add_row(*_cells(card, zone, now), *([money(card.price_cents)] if prices else []))
    console.print(table)
    console.print(f"[dim]Times are in {zone_text(zone, now)}[/]")


def _table(prices: bool, etas: bool) -> Table:
    columns = [
        Column("job", no_wrap=True, min_width=13),
        Column("window", no_wrap=True),
        Column("eta" if etas else "", no_wrap=True),
        Column("status", no_wrap=True),
        Column("customer", no_wrap=True, ratio=2, overflow="ellipsis"),
        Column("address", no_wrap=True, ratio=3, overflow="ellipsis"),
    ]
    more = [Column("price", justify="right", no_wrap=True)] if prices else []
    return Table(*columns, *more, box=None, pad_edge=False, expand=True)


def _at(card: Card) -> datetime | None:
    schedule = card.schedule
    return schedule.window_start or schedule.window_end or schedule.eta


def _by_time(card: Card) -> tuple[bool, datetime, str]:
    at = _at(card)
    return at is None, at or card.created_at, card.job_id


def _window(schedule: Schedule, zone: ZoneInfo, now: datetime) -> str:
    """Without the day on which it begins, which is the heading."""
    whole = window_text(schedule, zone, now)
    start = schedule.window_start
    return whole.replace(f"{day_of(start, zone, now)} ", "", 1) if start else whole


def _cells(card: Card, zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    eta = card.schedule.eta
    return (
        card.job_id,
        _window(card.schedule, zone, now),
        clock(eta, zone) if eta else "",
        status_text(card.flow, card.status),
        escape(card.customer),
        escape(card.address),
    )
