"""Metrics for alarms and the dashboard, in CloudWatch's embedded metric format: no call.

A line of a Lambda's log in this format becomes a metric without anybody asking CloudWatch for it
(its specification, read 2026-11-21:
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
    """The tenant stands in the line; the stage's alarms watch the sum over all of them.

    Outside of a Lambda no one reads metrics from what a program prints, so there nothing is said.
    """

    def __init__(self) -> None:
        self.namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Haulway")
        self.heard = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def count(self, name: MetricName, tenant: str = "", n: int = 1, **about: str) -> None:
        self.measure(name, n, "Count", tenant, **about)

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **about: str
    ) -> None:
        whose = {"tenant": tenant} if tenant else {}
        line = self._directive(name, unit) | whose | about | {name: value}
        if self.heard:
            print(json.dumps(line), file=sys.stdout, flush=True)

    def _directive(self, name: MetricName, unit: Unit) -> dict[str, Any]:
        """What makes a metric of the line; without it, it is a line of the log."""
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
    """What the bus was told. A fact that is told twice counts twice: metrics are no ledger."""
    for fact in facts:
        match fact:
            case JobCreated():
                metrics.count("Bookings", fact.tenant)
            case JobMoved():
                metrics.count("Moves", fact.tenant)
            case JobMoveRefused() | JobEditRefused():
                metrics.count("Refusals", fact.tenant, Reason=fact.why)
