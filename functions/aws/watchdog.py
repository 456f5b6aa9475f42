"""The watchdog, called by hand: it alone has the permissions that repairs need."""

import json
from collections.abc import Sequence
from typing import Any

from functions.aws.errors import retryable
from functions.protocol.ports import Corrupt, Unavailable, Unforeseen, UnknownJob
from functions.repair.requests import RepairReport
from statemachine.flows import UnknownFlow, UnknownStatus

REFUSALS: dict[str, type[Exception]] = {
    error.__name__: error for error in (UnknownJob, Corrupt, UnknownFlow, UnknownStatus, Unforeseen)
}


class WatchdogFailed(Unavailable):
    """It was called and came to no end: by an error of its own, or because its time was up."""


class LambdaWatchdog:
    def __init__(self, functions: Any, name: str) -> None:
        self.functions, self.name = functions, name

    def repair(self, tenant: str, job_id: str) -> list[str]:
        """What had to be repaired; nothing where nothing was wrong.

        Asked again after a lost answer it does no harm. Raises UnknownJob, Corrupt, UnknownFlow,
        Unforeseen, Unavailable.
        """
        said = self._asked({"repair": {"tenant": tenant, "job_id": job_id}})
        if refusal := REFUSALS.get(said.get("error", "")):
            raise refusal(said["detail"])
        repaired: list[str] = said["repaired"]
        return repaired

    def missing(self, tenant: str, job_id: str) -> list[str]:
        """The messages about a job that ought to exist and do not. Raises Unavailable."""
        said = self._asked({"missing": {"tenant": tenant, "job_id": job_id}})
        named: list[str] = said["missing"]
        return named

    def repair_some(self, tenant: str, job_ids: Sequence[str]) -> RepairReport:
        """The same for up to a hundred jobs. Raises Unavailable."""
        said = self._asked({"repair_some": {"tenant": tenant, "job_ids": list(job_ids)}})
        return RepairReport.model_validate(said)

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        with retryable():
            answer = self.functions.invoke(FunctionName=self.name, Payload=json.dumps(message))
            said: dict[str, Any] = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise WatchdogFailed(f"the watchdog failed: {said.get('errorType', 'no reason given')}")
        return said
