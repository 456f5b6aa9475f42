"""What a month costs, held against the unit prices and the promise for 50,000 jobs."""

from collections import Counter
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from deploy.bundle import ROOT
from deploy.cost import Fixed, Use, looks_a_round, monthly


def test_all_but_sms_stays_under_35_dollars_at_50_000_jobs() -> None:
    assert monthly(50_000).without_sms < 35


def test_the_watchdog_looks_at_no_more_than_its_share_however_many_jobs_are_open() -> None:
    assert [looks_a_round(number) for number in (20, 50, 500, 3000)] == [20, 50, 50, 50]
    everybody = 3_333 * 2 * Fixed().watch_rounds * 0.4e-6
    assert everybody > 3 * monthly(50_000).without_sms


def test_the_parts_that_the_model_of_aws_facts_also_has_agree_with_it() -> None:
    """Section 9: 12 transitions, 8 events, 8 invocations, 8 PUT, 8 GET, 20 views, 2 parts."""
    use = Use(sfn_transitions=12, events=8, invocations=8, puts=8, gets=8)
    items = monthly(50_000, use, Fixed(watch_rounds=0, alarms=0, metrics=0, secrets=0)).items
    assert items["Step Functions"] == pytest.approx(15.00)
    assert items["EventBridge"] == pytest.approx(0.40)
    assert items["Lambda"] == pytest.approx(50_000 * 8 * (0.2e-6 + 0.075 * 1.33334e-5))
    assert items["SMS"] == pytest.approx(1200)


def test_an_invalidation_for_each_move_would_be_nearly_the_whole_bill() -> None:
    naive = monthly(50_000, fixed=Fixed(invalidation_paths=10**9))
    assert naive.items["Invalidations"] == pytest.approx((50_000 * 4 - 1000) * 0.005)
    assert naive.items["Invalidations"] > 0.9 * naive.without_sms


def test_a_small_business_stays_within_the_free_paths() -> None:
    assert monthly(250).items["Invalidations"] == 0


def test_a_large_one_spends_what_is_free_and_no_more() -> None:
    assert monthly(50_000).items["Invalidations"] == 0


def test_what_is_there_however_few_jobs_there_are_is_counted_in_the_template() -> None:
    resources: list[dict[str, Any]] = list(
        yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Resources"].values()
    )
    kinds = Counter(each["Type"] for each in resources)
    sources = [
        source["Type"]
        for each in resources
        if each["Type"] == "AWS::Serverless::Function"
        for source in each["Properties"].get("Events", {}).values()
    ]
    fixed = Fixed()
    assert (fixed.alarms, fixed.secrets, fixed.queues) == (
        kinds["AWS::CloudWatch::Alarm"],
        kinds["AWS::SecretsManager::Secret"],
        sources.count("SQS"),
    )


def test_photos_are_kept_as_long_as_their_jobs_and_cost_mostly_by_that() -> None:
    with_photos = monthly(50_000, Use(photos=2)).items["Photos"]
    assert with_photos == pytest.approx(100_000 * 250e-6 * 24 * 0.023, rel=0.15)
    assert monthly(50_000).items["Photos"] == 0
