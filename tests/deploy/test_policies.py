"""Policies as IAM would read them: each statement's actions exist for its resources.

cfn-lint knows the actions of each service and the resources that they take, but only compares ARNs
that are written out. So the roles are linted with every reference resolved.
"""

import json
import re
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

ACCOUNT = "us-east-1:123456789012"
ARNS = {
    "AWS::SQS::Queue": f"arn:aws:sqs:{ACCOUNT}:queue",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{ACCOUNT}:table/table",
    "AWS::Events::EventBus": f"arn:aws:events:{ACCOUNT}:event-bus/bus",
    "AWS::Lambda::Function": f"arn:aws:lambda:{ACCOUNT}:function:name",
    "AWS::Lambda::Alias": f"arn:aws:lambda:{ACCOUNT}:function:name:live",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{ACCOUNT}:secret:name",
    "AWS::S3::Bucket": "arn:aws:s3:::bucket",
    "AWS::SNS::Topic": f"arn:aws:sns:{ACCOUNT}:topic",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{ACCOUNT}:log-group:name:*",
}
RULES = ("I3510", "W3037", "E3510", "E3512")
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}


def written_out(value: Any, resources: dict[str, Any]) -> Any:
    """`value` without references: ARNs of resources, and words for parameters."""

    def here(inner: Any) -> Any:
        return written_out(inner, resources)

    match value:
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: _word(found[1], resources), text)
        case {"Fn::GetAtt": [name, "Arn"]}:
            return ARNS[resources[name]["Type"]]
        case {"Ref": name}:
            return _word(name, resources)
        case {"Fn::If": [_, yes, _]}:
            return here(yes)
        case dict():
            return {key: here(inner) for key, inner in value.items()}
        case list():
            return [here(inner) for inner in value if inner != {"Ref": "AWS::NoValue"}]
    return value


def _word(name: str, resources: dict[str, Any]) -> str:
    kind = resources.get(name.removesuffix(".Arn"), {}).get("Type", "")
    return PSEUDO.get(name) or ARNS.get(kind) or re.sub(r"\W", "-", name).lower()


def findings_in(roles: dict[str, Any]) -> list[str]:
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": roles}
    config = ManualArgs(include_checks=["I3510"], regions=["us-east-1"])
    found = lint(json.dumps(template), config=config)
    return [f"{each.rule.id} {each.message}" for each in found if each.rule.id in RULES]


def roles_of(resources: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"Type": each["Type"], "Properties": written_out(each["Properties"], resources)}
        for name, each in resources.items()
        if each["Type"] == "AWS::IAM::Role"
    }


def test_every_action_exists_for_its_resources(resources: dict[str, Any]) -> None:
    roles = roles_of(resources)
    assert len(roles) > 15
    assert findings_in(roles) == []


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", ARNS["AWS::SQS::Queue"]),
        ("s3:GetEverything", "*"),
        ("dynamodb:GetItem", "arn:aws:s3:::bucket/*"),
    ],
)
def test_an_action_that_the_resource_does_not_have_is_found(
    resources: dict[str, Any], action: str, resource: str
) -> None:
    name, role = next(iter(roles_of(resources).items()))
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    policies = [{"PolicyName": "wrong", "PolicyDocument": document}]
    wrong = {**role, "Properties": {**role["Properties"], "Policies": policies}}
    assert len(findings_in({name: wrong})) == 1
