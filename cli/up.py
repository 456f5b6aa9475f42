"""`haul up`: the whole system on this laptop, until Ctrl-C."""

import json
import logging
import signal
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from botocore.exceptions import BotoCoreError

from cli.out import Complaint, console, local_time, spoken_errors
from deploy.stack import DeployFailed
from local.engine import EDGE_PORT, ENGINE_PORT, EngineFailed
from statemachine.flows import load_flow

if TYPE_CHECKING:
    from cli.demo import Demo
    from local.laptop import Laptop

FACTS = ["JobCreated", "JobMoved", "JobEdited", "JobMoveRefused", "JobOverdue"]
TAIL = "haulway-local-tail"


def up(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Where the pages are.")] = EDGE_PORT,
    engine_port: Annotated[int, typer.Option(help="Where the engine listens.")] = ENGINE_PORT,
    state: Annotated[
        Optional[Path], typer.Option(help="Where everything is kept; default .haul.")
    ] = None,
    lag: Annotated[float, typer.Option(min=0, help="Seconds an invalidation takes.")] = 2.0,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Fill the board with a day and move it along.")
    ] = False,
) -> None:
    """Start engine, stack, pages and edge; then print one line for every transition."""
    # The engine's and the template's libraries take a while to import; other commands need none.
    from cli.demo import Demo
    from local.laptop import Laptop

    with spoken_errors():
        folder = state or context.obj.state
        _log_to(folder)
        begun = time.monotonic()
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, _interrupt)
        with console.status("starting …") as status:
            laptop = Laptop(
                folder, port, engine_port, lag, say=lambda step: status.update(f"{step} …")
            )
            try:
                laptop.start()
            except (EngineFailed, DeployFailed, OSError) as error:
                raise Complaint(f"{error}") from error
        console.print(f"[bold green]Haulway is up[/] ({time.monotonic() - begun:.1f} s).")
        try:
            day = Demo(laptop) if with_demo else None
            _welcome(laptop, folder, day)
            _tail(laptop, day)
        except BotoCoreError as error:
            raise Complaint(
                f"the engine has stopped; its log is {laptop.engine.log}. Start again: every job "
                "goes on where it stood"
            ) from error
        except KeyboardInterrupt:
            console.print("\nStopping; everything is kept and goes on at the next start.")
        finally:
            laptop.stop()


def _log_to(folder: Path) -> None:
    """What the edge has to say goes into a file; the terminal is for the jobs."""
    folder.mkdir(parents=True, exist_ok=True)
    logger = logging.getLogger("haulway")
    logger.handlers = [logging.FileHandler(folder / "edge.log", encoding="utf-8")]
    logger.propagate = False


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _welcome(laptop: "Laptop", folder: Path, day: "Demo | None") -> None:
    first = laptop.first_sign_in()
    where = "" if folder == Path(".haul") else f" --state {folder}"
    crew = f"`haul{where} crew add` gives somebody an account"
    if day:
        day.hire(first.password, datetime.now(timezone.utc))
        crew = "sign in as [bold]maria[/] or [bold]joe[/] with the same password"
    console.print(
        f"""
  Board      {laptop.edge_url}/
             sign in as [bold]{first.account}[/] with the password [bold]{first.password}[/]
  Ops        {laptop.edge_url}/ops/  (the same account)
  Crew       {laptop.edge_url}/crew/
             {crew}
  Booking    {laptop.edge_url}/book/
  Tracking   {laptop.edge_url}/track/…  (each job has its link)

Try this in a second terminal, after [bold]source .venv/bin/activate[/]:

  haul{where} job new --customer Mark --location "Soderblom Ave" --price 600
  haul{where} job move JOB confirm        then start, then complete
  haul{where} track TOKEN --follow

Ctrl-C stops it and keeps everything.
""",
        soft_wrap=True,  # or a command would be broken in two, and copied so
    )


def _tail(laptop: "Laptop", day: "Demo | None") -> None:
    """One line for each fact on the bus, until interrupted."""
    sqs, url = laptop.client("sqs"), _tail_queue(laptop)
    while True:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in got.get("Messages", ()):
            _print_fact(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if day:
            day.go_on(datetime.now(timezone.utc))


def _tail_queue(laptop: "Laptop") -> str:
    """A queue of our own behind a rule of our own: what any other consumer would add."""
    sqs, events = laptop.client("sqs"), laptop.client("events")
    url: str = sqs.create_queue(QueueName=TAIL)["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    bus = laptop.outputs["BusName"]
    pattern = json.dumps({"source": ["haulway.jobs"], "detail-type": FACTS})
    events.put_rule(Name=TAIL, EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule=TAIL, EventBusName=bus, Targets=[{"Id": "tail", "Arn": arn}])
    return url


def _print_fact(event: dict[str, Any]) -> None:
    fact = event["detail"]
    at = local_time(datetime.fromisoformat(fact["recorded_at"]))
    console.print(f"[dim]{at}[/]  {fact['job_id']}  {_sentence(event['detail-type'], fact)}")


def _sentence(kind: str, fact: dict[str, Any]) -> str:
    flow = load_flow(fact["flow"])

    def named(name: str) -> str:
        status = flow.status(name)
        return f"[{status.colour}]{status.label.en}[/]"

    match kind:
        case "JobCreated":
            return f"booked: {named(fact['status'])}"
        case "JobMoved":
            return f"{named(fact['from'])} → {named(fact['to'])}  [dim]{fact['actor']['kind']}[/]"
        case "JobEdited":
            return f"edited: {', '.join(fact['fields'])}"
        case "JobMoveRefused":
            asked = fact.get("move") or fact.get("to")
            return f"[red]refused[/]: {asked} ({fact['why'].replace('_', ' ')})"
        case _:
            return f"[yellow]overdue[/] in {named(fact['status'])}"
