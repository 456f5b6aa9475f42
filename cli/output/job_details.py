"""One job as `haul job show` prints it: details, history, and the moves that are possible now."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from cli.output.output import (
    clock,
    console,
    day_of,
    event_time,
    local_time,
    money,
    status_text,
    window_text,
    zone_text,
)
from functions.api.response_models import JobDocument


def print_job(job: JobDocument, zone: ZoneInfo, now: datetime) -> None:
    """Window and ETA in the business's time zone, which is named; the rest in the terminal's."""
    status = status_text(job.flow, job.status)
    console.print(f"[bold]{job.job_id}[/]  {status}  rev {job.rev}")
    details = f"{job.customer.name} · {job.place.address} · {money(job.price_cents)}"
    console.print(details, markup=False)
    for name, known in _contact(job, zone, now):
        if known:
            console.print(f"{name}: {known}", markup=False, soft_wrap=True)
    for member in job.crew:
        console.print(f"{member.role}: {member.first_name} ({member.member})", markup=False)
    facts = ("truck", job.truck), ("load", job.load_size), ("photos", len(job.photos))
    for what, value in (*_money(job), *facts):
        if value:
            console.print(f"{what}: {value}", markup=False)
    table = Table("when", "what", "by", "reason")
    table.add_row(local_time(job.created_at), "booked", "")
    for made in job.history:
        actor = f"{made.actor.kind} {made.actor.id}"
        what = f"{made.move} → {made.to}"
        when = event_time(made.occurred_at, made.recorded_at)
        table.add_row(when, what, actor, escape(made.reason or ""))
    for refusal in job.refusals:
        actor = f"{refusal.actor.kind} {refusal.actor.id}"
        what = f"[red]{refusal.move or refusal.to} refused[/]"
        table.add_row(local_time(refusal.recorded_at), what, actor, escape(refusal.explanation))
    console.print(table)
    for note in job.notes:
        when = event_time(note.occurred_at, note.recorded_at)
        console.print(f"note, {when}: {note.text}", markup=False)
    possible = ", ".join(f"{move.name} (→ {move.to})" for move in job.moves)
    console.print(f"Possible now: {possible or 'nothing'}")


def _money(job: JobDocument) -> tuple[tuple[str, str], ...]:
    """Estimate and payments; a value is empty if there is none."""
    low, high = (job.estimate.low_cents, job.estimate.high_cents) if job.estimate else (None, None)
    paid = "; ".join(f"{money(each.amount_cents)}, {each.method}" for each in job.payments)
    return ("estimate", f"{money(low)}–{money(high)}" if job.estimate else ""), ("paid", paid)


def _contact(job: JobDocument, zone: ZoneInfo, now: datetime) -> tuple[tuple[str, str], ...]:
    """What a dispatcher on the phone needs; a value is empty if it is not known."""
    window, eta, named = (
        window_text(job.schedule, zone, now),
        job.schedule.eta,
        zone_text(zone, now),
    )
    expected = f"{day_of(eta, zone, now)} {clock(eta, zone)}" if eta else ""
    return (
        ("phone", job.customer.phone or ""),
        ("window", f"{window} ({named})" if window else ""),
        ("duration", f"{job.duration_minutes} min"),
        ("ETA", f"{expected} ({named})" if expected else ""),
        ("tracking link", job.tracking_url or ""),
    )
