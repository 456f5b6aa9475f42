"""What the functions receive: batches of a queue, and jobs whose execution waits."""

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from statemachine.job.job import Epoch, Job, TaskWait
from tests.support.builders import NOON


def envelope(detail: BaseModel | object) -> str:
    """`detail` as EventBridge wraps it."""
    if isinstance(detail, BaseModel):
        detail = json.loads(detail.model_dump_json(exclude_none=True))
    return json.dumps({"version": "0", "source": "haulway.dispatch", "detail": detail})


def batch(*bodies: str) -> dict[str, Any]:
    """The records of a queue; the first has the id `m0`."""
    return {"Records": [{"messageId": f"m{n}", "body": body} for n, body in enumerate(bodies)]}


def again(*numbers: int) -> dict[str, Any]:
    """The response that those messages are to be delivered again."""
    return {"batchItemFailures": [{"itemIdentifier": f"m{number}"} for number in numbers]}


def an_epoch(generation: int = 0, entered_at: datetime = NOON, retry: int = 0) -> Epoch:
    return Epoch(generation=generation, entered_at=entered_at, retry=retry)


def a_wait(seq: int, token: str = "task-1", **epoch: Any) -> TaskWait:
    return TaskWait(seq=seq, epoch=an_epoch(**epoch), token=token)


def waited_for(job: Job, token: str = "task-1", **epoch: Any) -> Job:
    """The job, with an execution that has settled every entry and waits for the next."""
    execution = job.execution.with_(seq=job.seq, generation=epoch.get("generation", 0))
    return job.with_bookkeeping(wait=a_wait(job.seq, token, **epoch), execution=execution)


def settled_before(job: Job) -> Job:
    """The job, with an execution that has settled all entries but the last."""
    return job.with_bookkeeping(execution=job.execution.with_(seq=job.seq - 1))


def left_behind(job: Job, token: str = "task-1") -> Job:
    """The job, with an execution that has not received the last entry."""
    execution = job.execution.with_(seq=job.seq - 1)
    return job.with_bookkeeping(wait=a_wait(job.seq - 1, token), execution=execution)
