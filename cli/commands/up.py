"""`haul up`: the whole system on this laptop, until Ctrl-C."""

import json
import logging
import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional
from zoneinfo import ZoneInfo

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from cli.client.business_client import stored_businesses
from cli.client.connection import Connection
from cli.output.business_clock import CLOCK
from cli.output.output import CliError, console, local_time, report_errors
from deploy.stack import DeployFailed
from functions.aws.s3_stores import S3Jobs
from functions.protocol.clock import utc_now
from local.engine import EDGE_PORT, ENGINE_PORT, EngineFailed
from local.engine_key import private_folder
from local.first_sign_in import TENANT
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.settings.business_changes import SettingsPatch, given_in

if TYPE_CHECKING:
    from cli.demo import Demo
    from local.laptop import Laptop

FACTS = ["JobCreated", "JobMoved", "JobEdited", "JobMoveRefused", "JobOverdue"]
TAIL = "haulway-local-tail"

log = logging.getLogger("haulway.up")


def up(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of the pages.")] = EDGE_PORT,
    engine_port: Annotated[int, typer.Option(help="Port of the AWS emulator.")] = ENGINE_PORT,
    state: Annotated[
        Optional[Path], typer.Option(help="Folder for all data; default .haul.")
    ] = None,
    lag: Annotated[float, typer.Option(min=0, help="Seconds an invalidation takes.")] = 2.0,
    business: Annotated[
        Optional[str],
        typer.Option(help="Name of the business; at first Haulway Demo."),
    ] = None,
    time_zone: Annotated[
        Optional[str],
        typer.Option(help="Its time zone, as America/Los_Angeles; at first this laptop's."),
    ] = None,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="Add demo jobs, and move them while you watch.")
    ] = False,
) -> None:
    """Run the whole system on this laptop. Prints a line for every fact, until Ctrl-C."""
    # Imported here because the libraries for the engine and the template load slowly.
    from cli.demo import Demo
    from local.laptop import Laptop

    with report_errors():
        given = _given(name=business, time_zone=time_zone)
        os.umask(0o077)  # logs contain addresses of pages, so only their owner may read them
        folder = state or context.obj.state
        try:
            _log_to(folder)
        except OSError as error:
            raise CliError(
                f"the folder {folder} cannot be used ({error.strerror}): name another with --state"
            ) from error
        begun = time.monotonic()
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, _interrupt)
        with console.status("starting …") as status:
            laptop = Laptop(
                folder, port, engine_port, lag, report=lambda step: status.update(f"{step} …")
            )
            try:
                laptop.start()
            except (EngineFailed, DeployFailed, OSError) as error:
                raise CliError(f"{error}") from error
        console.print(f"[bold green]Haulway is up[/] ({time.monotonic() - begun:.1f} s).")
        if laptop.resume_error:
            console.print(
                f"[yellow]Some jobs could not be resumed:[/] {escape(laptop.resume_error)}. The "
                "watchdog tries again every few minutes; `haul ops stuck` lists jobs that need a "
                "person, `haul explain JOB` says why.",
                soft_wrap=True,
            )
        try:
            day = Demo(laptop) if with_demo else None
            _welcome(laptop, folder, day, _business(laptop, given))
            _tail(laptop, day)
        except (BotoCoreError, ClientError) as error:
            raise CliError(
                f"the engine has stopped; its log is {laptop.engine.log}. Start again: every job "
                "continues where it was"
            ) from error
        except KeyboardInterrupt:
            console.print("\nStopping. Everything is kept and continues at the next start.")
        finally:
            laptop.stop()


def _log_to(folder: Path) -> None:
    """Log to a file; the terminal is for the jobs."""
    private_folder(folder)
    logger = logging.getLogger("haulway")
    logger.handlers = [logging.FileHandler(folder / "edge.log", encoding="utf-8")]
    logger.propagate = False


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _given(**settings: str | None) -> dict[str, Any]:
    """Those that are given, checked before anything starts. Raises ValidationError."""
    given = {name: value for name, value in settings.items() if value is not None}
    return given_in(SettingsPatch.model_validate(given))


def _business(laptop: "Laptop", given: dict[str, Any]) -> BusinessSettings:
    from local.first_business import own_zone, set_up_business

    place = Connection(laptop.outputs, laptop.edge_url, laptop.aws)
    jobs = S3Jobs(place.client("s3"), place.outputs["JobsBucket"])
    now = utc_now()
    return set_up_business(stored_businesses(place).settings, jobs, TENANT, given, own_zone(), now)


def _welcome(
    laptop: "Laptop", folder: Path, day: "Demo | None", business: BusinessSettings
) -> None:
    CLOCK.go_by(lambda: ZoneInfo(business.time_zone))  # the folder may be one of this command alone
    first = laptop.first_sign_in()
    where = "" if folder == Path(".haul") else f" --state {folder}"
    crew = f"`haul{where} crew add` gives someone an account"
    if day:
        day.add_crew(first.password, utc_now())
        crew = "sign in as [bold]maria[/] or [bold]joe[/] with the same password"
    password = f"the password [bold]{escape(first.password)}[/]"
    if first.changed:
        password = f"the password you chose (`haul{where} crew password` sets another)"
    console.print(
        f"""
  Business   [bold]{escape(business.name)}[/], in the time zone {business.time_zone}
             (`haul{where} business set {business.tenant} KEY=VALUE` changes its settings)
  Settings   {laptop.edge_url}/settings/
             sign in as [bold]{first.account}[/] with {password}: start here
  Board      {laptop.edge_url}/  (the same account)
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
        soft_wrap=True,  # so that a command is never split and can be copied
    )


def _tail(laptop: "Laptop", day: "Demo | None") -> None:
    """One line for each fact on the bus, until interrupted."""
    sqs, url = laptop.client("sqs"), _tail_queue(laptop)
    while True:
        try:
            _print_facts(sqs, url)
        except (BotoCoreError, ClientError):
            if not laptop.engine.runs:
                raise
            log.exception("the engine did not answer; trying again")
            time.sleep(1)
        if day:
            _advance_demo(day)


def _print_facts(sqs: Any, url: str) -> None:
    got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    messages = got.get("Messages", ())
    for message in messages:
        print_fact(message["Body"])
    if messages:
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def _advance_demo(day: "Demo") -> None:
    """The demo's next step; a step that fails is skipped."""
    try:
        day.advance(utc_now())
    except Exception:  # a demo must not stop `haul up`
        log.exception("the demo skipped a step")


def _tail_queue(laptop: "Laptop") -> str:
    """A queue behind a rule, which any other consumer would add too."""
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


def print_fact(body: str) -> None:
    """One line for a message of the bus, whatever it contains: anyone may send events."""
    try:
        event = json.loads(body)
        line = _line(event["detail-type"], event["detail"])
    except Exception as error:  # a bad event must not stop the output of the next ones
        log.warning("unknown event (%s), fields %s", type(error).__name__, _fields(body))
        line = "[yellow]This version does not know an event on the bus[/]; see edge.log"
    console.print(line)


def _fields(body: str) -> str:
    """Only the names of the fields: their values may be personal data."""
    try:
        return ascii(sorted(json.loads(body)["detail"]))[:500]
    except (ValueError, TypeError, KeyError):
        return "none"


def _line(kind: str, fact: dict[str, Any]) -> str:
    at = local_time(datetime.fromisoformat(fact["recorded_at"]))
    return f"[dim]{at}[/]  {escape(str(fact['job_id']))}  {_sentence(kind, fact)}"


def _sentence(kind: str, fact: dict[str, Any]) -> str:
    flow = load_flow(fact["flow"])

    def named(name: str) -> str:
        status = flow.status(name)
        return f"[{status.colour}]{escape(status.label.en)}[/]"

    match kind:
        case "JobCreated":
            return f"booked: {named(fact['status'])}"
        case "JobMoved":
            by = escape(str(fact["actor"]["kind"]))
            return f"{named(fact['from'])} → {named(fact['to'])}  [dim]{by}[/]"
        case "JobEdited":
            return f"edited: {escape(', '.join(map(str, fact['fields'])))}"
        case "JobMoveRefused":
            asked, why = fact.get("move") or fact.get("to"), str(fact["why"]).replace("_", " ")
            return f"[red]refused[/]: {escape(f'{asked} ({why})')}"
        case _:
            return f"[yellow]overdue[/] in {named(fact['status'])}"
