"""Invokes the watchdog's function: only it has the permissions that repairs need."""

import json
from collections.abc import Sequence
from typing import Any

from functions.aws.errors import retryable
from functions.protocol.ports import Corrupt, Unavailable, Unforeseen, UnknownJob
from functions.repair.requests import RepairReport
from statemachine.flows import UnknownFlow, UnknownStatus

ERRORS: dict[str, type[Exception]] = {
    error.__name__: error for error in (UnknownJob, Corrupt, UnknownFlow, UnknownStatus, Unforeseen)
}


class WatchdogFailed(Unavailable):
    """It was invoked and failed, or timed out."""


class LambdaWatchdog:
    def __init__(self, functions: Any, name: str) -> None:
        self.functions, self.name = functions, name

    def repair(self, tenant: str, job_id: str) -> list[str]:
        """The repairs that were made; empty if nothing was wrong.

        It is safe to call again after a lost response. Raises UnknownJob, Corrupt, UnknownFlow,
        Unforeseen, Unavailable.
        """
        result = self._invoke({"repair": {"tenant": tenant, "job_id": job_id}})
        if error := ERRORS.get(result.get("error", "")):
            raise error(result["detail"])
        repaired: list[str] = result["repaired"]
        return repaired

    def missing(self, tenant: str, job_id: str) -> list[str]:
        """The messages about a job that should exist and do not. Raises Unavailable."""
        result = self._invoke({"missing": {"tenant": tenant, "job_id": job_id}})
        messages: list[str] = result["missing"]
        return messages

    def repair_some(self, tenant: str, job_ids: Sequence[str]) -> RepairReport:
        """Repairs up to a hundred jobs. Raises Unavailable."""
        result = self._invoke({"repair_some": {"tenant": tenant, "job_ids": list(job_ids)}})
        return RepairReport.model_validate(result)

    def _invoke(self, message: dict[str, Any]) -> dict[str, Any]:
        with retryable():
            answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(message))
            result: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            error = result.get("errorType", "no reason given")
            raise WatchdogFailed(f"the watchdog failed: {error}")
        return result
