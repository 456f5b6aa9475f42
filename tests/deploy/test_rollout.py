"""How the stack comes to a release: what is protected when, and how new code takes over."""

import json
from typing import Any

import pytest
from botocore.session import Session

from deploy.rollout import Rollout
from deploy.stack import TIMEOUT_S, StackFailed
from deploy.template import published_value
from tests.deploy.fakes import FakeCloudFormation, a_target, a_template
from tests.deploy.test_template import of_type, translated

GRADUAL = {"GradualTraffic": "true", "TrafficShift": "Linear"}
SET_GRADUAL = ("GradualTraffic=true", "TrafficShift=Linear")
URL = "https://artifacts.test/template"


def bring(
    cloudformation: FakeCloudFormation,
    template: bytes,
    *given: str,
    stage: str = "staging",
    back_to: dict[str, str] | None = None,
) -> list[dict[str, str]]:
    """The parameters of each change set that was executed. `given` is as for `--set`."""
    target = a_target(cloudformation, stage, **dict(each.split("=") for each in given))
    before = len(cloudformation.executed)
    Rollout(target, target.stack, lambda _: None, lambda _: None).run(template, URL, back_to)
    return cloudformation.executed[before:]


def test_production_is_protected_once_it_is_there_and_not_while_it_is_made() -> None:
    """A table that refuses to be deleted would keep a creation that fails from being taken back."""
    template, cloudformation = a_template("DeletionProtection"), FakeCloudFormation()
    made = bring(cloudformation, template, stage="production")
    assert [each["DeletionProtection"] for each in made] == ["false", "true"]
    later = bring(cloudformation, template + b" ", stage="production")
    assert {each["DeletionProtection"] for each in later} == {"true"}
    assert "DeletionProtection" not in bring(FakeCloudFormation(), template)[-1]


def test_protection_that_someone_has_set_for_another_stage_stays_set() -> None:
    template, cloudformation = a_template("DeletionProtection"), FakeCloudFormation()
    bring(cloudformation, template, "DeletionProtection=true")
    bring(cloudformation, template + b" ")
    assert cloudformation.parameters["DeletionProtection"] == "true"


def test_new_code_is_there_before_it_publishes() -> None:
    cloudformation, second = FakeCloudFormation(), a_template("Ttl")
    (made,) = bring(cloudformation, a_template())
    stack, publish = bring(cloudformation, second)
    assert stack["Published"] == made["Published"]
    assert publish["Published"] == published_value(second, publish) != made["Published"]


def test_the_way_back_is_gone_at_once_and_leaves_the_way_forward_gradual() -> None:
    first, second = a_template(*GRADUAL), a_template(*GRADUAL, "Fresh")
    cloudformation = FakeCloudFormation()
    bring(cloudformation, first, *SET_GRADUAL)
    forward = bring(cloudformation, second)
    back = bring(cloudformation, first, back_to=GRADUAL)
    assert [each["GradualTraffic"] for each in forward] == ["true", "true"]
    assert [each["GradualTraffic"] for each in back] == ["true", "false", "true"]
    assert back[0]["Published"] != back[1]["Published"] == back[2]["Published"]


def test_how_traffic_moves_is_no_reason_to_publish() -> None:
    cloudformation = FakeCloudFormation()
    (made,) = bring(cloudformation, a_template(*GRADUAL))
    (stack,) = bring(cloudformation, a_template(*GRADUAL), *SET_GRADUAL)
    assert stack["Published"] == made["Published"]


def test_a_creation_that_failed_is_made_again_under_the_lock_and_nothing_is_kept_of_it() -> None:
    cloudformation = FakeCloudFormation()
    cloudformation.refuses = {"Ttl": "bad"}
    with pytest.raises(StackFailed):
        bring(cloudformation, a_template("Ttl"), "Ttl=bad")
    bring(cloudformation, a_template("Ttl"), "Ttl=good")
    asked = dict(cloudformation.asked)
    assert [name for name, _ in cloudformation.asked].count("delete_stack") == 1
    assert asked["create_change_set"]["ChangeSetType"] == "CREATE"
    assert asked["execute_change_set"]["RetainExceptOnCreate"] is True
    known = Session().get_service_model("cloudformation").operation_model("ExecuteChangeSet")
    assert known.input_shape
    assert asked["execute_change_set"].keys() <= known.input_shape.members.keys()


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_looking_at_a_difference_removes_nothing(status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    target = a_target(cloudformation)
    rollout = Rollout(target, target.stack, lambda _: None, lambda _: None)
    with pytest.raises(StackFailed, match=f"failed .{status}.; a deployment deletes"):
        rollout.plan(a_template(), URL)
    assert (cloudformation.asked, cloudformation.status) == ([], status)


def aliases_before(template: dict[str, Any], name: str) -> int:
    """How many aliases have moved, one after the other, before this resource is there."""
    text = json.dumps(template["Resources"][name])
    referred = [n for n in template["Resources"] if n != name and f'"{n}"' in text]
    own = int(template["Resources"][name]["Type"] == "AWS::Lambda::Alias")
    return own + max((aliases_before(template, other) for other in referred), default=0)


def test_the_longest_shift_of_traffic_is_waited_for() -> None:
    """Linear10PercentEvery10Minutes, for each alias that waits until another has moved."""
    template = translated(GradualTraffic="true")
    most = max(aliases_before(template, name) for name in of_type(template, "AWS::Lambda::Alias"))
    assert most * 100 * 60 < TIMEOUT_S


def rule_holds(value: Any, parameters: dict[str, str]) -> Any:
    """By CloudFormation's functions for rules."""
    match value:
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Equals": [one, other]}:
            return rule_holds(one, parameters) == rule_holds(other, parameters)
        case {"Fn::Not": [one]}:
            return not rule_holds(one, parameters)
    return value


@pytest.mark.parametrize(
    ("given", "admitted"),
    [
        ({}, True),
        ({"DomainName": "track.example.com"}, False),
        ({"DomainName": "track.example.com", "CertificateArn": "arn:aws:acm:us-east-1:1:c"}, True),
    ],
)
def test_a_domain_without_its_certificate_is_refused_before_anything_is_made(
    given: dict[str, str], admitted: bool
) -> None:
    template = translated()
    values = {n: str(p.get("Default")) for n, p in template["Parameters"].items()} | given
    (rule,) = template["Rules"].values()
    (assertion,) = rule["Assertions"]
    applies = rule_holds(rule["RuleCondition"], values)
    assert (not applies or rule_holds(assertion["Assert"], values)) is admitted
