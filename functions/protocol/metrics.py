"""The names of all metrics; alarms and dashboard of template.yaml use these and no others."""

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
    "Unreadable",
    "WatchRounds",
    "WebhooksUndelivered",
]
"""Metrics of CloudWatch: an alarm uses them, or people look at them over months.

Each costs $0.30 in a month in which it is sent every hour; most are sent when something is wrong.
"""

LogMetric = Literal[
    "BoardsRebuilt",
    "Bookings",
    "Conflicts",
    "DeadLetters",
    "Deliveries",
    "HintsLost",
    "InvalidationPaths",
    "OldestJobMinutes",
    "PathsNotInvalidated",
    "Refusals",
    "Repairs",
    "TextsReceived",
    "Writes",
]
"""Lines of the log that the dashboard counts on request: by reason, outcome, or status."""

MetricName = Literal[AlarmMetric, LogMetric]
Unit = Literal["Count", "Milliseconds", "Percent", "None"]


class Metrics(Protocol):
    def count(self, name: MetricName, tenant: str = "", n: int = 1, **about: str) -> None:
        """Add `n` to `name`; `about` goes only to the log, as `Reason="overtaken"`."""

    def measure(
        self, name: MetricName, value: float, unit: Unit, tenant: str = "", **about: str
    ) -> None: ...
