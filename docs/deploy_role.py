"""What the role that deploys may do: `docs/deploy-role.json`, made from the template.

    python -m docs.deploy_role

CloudFormation creates, updates, and deletes each resource with the rights of the role that calls
it. The registry says which actions that takes for each type; cfn-lint has a copy of it. What the
deployer calls itself is listed here. A test holds both to the template and to the code.
"""

import json
import os
from collections import defaultdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cfnlint.data import AdditionalSpecs
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from samtranslator.translator.transform import transform

from deploy.template import build

FILE = Path(__file__).parent / "deploy-role.json"
LONGEST = 6144
"""Characters of a managed policy, without white space (IAM quotas, read 2026-11-21)."""

SERVICES = {
    "CloudFront": "cloudfront",
    "CloudWatch": "cloudwatch",
    "DynamoDB": "dynamodb",
    "Events": "events",
    "IAM": "iam",
    "Lambda": "lambda",
    "Logs": "logs",
    "Route53": "route53",
    "S3": "s3",
    "SNS": "sns",
    "SQS": "sqs",
    "SSM": "ssm",
    "Scheduler": "scheduler",
    "SecretsManager": "secretsmanager",
    "StepFunctions": "states",
}
"""By the service in a type's name: its prefix in IAM."""

WITHOUT_HANDLERS = {
    "AWS::Route53::RecordSetGroup": (
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
        "route53:GetHostedZone",
        "route53:ListResourceRecordSets",
    )
}
"""Types of which the registry does not say what they take."""

NOT_USED = {
    "lambda:GetCodeSigningConfig",
    "lambda:GetLayerVersion",
    "lambda:PassCapacityProvider",
}
"""For properties that the template does not use, on resources that it does not have."""

OWN = (
    "appsync:CreateApi",
    "appsync:CreateApiKey",
    "appsync:CreateChannelNamespace",
    "appsync:ListApiKeys",
    "appsync:ListApis",
    "appsync:ListChannelNamespaces",
    "appsync:UpdateChannelNamespace",
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:ListStackResources",
    "cloudformation:UpdateTerminationProtection",
    "cloudfront:CreateInvalidation",
    "cloudfront:GetInvalidation",
    "cloudfront:TestFunction",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "events:DescribeArchive",
    "events:PutEvents",
    "lambda:GetAlias",
    "lambda:GetFunctionConfiguration",
    "lambda:InvokeFunction",
    "lambda:ListEventSourceMappings",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "sns:ListSubscriptionsByTopic",
    "states:CreateStateMachineAlias",
    "states:DeleteStateMachineVersion",
    "states:DescribeStateMachineAlias",
    "states:ListStateMachineVersions",
    "states:PublishStateMachineVersion",
    "states:UpdateStateMachineAlias",
    "sts:GetCallerIdentity",
)
"""What `deploy/` calls itself, beside what CloudFormation calls for it."""

NAMED = {
    "cloudformation": ("cloudformation:*:ACCOUNT:stack/haulway-*/*",),
    "dynamodb": ("dynamodb:*:ACCOUNT:table/haulway-*",),
    "events": (
        "events:*:ACCOUNT:archive/haulway-*",
        "events:*:ACCOUNT:event-bus/haulway-*",
        "events:*:ACCOUNT:rule/haulway-*",
    ),
    "iam": ("iam::ACCOUNT:role/haulway-*",),
    "lambda": ("lambda:*:ACCOUNT:event-source-mapping:*", "lambda:*:ACCOUNT:function:haulway-*"),
    "s3": ("s3:::haulway-*", "s3:::haulway-*/*"),
    "secretsmanager": ("secretsmanager:*:ACCOUNT:secret:haulway-*",),
    "sns": ("sns:*:ACCOUNT:haulway-*",),
    "sqs": ("sqs:*:ACCOUNT:haulway-*",),
    "states": ("states:*:ACCOUNT:stateMachine:haulway-*",),
}
"""Services whose resources can be named before they exist; the others' ids are AWS's."""


class _NoPolicies:
    def load(self) -> dict[str, str]:
        return {}


@cache
def resources() -> dict[str, Any]:
    """The template's resources as CloudFormation gets them from SAM, which asks for a region."""
    built = build(b"code", "bucket")
    template = json.loads(built.contents[built.release.template])
    with patch.dict(os.environ, AWS_DEFAULT_REGION="us-east-1"):
        translated: dict[str, Any] = transform(template, {}, _NoPolicies())
    found: dict[str, Any] = translated["Resources"]
    return found


def types() -> set[str]:
    return {resource["Type"] for resource in resources().values()}


def actions_for(kind: str) -> set[str]:
    """What CloudFormation needs for a resource of that type, of the type's own service.

    Rights on keys, networks, and other services belong to properties that the template does not
    use. A service that assumes a role has to be passed it.
    """
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    listed = {
        action
        for what, handler in schema.get("handlers", {}).items()
        if what != "list"
        for action in handler.get("permissions", ())
    }
    own = SERVICES[kind.split("::")[1]]
    mine = {each for each in listed if each.startswith(f"{own}:") and _is_known(each)} - NOT_USED
    return mine | (listed & {"iam:PassRole"}) | set(WITHOUT_HANDLERS.get(kind, ()))


@cache
def _known() -> dict[str, Any]:
    """By service, what IAM can permit. The registry also names calls that need no right."""
    text = files(AdditionalSpecs).joinpath("Policies.json").read_text(encoding="utf-8")
    known: dict[str, Any] = json.loads(text)
    return known


def _is_known(action: str) -> bool:
    service, _, name = action.partition(":")
    return name.lower() in _known()[service]["Actions"]


def statements() -> list[dict[str, Any]]:
    by_service: defaultdict[str, set[str]] = defaultdict(set)
    for action in {*OWN, *(each for kind in types() for each in actions_for(kind))}:
        service, _, name = action.partition(":")
        by_service[service.lower()].add(name)
    return [
        {
            "Sid": service.title(),
            "Effect": "Allow",
            "Action": [f"{service}:{name}" for name in sorted(names)],
            "Resource": [f"arn:aws:{arn}" for arn in NAMED.get(service, ())] or "*",
        }
        for service, names in sorted(by_service.items())
    ]


def policies() -> list[dict[str, Any]]:
    """The statements in as few policies as IAM's limit allows."""
    packed: list[list[dict[str, Any]]] = []
    for statement in sorted(statements(), key=lambda each: (-_size([each]), each["Sid"])):
        room = (each for each in packed if _size([*each, statement]) <= LONGEST)
        into = next(room, None)
        if into is None:
            packed.append([statement])
        else:
            into.append(statement)
    return [_policy(each) for each in packed]


def _policy(each: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": each}


def _size(each: list[dict[str, Any]]) -> int:
    return len(json.dumps(_policy(each), separators=(",", ":")))


def render() -> str:
    return json.dumps(policies(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
