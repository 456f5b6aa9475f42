"""What is measured, by name: alarms and dashboard of template.yaml stand on these and no others."""

from typing import Literal, Protocol

MetricName = Literal[
    "ApiErrors",
    "BookingErrors",
    "Bookings",
    "Conflicts",
    "DeadLetters",
    "Deliveries",
    "EndpointsPaused",
    "EventToVisibleMs",
    "InvalidationBudgetUsed",
    "InvalidationPaths",
    "JobsStuck",
    "LongestOverdueMinutes",
    "Moves",
    "OldestJobMinutes",
    "Refusals",
    "Repairs",
    "TextsGivenUp",
    "TextsRefused",
    "TextsUnknown",
    "TrackingErrors",
    "WatchRounds",
    "WebhooksGivenUp",
    "Writes",
]
Unit = Literal["Count", "Milliseconds", "Percent", "None"]


class Metrics(Protocol):
    def count(self, name: MetricName, tenant: str = "", n: int = 1, **dimension: str) -> None:
        """`n` more of `name`; with one dimension, as `Reason="overtaken"`, also by that."""

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **dimension: str
    ) -> None: ...
