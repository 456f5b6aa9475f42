"""Step 3: the Lambda that settles a status and stores the task token (`jobs/wait.py`)."""

from typing import Any

from functions.aws.container import client, log, once, read_settings
from functions.aws.stepfunctions import StepFunctionsTaskTokens
from functions.jobs.wait import RegisterWait, WaitRequest
from functions.wiring.settle_job import SettleSettings, settle_job_of


@once
def wire() -> RegisterWait:
    settings = read_settings(SettleSettings)
    settle = settle_job_of(settings)
    return RegisterWait(settle.jobs, StepFunctionsTaskTokens(client("stepfunctions")), settle)


def handler(event: dict[str, Any], context: object) -> None:
    request = WaitRequest.model_validate(event)
    outcome = wire()(request)
    log.info("wait", tenant=request.tenant, job=request.job_id, seq=request.seq, outcome=outcome)
