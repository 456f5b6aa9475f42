"""Counters for alarms, in CloudWatch's embedded metric format: a line of the log, no call."""

import json
import sys
import time

from functions.ports import Unit

NAMESPACE = "Haulway"


class LogMetrics:
    """The tenant stands in the line; the stage's alarms watch the sum over all of them."""

    def count(self, name: str, tenant: str) -> None:
        self.measure(name, 1, "Count", tenant)

    def measure(self, name: str, value: float, unit: Unit, tenant: str | None = None) -> None:
        metric = {
            "Namespace": NAMESPACE,
            "Dimensions": [[]],
            "Metrics": [{"Name": name, "Unit": unit}],
        }
        aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}
        about = {"tenant": tenant} if tenant else {}
        print(json.dumps({"_aws": aws, **about, name: value}), file=sys.stdout, flush=True)
