"""A customer's own reschedule: where it is possible, and when it only asks for the new window.

    booked, confirmed   a free window is the customer's at once, or is asked for, as the business
                        accepts bookings
    on hold, failed     asked for: the office has put the job aside, so the office takes it back

A job whose window is asked for is a request again. So the write that makes the edit also makes the
flow's own move back to its first status, where a dispatcher accepts the window or gives another.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from statemachine.flow_machine import legal_move
from statemachine.flows import Flow, Move, load_flow
from statemachine.job.job import Job
from statemachine.rules.edit_request import EditRequest
from statemachine.rules.made_move import made_move
from statemachine.rules.undo import BY_EDIT
from statemachine.values.values import Actor

NO_REASON = "The customer asked for another time"


def may_reschedule(job: Job, flow: Flow) -> bool:
    """Whether a customer may choose another window: before the crew begins, or after it left.

    Raises UnknownStatus.
    """
    status = flow.status(job.status)
    if status.terminal or status.under_way:
        return False
    return status == flow.initial or _way_back(job, flow) is not None


def only_asks(job: Job, request: EditRequest, by_dispatcher: bool) -> bool:
    """Whether the window that `request` gives is asked for, until the business accepts it.

    `by_dispatcher`: the business accepts bookings so.
    """
    if request.actor.kind != "customer":
        return False
    return by_dispatcher or asks_in_any_business(job, load_flow(job.flow))


def asks_in_any_business(job: Job, flow: Flow) -> bool:
    """Whether a customer only asks for another window, even if the business accepts at once."""
    return flow.status(job.status).aside is not None or not job.accepted


def as_request(job: Job, request: EditRequest, now: datetime) -> Job:
    """The job with its window asked for, in the first status of its flow."""
    flow = load_flow(job.flow)
    move = _way_back(job, flow)
    if move is None:  # it is in the first status
        return job
    of_edit = _MoveOfEdit(_id_of_move(request.event_id), request.occurred_at, request.actor)
    return made_move(job, of_edit, move, flow, now, request.changes.reason or NO_REASON)[0]


@dataclass(frozen=True)
class _MoveOfEdit:
    event_id: str
    occurred_at: datetime
    actor: Actor


def _id_of_move(edit_id: str) -> str:
    """Its own, because each event id counts once in a job."""
    return BY_EDIT + hashlib.sha256(edit_id.encode()).hexdigest()[:32]


def _way_back(job: Job, flow: Flow) -> Move | None:
    return legal_move(flow, job.status, None, flow.initial.name)
