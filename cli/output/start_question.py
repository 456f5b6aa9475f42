"""Asks before a start that is probably a mistake."""

import sys
from zoneinfo import ZoneInfo

import typer

from cli.client.bus_client import JobClient
from cli.output.output import Rejected
from functions.api.response_models import JobDocument
from functions.protocol.clock import utc_now
from statemachine.flow_machine import legal_move
from statemachine.flows import Flow
from statemachine.views.start_doubt import BusyDriver, EarlyStart, doubt_about


def ask_before_start(
    client: JobClient, job: JobDocument, flow: Flow, named: dict[str, str]
) -> None:
    """Raises Rejected if the move is probably a mistake, and no one says that it is meant."""
    move = legal_move(flow, job.status, named.get("move"), named.get("to"))
    if move is None or not flow.status(move.to).under_way:
        return
    zone = ZoneInfo(client.time_zone())
    match doubt_about(move, job, client.cards(), utc_now(), zone):
        case EarlyStart(planned=planned):
            why = f"the arrival window is on {planned.astimezone(zone):%A, %B %-d}"
        case BusyDriver(driver=driver, other=other):
            why = f"{driver} is still on the job of {other.customer} ({other.job_id})"
        case None:
            return
    if not sys.stdin.isatty():
        raise Rejected(f"{why}; to start the job all the same, add --start-anyway")
    if not typer.confirm(f"{why[0].upper()}{why[1:]}. Start anyway?"):
        raise Rejected("the job was not started")
