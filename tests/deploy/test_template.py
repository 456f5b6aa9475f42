"""What CloudFormation is given: the built template, as SAM's transform leaves it."""

import json
import re
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from deploy.template import PUBLISHED, build


@cache
def translated(published: str = "none", **parameters: str) -> dict[str, Any]:
    built = build(b"", "bucket")
    template = json.loads(built.contents[built.release.template])
    given = {PUBLISHED: published, **parameters}
    somewhere = boto3.Session(region_name="us-east-1")
    sam = Translator({}, Parser(), boto_session=somewhere)
    made: dict[str, Any] = sam.translate(template, given)
    return made


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {n: r["Properties"] for n, r in template["Resources"].items() if r["Type"] == kind}


def test_functions_publish_only_when_they_are_told_to() -> None:
    one, same, two = (set(of_type(translated(p), "AWS::Lambda::Version")) for p in ("1", "1", "2"))
    assert one == same
    assert one.isdisjoint(two)


def test_a_function_that_publishes_is_not_as_it_was_at_its_last_version() -> None:
    """Of one whose code and settings are the same, Lambda makes no version: the step would fail."""
    functions = of_type(translated(), "AWS::Lambda::Function")
    versions = of_type(translated(), "AWS::Lambda::Version")
    assert {version["FunctionName"]["Ref"] for version in versions.values()} == set(functions)
    for name, function in functions.items():
        assert {"Ref": PUBLISHED} in function["Environment"]["Variables"].values(), name


def referred(template: dict[str, Any], part: Any) -> set[str]:
    """The resources that a part of the template refers to."""
    names = re.findall(r'(?:"|\$\{)([A-Za-z0-9]+)\b', json.dumps(part))
    return set(names) & set(template["Resources"])


GRADUAL = translated(GradualTraffic="true")


def test_gradual_traffic_is_watched_by_alarms_that_hear_what_the_code_says_of_itself() -> None:
    """The API answers its errors, so that Lambda counts none; it counts them itself."""
    groups = of_type(GRADUAL, "AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(of_type(GRADUAL, "AWS::Lambda::Function"))
    for group in groups.values():
        alarms = referred(GRADUAL, group["AlarmConfiguration"])
        heard = {GRADUAL["Resources"][alarm]["Properties"]["MetricName"] for alarm in alarms}
        assert heard == {"Errors", "ApiErrors", "BookingErrors"}
        assert len(alarms) <= 10, "CodeDeploy takes no more"


def test_nothing_waits_for_itself() -> None:
    """A circle of references is a template that CloudFormation refuses as a whole."""
    graph = {n: referred(GRADUAL, r) - {n} for n, r in GRADUAL["Resources"].items()}
    assert set(TopologicalSorter(graph).static_order()) == set(GRADUAL["Resources"])


def test_the_edge_keeps_no_error_that_it_would_keep_by_itself() -> None:
    """Each for 10 s otherwise, also after the moment that it was true for."""
    (distribution,) = of_type(translated(), "AWS::CloudFront::Distribution").values()
    rules = distribution["DistributionConfig"]["CustomErrorResponses"]
    kept_s = {rule["ErrorCode"]: rule["ErrorCachingMinTTL"] for rule in rules}
    assert kept_s == dict.fromkeys((403, 404, 500, 502, 503, 504), 0)


def test_every_answer_keeps_other_windows_and_needless_features_out() -> None:
    """A place is shared and links are copied; photos come from a file field, without the camera."""
    policies = of_type(translated(), "AWS::CloudFront::ResponseHeadersPolicy").values()
    assert len(policies) == 2
    for policy in policies:
        items = policy["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
        headers = {each["Header"]: each["Value"] for each in items}
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        features = dict(each.split("=") for each in headers["Permissions-Policy"].split(", "))
        own = {name for name, allowed in features.items() if allowed == "(self)"}
        assert own == {"geolocation", "clipboard-write", "web-share"}
        assert {"camera", "microphone", "payment", "usb"} <= features.keys() - own


def test_one_batch_that_fails_by_what_no_one_foresaw_is_enough_to_go_back() -> None:
    """It comes again only after the queue's visibility timeout, so no minute has three of them."""
    alarms = of_type(translated(), "AWS::CloudWatch::Alarm")
    for name in ("CreateJobErrors", "AdvanceJobErrors"):
        assert alarms[name]["Threshold"] == 1
        assert alarms[name]["Period"] == 60


def test_no_one_writes_into_a_bucket_before_the_stack_is_nearly_there() -> None:
    """One with something in it cannot be taken back with a creation that fails."""
    schedule = translated()["Resources"]["WatchSchedule"]
    assert schedule["DependsOn"] == "Distribution"
    assert "Distribution" not in referred(translated(), schedule["Properties"])
