"""Updates of the stack: deletion protection, and when new code is published."""

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


def roll_out(
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


def test_production_is_protected_after_its_creation_and_not_during_it() -> None:
    """A table that refuses to be deleted would keep a creation that fails from being taken back."""
    template, cloudformation = a_template("DeletionProtection"), FakeCloudFormation()
    made = roll_out(cloudformation, template, stage="production")
    assert [each["DeletionProtection"] for each in made] == ["false", "true"]
    later = roll_out(cloudformation, template + b" ", stage="production")
    assert {each["DeletionProtection"] for each in later} == {"true"}
    assert "DeletionProtection" not in roll_out(FakeCloudFormation(), template)[-1]


def test_protection_that_someone_has_set_for_another_stage_stays_set() -> None:
    template, cloudformation = a_template("DeletionProtection"), FakeCloudFormation()
    roll_out(cloudformation, template, "DeletionProtection=true")
    roll_out(cloudformation, template + b" ")
    assert cloudformation.parameters["DeletionProtection"] == "true"


def test_new_code_is_deployed_before_it_is_published() -> None:
    cloudformation, second = FakeCloudFormation(), a_template("Ttl")
    (made,) = roll_out(cloudformation, a_template())
    stack, publish = roll_out(cloudformation, second)
    assert stack["Published"] == made["Published"]
    assert publish["Published"] == published_value(second, publish) != made["Published"]


def test_the_way_back_is_immediate_and_the_way_forward_stays_gradual() -> None:
    first, second = a_template(*GRADUAL), a_template(*GRADUAL, "Fresh")
    cloudformation = FakeCloudFormation()
    roll_out(cloudformation, first, *SET_GRADUAL)
    forward = roll_out(cloudformation, second)
    back = roll_out(cloudformation, first, back_to=GRADUAL)
    assert [each["GradualTraffic"] for each in forward] == ["true", "true"]
    assert [each["GradualTraffic"] for each in back] == ["true", "false", "true"]
    assert back[0]["Published"] != back[1]["Published"] == back[2]["Published"]


def test_traffic_parameters_do_not_cause_a_publication() -> None:
    cloudformation = FakeCloudFormation()
    (made,) = roll_out(cloudformation, a_template(*GRADUAL))
    (stack,) = roll_out(cloudformation, a_template(*GRADUAL), *SET_GRADUAL)
    assert stack["Published"] == made["Published"]


def test_a_failed_creation_is_deleted_and_repeated() -> None:
    cloudformation = FakeCloudFormation()
    cloudformation.refuses = {"Ttl": "bad"}
    with pytest.raises(StackFailed):
        roll_out(cloudformation, a_template("Ttl"), "Ttl=bad")
    roll_out(cloudformation, a_template("Ttl"), "Ttl=good")
    asked = dict(cloudformation.asked)
    assert [name for name, _ in cloudformation.asked].count("delete_stack") == 1
    assert asked["create_change_set"]["ChangeSetType"] == "CREATE"
    assert asked["execute_change_set"]["RetainExceptOnCreate"] is True
    known = Session().get_service_model("cloudformation").operation_model("ExecuteChangeSet")
    assert known.input_shape
    assert asked["execute_change_set"].keys() <= known.input_shape.members.keys()


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_plan_deletes_nothing(status: str) -> None:
    cloudformation = FakeCloudFormation(status)
    target = a_target(cloudformation)
    rollout = Rollout(target, target.stack, lambda _: None, lambda _: None)
    with pytest.raises(StackFailed, match=f"failed .{status}.; a deployment deletes"):
        rollout.plan(a_template(), URL)
    assert cloudformation.asked == []
    assert cloudformation.status == status


def aliases_before(template: dict[str, Any], name: str) -> int:
    """How many aliases have moved, one after the other, before this resource is there."""
    text = json.dumps(template["Resources"][name])
    referred = [n for n in template["Resources"] if n != name and f'"{n}"' in text]
    own = int(template["Resources"][name]["Type"] == "AWS::Lambda::Alias")
    return own + max((aliases_before(template, other) for other in referred), default=0)


def test_the_timeout_covers_the_longest_traffic_shift() -> None:
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
