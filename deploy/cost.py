"""What a month costs on AWS, by volume: unit prices of us-east-1, each with where it was read.

Free tiers are left out, except the 1,000 invalidation paths and CloudFront's own, which stay.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.watch_round import SLICE, SLICES

PRICES_USD = {
    "sfn_transition": 25e-6,  # $0.025 per 1,000 state transitions, Standard
    "event": 1e-6,  # $1.00 per million custom events
    "invocation": 0.2e-6,  # $0.20 per million Lambda requests
    "gb_second": 1.33334e-5,  # Lambda, arm64
    "put": 5e-6,  # $0.005 per 1,000 PUT
    "get": 0.4e-6,  # $0.0004 per 1,000 GET
    "sqs_request": 0.4e-6,  # $0.40 per million
    "invalidation_path": 0.005,  # after 1,000 a month and account
    "https_request": 1e-6,  # $0.0100 per 10,000
    "edge_function": 0.1e-6,  # $0.10 per million CloudFront Function calls
    "egress_gb": 0.085,
    "log_gb": 0.50,
    "storage_gb_month": 0.023,
    "alarm": 0.10,
    "metric": 0.30,  # a custom metric that is told in every hour of the month
    "secret": 0.40,
    "sms_part": 0.012,  # assumed, with the carrier's fee
}
"""Read 2026-11-21; the model and its sources are those of the project's AWS facts, section 9."""
FREE_PATHS = 1000
FREE_HTTPS_REQUESTS = 10_000_000
FREE_EGRESS_GB = 1000
MONTH_S = 2_592_000


@dataclass(frozen=True)
class Use:
    """What one job causes. The defaults are measured or assumed for the flow `haul`."""

    transitions: int = 4
    sfn_transitions: int = 11
    """Begin, then settle, wait and choice for three statuses, and the end."""
    events: float = 8
    invocations: float = 11
    gb_s: float = 0.5 * 0.15
    puts: int = 24
    """Of them one for each move, that tells the watchdog of it."""
    gets: int = 50
    """Of them two for each look of the watchdog in the minutes after a move."""
    sqs_requests: float = 20
    views: int = 20
    view_gb: float = 4e-6
    log_gb: float = 3e-6
    stored_gb: float = 30e-6
    """With the versions of a month."""
    months_kept: int = 24
    days_open: float = 2
    photos: int = 0
    photo_gb: float = 250e-6
    """Cleaned, in one version; assumed. Each is put, read, removed and put, and looked at."""
    sms_parts: int = 2


@dataclass(frozen=True)
class Fixed:
    """What is there however few jobs there are."""

    alarms: int = 30
    metrics: int = 5
    """Of functions/metrics.py those that are told while all is well, and now and then another."""
    secrets: int = 1
    watch_rounds: int = MONTH_S // 60
    queues: int = 11
    receives: int = MONTH_S // 20
    """Lambda asks every queue about every 20 s while nothing happens, with five hands at least."""
    hands: int = 5
    watch_lists: int = 3
    """Of a round: businesses, open jobs, stuck jobs; a list has the price of a PUT."""
    watch_queues: int = 11
    """Queues of dead letters that a round asks."""
    invalidation_paths: int = FREE_PATHS
    """`InvalidationPathsPerMonth`: past them views live for two seconds at the edge."""


def looks_a_round(open_jobs: float) -> float:
    """How many jobs a round of the watchdog reads, beside those just moved (watch_round.py)."""
    return open_jobs / max(1, min(SLICES, math.ceil(open_jobs / SLICE)))


@dataclass(frozen=True)
class Bill:
    jobs: int
    items: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return sum(self.items.values())

    @property
    def without_sms(self) -> float:
        return self.total - self.items["SMS"]


def monthly(jobs: int, use: Use | None = None, fixed: Fixed | None = None) -> Bill:
    """The bill of a month with so many jobs, in dollars."""
    use, price, fixed = use or Use(), PRICES_USD, fixed or Fixed()
    paths = min(jobs * use.transitions, fixed.invalidation_paths)
    revalidations = jobs * use.views
    invocations = jobs * use.invocations + fixed.watch_rounds
    requests = (
        jobs * use.sqs_requests
        + fixed.queues * fixed.hands * fixed.receives
        + fixed.watch_rounds * fixed.watch_queues
    )
    lists = fixed.watch_rounds * fixed.watch_lists
    watched = fixed.watch_rounds * looks_a_round(jobs * use.days_open / 30)
    seen = jobs * use.views
    items = {
        "Step Functions": jobs * use.sfn_transitions * price["sfn_transition"],
        "EventBridge": jobs * use.events * price["event"],
        "Lambda": invocations * (price["invocation"] + use.gb_s * price["gb_second"]),
        "SQS": requests * price["sqs_request"],
        "S3 requests": (jobs * use.puts + lists) * price["put"]
        + (jobs * use.gets + revalidations + 2 * watched) * price["get"],
        "S3 storage": jobs * use.stored_gb * use.months_kept * price["storage_gb_month"],
        "CloudFront": max(0, seen - FREE_HTTPS_REQUESTS) * price["https_request"]
        + seen * price["edge_function"]
        + max(0.0, seen * use.view_gb - FREE_EGRESS_GB) * price["egress_gb"],
        "Invalidations": max(0, paths - FREE_PATHS) * price["invalidation_path"],
        "Logs": invocations * use.log_gb * price["log_gb"],
        "Photos": jobs * use.photos * _photo(use),
        "Alarms, metrics, secrets": fixed.alarms * price["alarm"]
        + fixed.metrics * price["metric"]
        + fixed.secrets * price["secret"],
        "SMS": jobs * use.sms_parts * price["sms_part"],
    }
    return Bill(jobs, items)


def _photo(use: Use) -> float:
    """One photo, for as long as its job is kept."""
    price = PRICES_USD
    asked = 2 * (price["put"] + price["invocation"] + 2 * use.gb_s * price["gb_second"])
    kept = use.photo_gb * use.months_kept * price["storage_gb_month"]
    return asked + price["get"] + kept
