"""When attention is high, to the millisecond; and what the budget of early retries pays for."""

import pytest

from tests.tracking.scenario_player import view_of
from tracking.polling_policy import Policy, RetryBudget, pace_ms

POLICY = Policy()
WINDOW_START_MS = 1_795_370_400_000  # 2026-11-22T18:00:00.000Z
WINDOW_END_MS = WINDOW_START_MS + 7_200_000
NEAR_MS = POLICY.window_near_s * 1000
VIEW = view_of(
    {
        "poll_s": 60,
        "schedule": {
            "window_start": "2026-11-22T18:00:00.000Z",
            "window_end": "2026-11-22T20:00:00.000Z",
        },
    }
)
SLOW_MS, FAST_MS = 60_000, POLICY.poll_fast_s * 1000


@pytest.mark.parametrize(
    ("now_ms", "pace"),
    [
        (WINDOW_START_MS - NEAR_MS - 1, SLOW_MS),
        (WINDOW_START_MS - NEAR_MS, FAST_MS),
        (WINDOW_END_MS - 1, FAST_MS),
        (WINDOW_END_MS, SLOW_MS),
    ],
)
def test_polls_are_fast_from_half_an_hour_before_the_window_until_its_end(
    now_ms: int, pace: int
) -> None:
    assert pace_ms(VIEW, POLICY, 0, now_ms) == pace


def test_without_a_view_there_is_no_window() -> None:
    assert pace_ms(None, POLICY, 0, WINDOW_START_MS) == POLICY.poll_default_s * 1000


def test_at_the_start_exactly_three_retries_are_early() -> None:
    budget = RetryBudget(POLICY)
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]
