"""`haul job …`: create, list, show, move, edit, and cancel jobs."""

import re
from typing import Annotated, Any, Optional, get_args
from zoneinfo import ZoneInfo

import typer

from cli.client.bus_client import CLI_ACTOR
from cli.commands.job_link import link
from cli.commands.photo import photo
from cli.data.option_values import (
    Agreed,
    Duration,
    Event,
    JobArg,
    Json,
    asked_consent,
    cents,
    fresh_id,
    moment,
    phone_number,
)
from cli.output.job_details import print_job
from cli.output.job_list import print_jobs
from cli.output.output import UsageError, console, print_json, report_errors
from cli.output.start_question import ask_before_start
from events import Assignment, Changes, JobEditRequested, JobMoveRequested, JobRequested
from functions.protocol.clock import utc_now
from statemachine.flows import UNDO, Flow, flow_names, load_flow
from statemachine.job.job import Customer, Schedule
from statemachine.job.job import Place as Address
from statemachine.job.prices import LoadSize, PaymentMethod

app = typer.Typer(no_args_is_help=True, help="Create, list, show, move, edit, and cancel jobs.")


@app.command()
def new(
    context: typer.Context,
    customer: Annotated[str, typer.Option(help="The name of the customer.")],
    location: Annotated[str, typer.Option(help="The address.")],
    price: Annotated[Optional[str], typer.Option(help="In dollars, such as 600 or 599.50.")] = None,
    phone: Annotated[
        Optional[str], typer.Option(help="Such as (206) 555-0199, or +44 7700 900123.")
    ] = None,
    agreed_to_texts: Agreed = None,
    language: Annotated[str, typer.Option(help="The customer's language: en or es.")] = "en",
    flow: Annotated[str, typer.Option(help="`haul flow check` lists them.")] = "haul",
    window_start: Annotated[Optional[str], typer.Option(help="ISO time with zone.")] = None,
    window_end: Annotated[Optional[str], typer.Option(help="ISO time with zone.")] = None,
    duration: Duration = None,
    note: Annotated[Optional[str], typer.Option(help="A note for the crew.")] = None,
    overbook: Annotated[
        bool, typer.Option("--overbook", help="Even if the arrival window is full.")
    ] = False,
    event_id: Event = None,
    as_json: Json = False,
) -> None:
    """Create a job. Prints its id and the tracking link for the customer."""
    with report_errors():
        start, end = moment("--window-start", window_start), moment("--window-end", window_end)
        request = JobRequested(
            tenant=context.obj.tenant,
            event_id=event_id or fresh_id(),
            occurred_at=utc_now(),
            actor=CLI_ACTOR,
            flow=flow,
            customer=Customer.model_validate(
                {"name": customer, "phone": phone_number(phone), "language": language}
            ),
            place=Address(address=location),
            price_cents=cents(price),
            schedule=Schedule(window_start=start, window_end=end),
            duration_minutes=duration,
            note=note,
            agreed_to_texts=asked_consent(phone, agreed_to_texts),
            overbook=overbook,
        )
        booked = context.obj.client.book(request)
        if as_json:
            print_json(booked)
            return
        console.print(f"Created job [bold]{booked['job_id']}[/].")
        console.print(f"Tracking link for the customer: {booked['tracking_url']}", soft_wrap=True)


@app.command("list")
def list_(
    context: typer.Context,
    status: Annotated[Optional[str], typer.Option(help="Only jobs in this status.")] = None,
    as_json: Json = False,
) -> None:
    """List jobs by arrival window: open jobs, and jobs that ended in the last two days."""
    with report_errors():
        if status and status not in (known := _statuses()):
            raise UsageError(f"no status {status!r}; the statuses are {', '.join(known)}")
        cards = [c for c in context.obj.client.cards() if status in (None, c.status)]
        if as_json:
            print_json([card.model_dump(mode="json", exclude_none=True) for card in cards])
            return
        if not cards:
            console.print("No jobs. Create one: haul job new --customer … --location …")
            return
        print_jobs(cards, ZoneInfo(context.obj.client.time_zone()), utc_now())


@app.command()
def show(context: typer.Context, job_id: JobArg, as_json: Json = False) -> None:
    """Show one job: details, history, refused requests, and the moves possible now."""
    with report_errors():
        job = context.obj.client.job(job_id)
        if as_json:
            link = {"tracking_url"}
            print_json(job.model_dump(mode="json", exclude_none=True, exclude=link))
            return
        print_job(job, ZoneInfo(context.obj.client.time_zone()), utc_now())


@app.command()
def move(
    context: typer.Context,
    job_id: JobArg,
    to: Annotated[str, typer.Argument(metavar="MOVE", help="The name of a move, or a status.")],
    reason: Annotated[Optional[str], typer.Option(help="Some moves require a reason.")] = None,
    note: Annotated[Optional[str], typer.Option(help="Stored with the move.")] = None,
    expected_rev: Annotated[Optional[int], typer.Option(help="The rev you decided on.")] = None,
    start_anyway: Annotated[
        bool,
        typer.Option(
            "--start-anyway", help="Do not ask: days early, or while its driver is on another job."
        ),
    ] = False,
    event_id: Event = None,
    as_json: Json = False,
) -> None:
    """Move a job to another status, and wait until the move is committed or refused.

    The move applies to the job as it is now, or to the rev in `--expected-rev`. If the current
    status does not allow it, it is refused and not kept for later.
    """
    with report_errors():
        client, tenant = context.obj.client, context.obj.tenant
        seen = client.job(job_id)
        flow = load_flow(seen.flow)
        named = _move_or_status(flow, to)
        if not start_anyway:
            ask_before_start(client, seen, flow, named)
        request = JobMoveRequested(
            tenant=tenant,
            job_id=job_id,
            event_id=event_id or fresh_id(),
            occurred_at=utc_now(),
            actor=CLI_ACTOR,
            expected_rev=expected_rev or seen.rev,
            note=note,
            reason=reason,
            **named,
        )
        job = client.move(request)
        if as_json:
            print_json({"job_id": job.job_id, "status": job.status, "rev": job.rev})
            return
        status = flow.status(job.status)
        console.print(f"[bold]{job.job_id}[/] is now [{status.colour}]{status.label.en}[/].")


@app.command()
def cancel(
    context: typer.Context,
    job_id: JobArg,
    reason: Annotated[str, typer.Option(help="Why. Stored with the job.")],
    event_id: Event = None,
    as_json: Json = False,
) -> None:
    """Cancel a job."""
    move(context, job_id, "cancelled", reason=reason, event_id=event_id, as_json=as_json)


@app.command()
def edit(
    context: typer.Context,
    job_id: JobArg,
    note: Annotated[Optional[str], typer.Option(help="Add a note.")] = None,
    eta: Annotated[Optional[str], typer.Option(help="ISO time with zone.")] = None,
    window_start: Annotated[Optional[str], typer.Option(help="ISO time with zone.")] = None,
    window_end: Annotated[Optional[str], typer.Option(help="ISO time with zone.")] = None,
    duration: Duration = None,
    price: Annotated[Optional[str], typer.Option(help="In dollars.")] = None,
    crew: Annotated[
        Optional[list[str]],
        typer.Option(help="role=member. Repeatable; replaces the whole crew. `none` empties it."),
    ] = None,
    truck: Annotated[
        Optional[str],
        typer.Option(help="From `haul roster truck list`; an empty value removes it."),
    ] = None,
    load_size: Annotated[
        Optional[str], typer.Option(help=f"One of {', '.join(get_args(LoadSize))}.")
    ] = None,
    paid: Annotated[
        Optional[str],
        typer.Option(help=f"How: {', '.join(get_args(PaymentMethod))}; `none` takes all back."),
    ] = None,
    paid_amount: Annotated[
        Optional[str], typer.Option(help="In dollars. If left out, what is owed.")
    ] = None,
    reason: Annotated[
        Optional[str],
        typer.Option(help="Why. Required for money, and to override."),
    ] = None,
    override: Annotated[
        bool,
        typer.Option("--override", help="Even if it does not fit; needs --reason."),
    ] = False,
    expected_rev: Annotated[Optional[int], typer.Option(help="The rev you decided on.")] = None,
    event_id: Event = None,
    as_json: Json = False,
) -> None:
    """Change a job's details: notes, schedule, duration, price, payment, crew, truck, load size."""
    with report_errors():
        if override and reason is None:
            raise UsageError("--override needs --reason")
        client = context.obj.client
        if crew and expected_rev is None:  # the whole crew is replaced, so it must be unchanged
            expected_rev = client.job(job_id).rev
        times = {
            "eta": moment("--eta", eta),
            "window_start": moment("--window-start", window_start),
            "window_end": moment("--window-end", window_end),
        }
        given: dict[str, Any] = {
            "note": note,
            "price_cents": cents(price),
            "crew": _whole_crew(crew) if crew else None,
            "truck": truck,
            "duration_minutes": duration,
            "load_size": load_size,
            "payment": _payment(paid, paid_amount),
            "reason": reason,
            "override": override or None,
            "schedule": {k: v for k, v in times.items() if v} or None,
        }
        changes = Changes.model_validate({k: v for k, v in given.items() if v is not None})
        request = JobEditRequested(
            tenant=context.obj.tenant,
            job_id=job_id,
            event_id=event_id or fresh_id(),
            occurred_at=utc_now(),
            actor=CLI_ACTOR,
            expected_rev=expected_rev,
            changes=changes,
        )
        job = client.edit(request)
        if as_json:
            print_json({"job_id": job.job_id, "status": job.status, "rev": job.rev})
            return
        console.print(f"[bold]{job.job_id}[/] is changed.")


app.command()(photo)
app.command()(link)


def _payment(method: str | None, amount: str | None) -> dict[str, Any] | None:
    if method is None and amount is not None:
        raise UsageError("--paid-amount: say how it was paid too, such as --paid cash")
    return None if method is None else {"method": method, "amount_cents": cents(amount)}


def _statuses() -> list[str]:
    return sorted({each.name for name in flow_names() for each in load_flow(name).statuses})


def _move_or_status(flow: Flow, text: str) -> dict[str, str]:
    if text == UNDO or any(move.name == text for move in flow.moves):
        return {"move": text}
    if any(status.name == text for status in flow.statuses):
        return {"to": text}
    names = ", ".join(sorted({move.name for move in flow.moves}))
    raise UsageError(f"flow {flow.name} has no move or status {text!r}; its moves: {names}")


def _whole_crew(texts: list[str]) -> tuple[Assignment, ...]:
    return () if texts == ["none"] else tuple(map(_crew, texts))


def _crew(text: str) -> Assignment:
    match = re.fullmatch(r"(\w+)=([a-z][a-z0-9_]*)(?::.*)?", text)
    if not match:
        raise UsageError(f"--crew {text!r}: write role=member, such as driver=sam, or only `none`")
    role, member = match.groups()
    return Assignment.model_validate({"role": role, "member": member})
