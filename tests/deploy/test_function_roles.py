"""The functions' roles as SAM makes them: what SAM adds is known, and queues are kept apart."""

import json
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from deploy.bundle import ROOT
from deploy.template import build

MANAGED = {
    "AWSLambdaBasicExecutionRole": "SAM gives it to every function's role; writes to logs only",
    "AWSXrayWriteOnlyAccess": "goes with Tracing; X-Ray knows no resources for what it permits",
}
"""By policy of AWS: why it may be attached. docs/deploy.md says what each permits on `*`."""


class _NoPolicies:
    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The template as CloudFormation gets it from SAM."""
    built = build(b"code", "bucket")
    template = json.loads(built.contents[built.release.template])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        translated: dict[str, Any] = transform(template, {}, _NoPolicies())
    found: dict[str, Any] = translated["Resources"]
    return found


def of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def test_no_policy_of_aws_is_attached_but_those_with_a_reason(resources: dict[str, Any]) -> None:
    roles = of_type(resources, "AWS::IAM::Role").values()
    attached = {arn for role in roles for arn in role.get("ManagedPolicyArns", ())}
    assert {arn.rpartition("/")[2] for arn in attached} == set(MANAGED)
    document = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert [name for name in MANAGED if f"`{name}`" not in document] == []


def test_a_function_takes_messages_from_the_queues_that_feed_it_and_no_others(
    resources: dict[str, Any],
) -> None:
    """The API also takes dead letters, to show them and to send them again."""
    fed: dict[str, set[str]] = {"ApiFunction": set()}
    for mapping in of_type(resources, "AWS::Lambda::EventSourceMapping").values():
        function = mapping["FunctionName"]["Ref"].removesuffix("Aliaslive")
        fed.setdefault(function, set()).add(mapping["EventSourceArn"]["Fn::GetAtt"][0])
    may = {name: takes_from(resources[f"{name}Role"]["Properties"]) for name in fed}
    dead_letters = may["ApiFunction"].pop()
    assert dead_letters.endswith(":haulway-${Stage}-*-dead-letters")
    assert may == fed
    roles = set(of_type(resources, "AWS::IAM::Role"))
    others = roles - {f"{name}Role" for name in fed}
    assert [name for name in others if takes_from(resources[name]["Properties"])] == []


def takes_from(role: dict[str, Any]) -> set[str]:
    """The queues, or the patterns of them, from which the role may receive."""
    return {
        resource["Fn::GetAtt"][0] if "Fn::GetAtt" in resource else resource["Fn::Sub"]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "sqs:ReceiveMessage" in str(statement["Action"])
        for resource in _list(statement["Resource"])
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
