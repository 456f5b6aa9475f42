"""What a move requires of the job: proof of service, or a window that the business has given."""

from statemachine.flows import Flow, Move
from statemachine.job.job import Job
from statemachine.values.values import Actor


def is_request(job: Job) -> bool:
    """Whether the business has given no arrival window yet, so there is nothing to confirm."""
    return None in job.schedule.window or not job.accepted


def shows_as_request(job: Job, flow: Flow) -> bool:
    """Whether pages call the job requested: its status has words for that."""
    return flow.status(job.status).requested is not None and is_request(job)


def window_is_missing(job: Job, move: Move, actor: Actor) -> bool:
    """Whether a customer would confirm what the business has not offered.

    A dispatcher who confirms has spoken with the customer, or gives the window next.
    """
    return "window" in move.requires and actor.kind == "customer" and is_request(job)


def has_proof(job: Job) -> bool:
    """Whether the job has its proof of service: a photo before, one after, and the load size."""
    return {"before", "after"} <= {photo.kind for photo in job.photos} and bool(job.load_size)
