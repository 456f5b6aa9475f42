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

from events import Fact, JobCreated, JobMoved, JobMoveRefused, JobRepaired, JobStuck
from functions.metrics import MetricName, Metrics, Unit


class LogMetrics:
    """The tenant stands in the line; the stage's alarms watch the sum over all of them.

    With a dimension a value counts twice: in the sum, and by that dimension. Outside of a Lambda
    nobody reads metrics from what a program prints, so there nothing is said.
    """

    def __init__(self) -> None:
        self.namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Haulway")
        self.heard = "AWS_LAMBDA_FUNCTION_NAME" in os.environ

    def count(self, name: MetricName, tenant: str = "", n: int = 1, **dimension: str) -> None:
        self.measure(name, n, "Count", tenant, **dimension)

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **dimension: str
    ) -> None:
        metric = {
            "Namespace": self.namespace,
            "Dimensions": [[], *([name] for name in dimension)],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}
        about = {"tenant": tenant} if tenant else {}
        line = {"_aws": aws, **about, **dimension, name: value}
        if self.heard:
            print(json.dumps(line), file=sys.stdout, flush=True)


def count_facts(metrics: Metrics, facts: Sequence[Fact]) -> None:
    """What the bus was told. A fact that is told twice counts twice: metrics are no ledger."""
    for fact in facts:
        match fact:
            case JobCreated():
                metrics.count("Bookings", fact.tenant)
            case JobMoved():
                metrics.count("Moves", fact.tenant)
            case JobMoveRefused():
                metrics.count("Refusals", fact.tenant, Reason=fact.why)
            case JobRepaired():
                metrics.count("Repairs", fact.tenant)
            case JobStuck():
                metrics.count("JobsStuck", fact.tenant)
