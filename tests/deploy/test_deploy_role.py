"""The role that deploys may do what its template and its code need, as a document says."""

import ast
import json
from typing import Any

from botocore import xform_name
from botocore.session import get_session

from deploy.bundle import ROOT
from docs.deploy_role import FILE, LONGEST, actions_for, policies, render, types
from tests.deploy.test_policies import findings_in

SERVICES = {
    "appsync": "appsync",
    "cloudformation": "cloudformation",
    "cloudfront": "cloudfront",
    "dynamodb": "dynamodb",
    "events": "events",
    "iam": "iam",
    "lambda": "lambda",
    "s3": "s3",
    "scheduler": "scheduler",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "sqs": "sqs",
    "stepfunctions": "states",
    "sts": "sts",
}
"""botocore's name of each service that the deployer calls, with its prefix in IAM."""
OTHER_NAMES = {
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "lambda:Invoke": "lambda:InvokeFunction",
}
"""Operations whose right has another name (Service Authorization Reference, read 2026-11-21)."""

OURS = {"publish"}
"""Methods of our own that a client has by the same name."""


def allowed() -> set[str]:
    return {a for policy in policies() for each in policy["Statement"] for a in each["Action"]}


def operations() -> dict[str, set[str]]:
    """By method of a client, the rights that it may stand for."""
    found: dict[str, set[str]] = {}
    for name, prefix in SERVICES.items():
        for operation in get_session().get_service_model(name).operation_names:
            right = f"{prefix}:{operation}"
            found.setdefault(xform_name(operation), set()).add(OTHER_NAMES.get(right, right))
    return found


def methods_called() -> set[str]:
    """`haul smoke` is left out: it runs with the rights of who tries a stage."""
    paths = [path for path in (ROOT / "deploy").glob("*.py") if path.stem != "smoke"]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in paths]
    return {
        node.func.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_the_document_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == render(), "run: python -m docs.deploy_role"


def test_every_type_of_the_template_is_covered() -> None:
    assert {kind for kind in types() if not actions_for(kind)} == set()
    assert {a for kind in types() for a in actions_for(kind)} <= allowed()


def test_every_call_of_the_deployer_is_covered() -> None:
    """A method that several services have is covered if one of them is."""
    rights, may = operations(), allowed()
    called = {method: rights[method] for method in (methods_called() - OURS) & rights.keys()}
    assert len(called) > 40
    assert {method: names for method, names in called.items() if not names & may} == {}


def test_each_policy_is_short_enough_and_has_what_iam_knows() -> None:
    for number, policy in enumerate(policies()):
        text = json.dumps(policy, separators=(",", ":"))
        assert len(text) <= LONGEST
        assert findings_in(_role(number, text.replace("ACCOUNT", "123456789012"))) == []


def _role(number: int, policy: str) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": f"deploy-{number}", "PolicyDocument": json.loads(policy)}],
    }
    return {"Deploy": {"Type": "AWS::IAM::Role", "Properties": properties}}
