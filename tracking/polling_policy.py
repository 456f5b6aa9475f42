"""How long to wait: the policy, the interval a view asks for, and the budget of early retries."""

import math
from dataclasses import dataclass

from tracking.responses import ViewDocument

DOUBLINGS_MAX = 20


@dataclass(frozen=True)
class Policy:
    """All that can be tuned. The scenarios say the same names; so does the JavaScript."""

    poll_min_s: int = 2
    poll_max_s: int = 300
    poll_default_s: int = 10
    """Where the view has no readable `poll_s`, or where there is no view yet."""
    poll_jitter_percent: int = 20

    prepare_budget_s: int = 60
    """Never seen, and answered 403 or 404 for this long: `not_found`."""
    prepare_base_ms: int = 500
    prepare_cap_ms: int = 5_000
    gone_budget_s: int = 60
    """Seen before, and answered 403 or 404 for this long: `gone`."""

    older_before_fallback: int = 3
    """So many older copies in a row, and the API is asked in place of the edge."""
    fallback_pause_s: int = 60

    retry_start_percent: int = 300
    """Early retries in hand while there is nothing to show; 100 pay for one."""
    retry_earn_percent: int = 5
    """What each failure adds: over many readers, one failure in twenty is retried early."""
    retry_base_ms: int = 1_000
    trouble_cap_s: int = 30
    """In trouble polls come later, by up to one interval, two, four and so on, but not by more."""
    recovery_jitter_percent: int = 50
    """A whole interval wide: readers that were answered together do not come back together."""
    retry_after_cap_s: int = 300

    wake_jitter_ms: int = 1_000
    wake_gap_ms: int = 2_000
    """Signals bring requests forward, but never closer together than this."""
    request_timeout_s: int = 10


def interval_ms(view: ViewDocument | None, policy: Policy) -> int:
    """The time between two polls that `view` suggests, within the policy's limits."""
    poll_s = view.get("poll_s") if view is not None else None
    if isinstance(poll_s, bool) or not isinstance(poll_s, int | float):
        poll_s = policy.poll_default_s
    return math.floor(min(max(poll_s, policy.poll_min_s), policy.poll_max_s) * 1000)


def doubled(base_ms: int, times: int) -> int:
    """`base_ms` the first time, then twice as much each time."""
    doublings: int = 2 ** min(times - 1, DOUBLINGS_MAX)
    return base_ms * doublings


class RetryBudget:
    """A token bucket for retries that come before the next poll would.

    It starts with some, for someone who looks at an empty page. From the first view on, each
    failure earns a twentieth of one, and each reader starts with a random part of one: so of many
    readers that fail at the same moment, only one in twenty has saved up a whole one.
    """

    def __init__(self, policy: Policy) -> None:
        self._percent = policy.retry_start_percent
        self._earn_percent = policy.retry_earn_percent
        self._most_percent = max(100, policy.retry_start_percent)

    def cut(self, random: float) -> None:
        """There is something to show now, so there is time."""
        self._percent = min(self._percent, math.floor(random * 100))

    def earn(self) -> None:
        self._percent = min(self._percent + self._earn_percent, self._most_percent)

    def spend(self) -> bool:
        if self._percent < 100:
            return False
        self._percent -= 100
        return True
