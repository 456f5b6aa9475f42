"""How long to wait: the policy, the interval a view asks for, and the budget of early retries."""

import math
import re
from dataclasses import dataclass
from datetime import datetime

from tracking.responses import ViewDocument

DOUBLINGS_MAX = 20
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


@dataclass(frozen=True)
class Policy:
    """The settings. The scenarios and the JavaScript reader use the same names."""

    poll_min_s: int = 2
    poll_max_s: int = 300
    poll_default_s: int = 10
    """If the view has no readable `poll_s`, or there is no view yet."""
    poll_jitter_percent: int = 20

    poll_fast_s: int = 5
    """While a change is likely, or someone has just begun to look; `poll_s` if that is shorter."""
    fast_for_s: int = 120
    """How long after a change, or after someone began to look."""
    window_near_s: int = 1_800
    """How long before the arrival window a change becomes likely; it stays so until its end."""

    prepare_budget_s: int = 60
    """Never seen, and answered 403 or 404 for this long: `not_found`."""
    prepare_base_ms: int = 500
    prepare_cap_ms: int = 5_000
    gone_budget_s: int = 60
    """Seen before, and answered 403 or 404 for this long: `gone`."""

    older_before_fallback: int = 3
    """After this many older copies in a row, the API is asked instead of the edge."""
    fallback_pause_s: int = 60

    retry_start_percent: int = 300
    """The budget at the start, while there is nothing to show; a retry costs 100."""
    retry_earn_percent: int = 5
    """What each failure adds. Over many readers, one failure in twenty is retried early."""
    retry_base_ms: int = 1_000
    trouble_cap_s: int = 30
    """After failures, polls are delayed by up to 1, 2, 4, … intervals, at most by this."""
    recovery_jitter_percent: int = 50
    """One interval wide, so that readers that recover together do not poll together."""
    retry_after_cap_s: int = 300

    wake_jitter_ms: int = 1_000
    wake_gap_ms: int = 2_000
    """Signals bring requests forward, but never closer together than this."""
    request_timeout_s: int = 10

    hint_gap_ms: int = 250
    """Hints bring requests forward, but never closer together than this. After answers that are
    older than a hint: asked again after up to once, twice, four times, … as much."""
    hint_for_s: int = 70
    """How long a hint counts: its `rev` is asked for, and the copy that all readers get may be
    older. The edge's TTL for views, and some seconds."""


def interval_ms(view: ViewDocument | None, policy: Policy) -> int:
    """The time between two polls that `view` suggests, within the policy's limits."""
    poll_s = view.get("poll_s") if view is not None else None
    if isinstance(poll_s, bool) or not isinstance(poll_s, int | float):
        poll_s = policy.poll_default_s
    return math.floor(min(max(poll_s, policy.poll_min_s), policy.poll_max_s) * 1000)


def pace_ms(view: ViewDocument | None, policy: Policy, attended_ms: int, now_ms: int) -> int:
    """The time to the next poll: shorter than `interval_ms` while attention is high.

    `attended_ms`: when the view last changed, or someone began to look.
    """
    slow_ms = interval_ms(view, policy)
    attended = now_ms - attended_ms < policy.fast_for_s * 1000
    if attended or _is_window_near(view, policy, now_ms):
        return min(slow_ms, policy.poll_fast_s * 1000)
    return slow_ms


def _is_window_near(view: ViewDocument | None, policy: Policy, now_ms: int) -> bool:
    schedule = view.get("schedule") if view is not None else None
    if not isinstance(schedule, dict):
        return False
    start_ms, end_ms = (_moment_ms(schedule.get(f"window_{name}")) for name in ("start", "end"))
    if start_ms is None or end_ms is None:
        return False
    return start_ms - policy.window_near_s * 1000 <= now_ms < end_ms


def _moment_ms(value: object) -> int | None:
    """Epoch milliseconds of a moment as views have it; None for anything else."""
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        return None
    try:
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    except ValueError:
        return None


def doubled(base_ms: int, times: int) -> int:
    """`base_ms` the first time, then twice as much each time."""
    doublings: int = 2 ** min(times - 1, DOUBLINGS_MAX)
    return base_ms * doublings


class RetryBudget:
    """A token bucket for retries before the next poll.

    It starts with three retries, because the person is looking at an empty page. With the first
    view it is cut to a random part of one retry, and each failure earns a twentieth. So of many
    readers that fail at the same moment, only one in twenty has a whole retry.
    """

    def __init__(self, policy: Policy) -> None:
        self._percent = policy.retry_start_percent
        self._earn_percent = policy.retry_earn_percent
        self._most_percent = max(100, policy.retry_start_percent)

    def cut(self, random: float) -> None:
        """Reduces the budget to a random part of one retry, because there is a view to show."""
        self._percent = min(self._percent, math.floor(random * 100))

    def earn(self) -> None:
        self._percent = min(self._percent + self._earn_percent, self._most_percent)

    def spend(self) -> bool:
        if self._percent < 100:
            return False
        self._percent -= 100
        return True
