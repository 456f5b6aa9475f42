"""One job as `haul job show` prints it: particulars, what happened to it, what can be done next."""

from rich.markup import escape
from rich.table import Table

from cli.out import console, local_time, money, status_text, true_time
from functions.api.documents import JobDocument


def print_job(job: JobDocument) -> None:
    status = status_text(job.flow, job.status)
    console.print(f"[bold]{job.job_id}[/]  {status}  rev {job.rev}")
    particulars = f"{job.customer.name} · {job.place.address} · {money(job.price_cents)}"
    console.print(particulars, markup=False)
    for member in job.crew:
        console.print(f"{member.role}: {member.first_name} ({member.member})", markup=False)
    for what, value in (("truck", job.truck), ("load", job.load_size), ("photos", len(job.photos))):
        if value:
            console.print(f"{what}: {value}", markup=False)
    table = Table("when", "what", "by", "reason")
    table.add_row(local_time(job.created_at), "booked", "")
    for made in job.history:
        actor = f"{made.actor.kind} {made.actor.id}"
        what = f"{made.move} → {made.to}"
        when = true_time(made.occurred_at, made.recorded_at)
        table.add_row(when, what, actor, escape(made.reason or ""))
    for refusal in job.refusals:
        actor = f"{refusal.actor.kind} {refusal.actor.id}"
        what = f"[red]{refusal.move or refusal.to} refused[/]"
        table.add_row(local_time(refusal.recorded_at), what, actor, refusal.explanation)
    console.print(table)
    for note in job.notes:
        when = true_time(note.occurred_at, note.recorded_at)
        console.print(f"note, {when}: {note.text}", markup=False)
    possible = ", ".join(f"{move.name} (→ {move.to})" for move in job.moves)
    console.print(f"Possible now: {possible or 'nothing'}")
