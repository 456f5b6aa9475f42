"""New code is asked before it serves: which functions, what, and what counts as an answer."""

import json
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from deploy.bundle import ROOT
from deploy.function_check import (
    NO_JOB,
    PROBES,
    UNKNOWN,
    FunctionCheckFailed,
    check_functions,
    probes,
)
from deploy.template import mark_of
from functions.protocol.ports import UnknownJob
from tests.api.api_fixture import ApiBackend
from tests.support.fakes import Bucket, FakeJobs

TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
UNASKED = {"RotateKeysFunction"}
"""Asking it makes a key."""


class Answers:
    """A Lambda service whose functions answer by name; the others as sound ones do."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, set[str]()

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes) -> Any:  # noqa: N803 - as AWS has it
        self.asked.add(f"{FunctionName}:{Qualifier}")
        answer = self.answers.get(FunctionName, _sound(json.loads(Payload)))
        return {"Payload": _Body(answer)}


class _Body:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self) -> bytes:
        return json.dumps(self.answer).encode()


def _sound(event: dict[str, Any]) -> dict[str, Any]:
    if "Records" in event:
        return {"batchItemFailures": []}
    if "rawPath" in event:
        return {"statusCode": 401 if event["rawPath"] == "/api/session" else 404}
    return dict(UNKNOWN)


NAMES = {name: name for name in TEMPLATE["Resources"]}


def test_every_function_is_asked_but_those_that_would_do_something() -> None:
    functions = {
        name
        for name, each in TEMPLATE["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    asked = {name for name, _ in probes(TEMPLATE)}
    assert functions - asked == UNASKED
    lam = Answers()
    assert check_functions(lam, NAMES, TEMPLATE) == len(asked)
    assert lam.asked == {f"{name}:$LATEST" for name in asked}


@pytest.mark.parametrize(
    ("function", "answer", "why"),
    [
        ("ApiFunction", {"errorType": "OSError", "errorMessage": "no luck"}, "OSError: no luck"),
        ("ApiFunction", {"statusCode": 500}, "it answers 500"),
        ("CreateJobFunction", {"errorType": "Misconfigured"}, "Misconfigured"),
        ("SettleJobFunction", {"seq": 0}, "it answers"),
        ("RegisterWaitFunction", None, "it answers"),
    ],
)
def test_a_function_that_answers_otherwise_is_named_with_what_it_said(
    function: str, answer: Any, why: str
) -> None:
    with pytest.raises(
        FunctionCheckFailed, match=f"{function} fails before it serves anybody: {why}"
    ):
        check_functions(Answers(**{function: answer}), NAMES, TEMPLATE)


def test_a_sound_api_answers_as_it_is_expected_to() -> None:
    api = ApiBackend()
    for question in PROBES["functions.serve_api.handler"]:
        assert api.resolve(question.event).status == question.wanted["statusCode"]


def test_a_sound_store_says_of_the_job_in_question_what_is_expected() -> None:
    with pytest.raises(UnknownJob, match=UNKNOWN["errorMessage"]):
        FakeJobs(Bucket()).read(str(NO_JOB["tenant"]), str(NO_JOB["job_id"]))


def test_functions_publish_for_another_template_or_another_parameter() -> None:
    template = b'{"Parameters": {"Published": {"Default": "none"}, "Ttl": {"Default": 60}}}'
    mark = mark_of(template, {"Published": "any"})
    assert mark == mark_of(template, {"Ttl": "60"})
    assert mark != mark_of(template, {"Ttl": "2"})
    assert mark != mark_of(template + b"\n", {})
    assert mark_of(b'{"Parameters": {}}', {}) is None
