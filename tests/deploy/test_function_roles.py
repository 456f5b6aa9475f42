"""The functions' roles as SAM makes them: what SAM adds is known, and queues are kept apart."""

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.bundle import ROOT
from functions.ops.dead_letters import QUEUES

MANAGED = {
    "AWSLambdaBasicExecutionRole": "SAM gives it to every function's role; writes to logs only",
    "AWSXrayWriteOnlyAccess": "goes with Tracing; X-Ray knows no resources for what it permits",
}
"""By policy of AWS: why it may be attached. docs/deploy.md says what each permits on `*`."""


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


def own_statements(resources: dict[str, Any], role: str) -> list[dict[str, Any]]:
    policies = resources[role]["Properties"]["Policies"]
    return [st for policy in policies for st in policy["PolicyDocument"]["Statement"]]


def actions_of(statement: dict[str, Any]) -> set[str]:
    actions = statement["Action"]
    return {actions} if isinstance(actions, str) else set(actions)


def folders(statements: list[dict[str, Any]], bucket: str, action: str = "s3:") -> set[str]:
    """The folders of `bucket` in which they permit something that begins with `action`."""
    found = set()
    for statement in statements:
        if any(each.startswith(action) for each in actions_of(statement)):
            named = statement.get("Resource", [])
            for each in named if isinstance(named, list) else [named]:
                path = each.get("Fn::Sub", "") if isinstance(each, dict) else each
                if path.startswith(f"${{{bucket}.Arn}}/"):
                    found.add(path.partition("/")[2])
    return found


@pytest.mark.parametrize("bucket", ["JobsBucket", "SiteBucket"])
def test_a_function_lists_the_folders_that_it_works_in_and_no_others(
    resources: dict[str, Any], bucket: str
) -> None:
    """S3 says 404 and not 403 for a missing object where its key is one of these prefixes."""
    for name in of_type(resources, "AWS::Lambda::Function"):
        statements = own_statements(resources, f"{name}Role")
        listed = set(listed_in(statements, bucket))
        if listed:
            assert folders(statements, bucket, "s3:GetObject") <= listed, name
        assert listed <= folders(statements, bucket) | {"directory/*"}, name


def listed_in(statements: list[dict[str, Any]], bucket: str) -> Iterator[str]:
    for statement in statements:
        whole = statement.get("Resource") == {"Fn::GetAtt": [bucket, "Arn"]}
        if whole and "s3:ListBucket" in actions_of(statement):
            yield from statement["Condition"]["StringLike"]["s3:prefix"]


def test_the_api_sends_to_the_queues_that_letters_are_sent_to_again_and_no_others(
    resources: dict[str, Any],
) -> None:
    sends = [
        s
        for s in own_statements(resources, "ApiFunctionRole")
        if "sqs:SendMessage" in actions_of(s)
    ]
    arns = [arn["Fn::GetAtt"][0] for statement in sends for arn in statement["Resource"]]
    queues = of_type(resources, "AWS::SQS::Queue")
    names = {queues[arn]["QueueName"]["Fn::Sub"].removeprefix("haulway-${Stage}-") for arn in arns}
    assert names == {names[0] for names in QUEUES.values() if names}


def test_no_condition_holds_where_its_key_is_absent(resources: dict[str, Any]) -> None:
    """ForAllValues and IfExists do; beside the one stands a Null, the other is not used."""
    found = list(conditions(resources))
    assert len(found) > 20
    for operators in found:
        assert not [name for name in operators if name.endswith("IfExists")]
        sets = [keys for name, keys in operators.items() if name.startswith("ForAllValues:")]
        for key in {key for keys in sets for key in keys}:
            assert operators["Null"][key] == "false", operators


def conditions(part: Any) -> Iterator[dict[str, Any]]:
    """Every condition of a policy, on AWS, wherever it stands."""
    if isinstance(part, dict):
        if isinstance(part.get("Condition"), dict) and "Effect" in part:
            there = part["Condition"]
            yield there["Fn::If"][1] if "Fn::If" in there else there
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from conditions(each)


def test_a_partners_role_asks_by_its_own_source_and_nothing_else(resources: dict[str, Any]) -> None:
    role = resources["PartnerRole"]
    (statement,) = own_statements(resources, "PartnerRole")
    assert role["Condition"] == "HasPartner"
    assert statement["Action"] == "events:PutEvents"
    assert statement["Condition"]["ForAllValues:StringEquals"] == {
        "events:source": {"Fn::Sub": "haulway.partner.${PartnerTenant}.${PartnerName}"},
        "events:detail-type": {"Ref": "PartnerKinds"},
    }
    rules = of_type(resources, "AWS::Events::Rule").values()
    sources = [rule["EventPattern"]["source"] for rule in rules]
    asking = [source for source in sources if "haulway.dispatch" in source]
    assert len(asking) == 3
    assert all({"prefix": "haulway.partner."} in source for source in asking)
