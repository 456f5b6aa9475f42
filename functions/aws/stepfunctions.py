"""Executions: started by name, resumed by task token."""

import json
from typing import Any

from botocore.exceptions import ClientError

from functions.aws.errors import code_of, retryable
from functions.aws.tracing import trace_header
from functions.protocol.ports import TaskOutput

NOT_LIVE = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}


class StepFunctionsTaskTokens:
    def __init__(self, sfn: Any) -> None:
        self.sfn = sfn

    def send_success(self, token: str, answer: TaskOutput) -> None:
        with retryable():
            try:
                self.sfn.send_task_success(taskToken=token, output=answer.model_dump_json())
            except ClientError as error:
                if code_of(error) not in NOT_LIVE:
                    raise


class StepFunctionsExecutions(StepFunctionsTaskTokens):
    """`machine_prefix` is the ARN of a flow's state machine without the flow's name.

    An execution started through the alias keeps the version that the alias pointed to then,
    whatever is deployed later. Its own ARN and name are the same as without an alias.
    """

    def __init__(self, sfn: Any, machine_prefix: str, alias: str = "") -> None:
        super().__init__(sfn)
        self.machine_prefix, self.suffix = machine_prefix, f":{alias}" if alias else ""

    def start(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        with retryable():
            try:
                self.sfn.start_execution(
                    stateMachineArn=f"{self.machine_prefix}{flow}{self.suffix}",
                    name=execution_name(tenant, job_id, generation),
                    input=json.dumps({"tenant": tenant, "job_id": job_id}),
                    **({"traceHeader": trace} if (trace := trace_header()) else {}),
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return False
        return True

    def stop(self, flow: str, tenant: str, job_id: str, generation: int) -> None:
        arn = self._arn(flow, tenant, job_id, generation)
        with retryable():
            try:
                self.sfn.stop_execution(executionArn=arn, cause="nothing can resume it any more")
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise

    def _arn(self, flow: str, tenant: str, job_id: str, generation: int) -> str:
        prefix = f"{self.machine_prefix}{flow}".replace(":stateMachine:", ":execution:")
        return f"{prefix}:{execution_name(tenant, job_id, generation)}"

    def is_running(self, flow: str, tenant: str, job_id: str, generation: int) -> bool:
        arn = self._arn(flow, tenant, job_id, generation)
        with retryable():
            try:
                answer = self.sfn.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return False
                raise
        return bool(answer["status"] == "RUNNING")


def execution_name(tenant: str, job_id: str, generation: int) -> str:
    return f"{tenant}-{job_id}-g{generation}"
