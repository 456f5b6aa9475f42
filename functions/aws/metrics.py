"""Metrics for alarms and the dashboard, in CloudWatch's embedded metric format.

A log line in this format becomes a metric without a call to CloudWatch (specification, read
2026-11-21:
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, get_args

from events import Fact, JobCreated, JobEditRefused, JobMoved, JobMoveRefused
from functions.protocol.metrics import AlarmMetric, MetricName, Metrics, Unit


class LogMetrics:
    """The line names the tenant; the stage's alarms watch the sum over all tenants.

    Outside of Lambda nothing is printed, because nothing reads metrics there.
    """

    def __init__(self) -> None:
        self.namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Haulway")
        self.in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def count(self, name: MetricName, tenant: str = "", n: int = 1, **about: str) -> None:
        self.measure(name, n, "Count", tenant, **about)

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **about: str
    ) -> None:
        whose = {"tenant": tenant} if tenant else {}
        line = self._directive(name, unit) | whose | about | {name: value}
        if self.in_lambda:
            print(json.dumps(line), file=sys.stdout, flush=True)

    def _directive(self, name: MetricName, unit: Unit) -> dict[str, Any]:
        """The part that makes the line a metric; without it, it is only a log line."""
        if name not in get_args(AlarmMetric):
            return {}
        metric = {
            "Namespace": self.namespace,
            "Dimensions": [[]],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        now_ms = int(time.time() * 1000)
        return {"_aws": {"Timestamp": now_ms, "CloudWatchMetrics": [metric]}}


def count_facts(metrics: Metrics, facts: Sequence[Fact]) -> None:
    """Counts what was put on the bus. A repeated fact counts twice, which metrics may do."""
    for fact in facts:
        match fact:
            case JobCreated():
                metrics.count("Bookings", fact.tenant)
            case JobMoved():
                metrics.count("Moves", fact.tenant)
            case JobMoveRefused() | JobEditRefused():
                metrics.count("Refusals", fact.tenant, Reason=fact.why)
