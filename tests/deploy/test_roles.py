"""Roles that no function runs as: they permit what is called by their definitions, no more."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.bundle import ROOT
from deploy.template_file import read_template

RESOURCES: dict[str, Any] = read_template()["Resources"]
MACHINES = [
    properties["Properties"]
    for properties in RESOURCES.values()
    if properties["Type"] == "AWS::Serverless::StateMachine"
]
SCHEDULES = [
    properties["Properties"]["Target"]
    for properties in RESOURCES.values()
    if properties["Type"] == "AWS::Scheduler::Schedule"
]
ACTIONS = {
    "arn:aws:states:::lambda:invoke": ("lambda:InvokeFunction", "FunctionName"),
    "arn:aws:states:::lambda:invoke.waitForTaskToken": ("lambda:InvokeFunction", "FunctionName"),
    "arn:aws:states:::events:putEvents": ("events:PutEvents", "EventBusName"),
}
"""What a task of that kind does to which of its arguments."""

TRACED = {
    ("xray:PutTraceSegments", "*"), ("xray:PutTelemetryRecords", "*"),
    ("xray:GetSamplingRules", "*"), ("xray:GetSamplingTargets", "*"),
}  # fmt: skip
"""What tracing needs (AWS Step Functions Developer Guide, X-Ray, read 2026-11-21)."""

Permission = tuple[str, str]


def permitted(role: str) -> set[Permission]:
    found = set()
    for policy in RESOURCES[role]["Properties"]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in _list(statement["Action"]):
                found |= {(action, _name(each)) for each in _list(statement["Resource"])}
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(reference: Any) -> str:
    """The resource that a `Ref` or `GetAtt` leads to."""
    (value,) = reference.values() if isinstance(reference, dict) else (reference,)
    return str(value[0] if isinstance(value, list) else value).partition(".")[0]


def called_by(machine: dict[str, Any]) -> Iterator[Permission]:
    names = {key: _name(value) for key, value in machine["DefinitionSubstitutions"].items()}
    definition = json.loads((ROOT / machine["DefinitionUri"]).read_text("utf-8"))
    for state in definition["States"].values():
        if state["Type"] == "Task":
            action, argument = ACTIONS[state["Resource"]]
            yield action, names[re.sub(r"\W", "", _argument(state["Arguments"], argument))]


def _argument(arguments: dict[str, Any], name: str) -> str:
    return str(arguments[name] if name in arguments else arguments["Entries"][0][name])


def test_the_machines_role_permits_what_the_flows_call_and_no_more() -> None:
    assert {_name(machine["Role"]) for machine in MACHINES} == {"MachineRole"}
    assert all("Enabled" in machine["Tracing"] for machine in MACHINES)
    called = {call for machine in MACHINES for call in called_by(machine)}
    assert permitted("MachineRole") == called | TRACED


@pytest.mark.parametrize("target", SCHEDULES, ids=lambda target: _name(target["RoleArn"]))
def test_a_schedules_role_permits_its_call_and_its_dead_letters(target: dict[str, Any]) -> None:
    called = _name(target["Arn"])
    kind = RESOURCES[called]["Type"]
    action = {
        "AWS::SQS::Queue": "sqs:SendMessage",
        "AWS::Serverless::Function": "lambda:InvokeFunction",
    }[kind]
    dead_lettered = _name(target["DeadLetterConfig"]["Arn"])
    assert permitted(_name(target["RoleArn"])) == {
        (action, called),
        ("sqs:SendMessage", dead_lettered),
    }


def test_only_this_account_s_services_may_take_a_role() -> None:
    for role in ("MachineRole", *(_name(target["RoleArn"]) for target in SCHEDULES)):
        (trust,) = RESOURCES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }


def test_every_role_of_the_template_is_one_of_these_or_a_functions() -> None:
    roles = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::IAM::Role"}
    schedules = {_name(target["RoleArn"]) for target in SCHEDULES}
    assert roles == {"MachineRole", "PartnerRole", *schedules}
