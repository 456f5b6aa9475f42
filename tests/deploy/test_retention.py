"""How long what was put away stays readable, by the buckets' own rules."""

from typing import Any

from samtranslator.yaml_helper import yaml_parse

from deploy.bundle import ROOT
from functions.aws.photos import UPLOADS
from functions.history import KEPT_AT_LEAST

RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Resources"]


def rules_of(bucket: str) -> list[dict[str, Any]]:
    rules = RESOURCES[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def test_a_photo_as_it_came_from_the_phone_is_gone_after_a_day_in_every_version() -> None:
    """Of two rules S3 goes by the one that erases sooner."""
    (rule,) = (each for each in rules_of("JobsBucket") if each.get("Prefix") == UPLOADS)
    assert rule["ExpirationInDays"] == 1
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_old_versions_of_everything_else_are_gone_after_a_month() -> None:
    for bucket in ("JobsBucket", "SiteBucket"):
        (rule,) = (each for each in rules_of(bucket) if each["Id"] == "old-versions")
        assert "Prefix" not in rule
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_no_version_is_gone_sooner_than_those_who_explain_a_job_count_on() -> None:
    for bucket in ("JobsBucket", "SiteBucket"):
        rules = [rule.get("NoncurrentVersionExpiration", {}) for rule in rules_of(bucket)]
        days = [rule["NoncurrentDays"] for rule in rules if rule]
        assert min(days) >= KEPT_AT_LEAST.days
