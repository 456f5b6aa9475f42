"""What a month costs, held against the unit prices and the promise for 50,000 jobs."""

import pytest

from deploy.cost import Fixed, Use, monthly


def test_all_but_sms_stays_under_30_dollars_at_50_000_jobs() -> None:
    assert monthly(50_000).without_sms < 30


def test_the_parts_that_the_model_of_aws_facts_also_has_agree_with_it() -> None:
    """Section 9: 12 transitions, 8 events, 8 invocations, 8 PUT, 8 GET, 20 views, 2 parts."""
    use = Use(sfn_transitions=12, events=8, invocations=8, puts=8, gets=8)
    items = monthly(50_000, use, Fixed(watch_rounds=0, alarms=0, secrets=0)).items
    assert items["Step Functions"] == pytest.approx(15.00)
    assert items["EventBridge"] == pytest.approx(0.40)
    assert items["Lambda"] == pytest.approx(50_000 * 8 * (0.2e-6 + 0.075 * 1.33334e-5))
    assert items["SMS"] == pytest.approx(1200)


def test_an_invalidation_for_each_move_would_be_nearly_the_whole_bill() -> None:
    naive = monthly(50_000, fixed=Fixed(invalidates=True))
    assert naive.items["Invalidations"] == pytest.approx((50_000 * 4 - 1000) * 0.005)
    assert naive.items["Invalidations"] > 0.9 * naive.without_sms


def test_a_small_business_stays_within_the_free_paths() -> None:
    assert monthly(250, fixed=Fixed(invalidates=True)).items["Invalidations"] == 0
