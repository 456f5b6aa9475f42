"""What is measured, by name: alarms and dashboard of template.yaml stand on these and no others."""

from typing import Literal, Protocol

AlarmMetric = Literal[
    "ApiErrors",
    "BookingErrors",
    "EndpointsPaused",
    "EventToVisibleMs",
    "ExecutionsEnded",
    "InvalidationBudgetUsed",
    "JobsStuck",
    "LongestOverdueMinutes",
    "Moves",
    "SmsUndelivered",
    "SmsRejected",
    "SmsOutcomeUnknown",
    "TrackingErrors",
    "WatchRounds",
    "WebhooksUndelivered",
]
"""Metrics of CloudWatch: an alarm stands on them, or they are looked at over months.

Each costs $0.30 in a month in which it is told every hour; most are told when something is wrong.
"""

LogMetric = Literal[
    "BoardsRebuilt",
    "Bookings",
    "Conflicts",
    "DeadLetters",
    "Deliveries",
    "InvalidationPaths",
    "OldestJobMinutes",
    "PathsNotInvalidated",
    "Refusals",
    "Repairs",
    "TextsReceived",
    "Writes",
]
"""Lines of the log, which the dashboard counts when asked: by reason, outcome or status."""

MetricName = Literal[AlarmMetric, LogMetric]
Unit = Literal["Count", "Milliseconds", "Percent", "None"]


class Metrics(Protocol):
    def count(self, name: MetricName, tenant: str = "", n: int = 1, **about: str) -> None:
        """`n` more of `name`; `about` is for the log alone, as `Reason="overtaken"`."""

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **about: str
    ) -> None: ...
