"""Step 4: the Lambda that settles an ended status (`jobs/settle.py`)."""

from typing import Any

from functions.aws.container import (
    log,
    once,
    read_settings,
)
from functions.jobs.settle import SettleJob, SettleRequest
from functions.wiring.settle_job import SettleSettings, settle_job_of


@once
def wire() -> SettleJob:
    return settle_job_of(read_settings(SettleSettings))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    request = SettleRequest.model_validate(event)
    settled = wire()(request)
    log.info("settled", tenant=request.tenant, job=request.job_id, seq=settled.seq)
    return settled.model_dump(mode="json", exclude_none=True)
