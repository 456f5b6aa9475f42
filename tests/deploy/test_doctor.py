"""The doctor: comparisons, and that a check that raises does not end the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy import doctor
from deploy.doctor import alarm_subscribers, examine, matches, rules
from deploy.doctor_fixes import reader, rule_state
from deploy.doctor_stage import DeployedStage, Finding
from deploy.template_file import read_template
from statemachine.asl import render
from statemachine.flows import load_flow
from tests.support.moto_server import Moto


def deployed() -> Any:
    """The state machine of `haul` as CloudFormation fills it in."""
    text = render(load_flow("haul"))
    for name in ("SettleJobArn", "RegisterWaitArn", "BusName"):
        text = text.replace(f"${{{name}}}", f"arn:aws:lambda:us-east-1:1:function:{name}:live")
    return json.loads(text)


OURS = json.loads(render(load_flow("haul")))


def test_a_state_machine_with_filled_in_names_matches() -> None:
    assert matches(OURS, deployed())


def test_a_state_machine_with_another_timeout_does_not_match() -> None:
    other = deployed()
    del other["States"]["completed"]["TimeoutSeconds"]
    assert not matches(OURS, other)
    other["States"]["completed"]["TimeoutSeconds"] = 61
    assert not matches(OURS, other)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("${A}", "anything", True),
        ("${A}", "", False),
        ("a ${B} c", "a b c", True),
        ("a ${B} c", "a b d", False),
        ("a.c", "abc", False),
        ([1, "${A}"], [1, "x"], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (True, "true", False),
    ],
)
def test_only_placeholders_may_differ(ours: Any, theirs: Any, same: bool) -> None:
    assert matches(ours, theirs) is same


def test_a_check_that_raises_is_bad_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken_part(patient: DeployedStage) -> Iterator[Finding]:
        raise OSError("no way there")

    def well(patient: DeployedStage) -> Iterator[Finding]:
        yield Finding("the rest", True)

    monkeypatch.setattr(doctor, "CHECKS", (broken_part, well))
    assert list(examine(None, {}, "", 45)) == [
        Finding("broken part: cannot be checked", False, "OSError: no way there"),
        Finding("the rest", True),
    ]


# -- on a stage of moto: a stack with a bus, one rule, and the topic of alarms


class Stage:
    """A stack with these parameters, whose resources exist in moto."""

    def __init__(self, moto: Moto, **parameters: str) -> None:
        self.moto, self.bus = moto, moto.name("bus")
        self.events, self.sns = moto.client("events"), moto.client("sns")
        self.events.create_event_bus(Name=self.bus)
        self.rule = moto.name("rule")
        self.events.put_rule(
            Name=self.rule, EventBusName=self.bus, EventPattern='{"source": ["haulway.jobs"]}'
        )
        self.topic = self.sns.create_topic(Name=moto.name("alarms"))["TopicArn"]
        self.patient = DeployedStage(
            moto, {"BusName": self.bus, "MachinePrefix": "arn:haulway-test-"}, "", 45
        )
        described = [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
        self.patient.__dict__["described"] = {"Parameters": described}
        self.patient.__dict__["parts"] = [
            ("AWS::Events::Rule", "InvalidationFactsRule", f"{self.bus}|{self.rule}"),
            ("AWS::SNS::Topic", "AlarmTopic", self.topic),
        ]


def test_on_aws_someone_must_receive_alarms(moto: Moto) -> None:
    stage = Stage(moto, Where="aws")
    (no_one,) = alarm_subscribers(stage.patient)
    assert not no_one.ok
    assert no_one.what == "no one receives alarms"
    assert no_one.do.startswith("haul deploy test --set AlarmEmail=")
    stage.sns.subscribe(TopicArn=stage.topic, Protocol="sms", Endpoint="+15555550123")
    (someone,) = alarm_subscribers(stage.patient)
    assert someone.ok
    assert someone.what == "alarms reach 1 of 1 subscribers"


def test_a_subscription_that_no_one_confirmed_reaches_no_one(
    moto: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(moto, Where="aws")

    class Waiting:
        def get_paginator(self, name: str) -> "Waiting":
            return self

        def paginate(self, **about: str) -> list[Any]:
            return [{"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]}]

    monkeypatch.setattr(DeployedStage, "client", lambda *about: Waiting())
    (finding,) = alarm_subscribers(stage.patient)
    assert not finding.ok
    assert finding.what == "alarms reach 0 of 1 subscribers"
    assert "Subscription Confirmation" in finding.do


def test_on_a_laptop_no_one_has_to_receive_alarms(moto: Moto) -> None:
    (finding,) = alarm_subscribers(Stage(moto, Where="laptop").patient)
    assert finding.ok


def test_a_rule_is_compared_with_the_template(moto: Moto) -> None:
    for paths, switch_off, ok in (
        ("1000", False, True), ("1000", True, False), ("0", True, True), ("0", False, False),
    ):  # fmt: skip
        stage = Stage(moto, Where="aws", InvalidationPathsPerMonth=paths)
        if switch_off:
            stage.events.disable_rule(Name=stage.rule, EventBusName=stage.bus)
        (finding,) = rules(stage.patient)
        assert finding.ok == ok
        act = "enable-rule" if switch_off else "disable-rule"
        where = f"--name {stage.rule} --event-bus-name {stage.bus}"
        assert ok or finding.do == f"aws events {act} {where}"


def test_a_condition_is_evaluated_with_the_stacks_parameters() -> None:
    known = {
        "Conditions": {
            "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
            "Both": {"Fn::And": [{"Condition": "Big"}, {"Fn::Not": [{"Condition": "Red"}]}]},
            "Red": {"Fn::Equals": [{"Ref": "Colour"}, "red"]},
        },
        "Resources": {"R": {"Properties": {"State": {"Fn::If": ["Both", "ENABLED", "DISABLED"]}}}},
    }
    assert rule_state(known, "R", {"Size": "big", "Colour": "blue"}) == "ENABLED"
    assert rule_state(known, "R", {"Size": "big", "Colour": "red"}) == "DISABLED"
    assert rule_state(known, "unknown", {}) == "ENABLED"


def test_the_fix_for_an_unread_queue_names_its_own_function() -> None:
    resources = read_template()["Resources"].values()
    functions = [
        r["Properties"]["FunctionName"]["Fn::Sub"].replace("${Stage}", "test")
        for r in resources
        if r["Type"] == "AWS::Serverless::Function"
    ]
    for queue in ("edit-job", "deliver-webhooks-slow"):
        command = reader("aws", "haulway-test", queue, "arn", [])
        name = command.partition("--function-name ")[2].partition(":")[0]
        assert name in functions
    disabled = reader("aws", "haulway-test", "edit-job", "arn", [{"UUID": "u-1"}])
    assert disabled == "aws lambda update-event-source-mapping --uuid u-1 --enabled"
