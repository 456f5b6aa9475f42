"""New code is checked before it serves: which functions, and which answers pass."""

import json
from typing import Any

import pytest

from deploy.function_check import (
    NO_JOB,
    UNKNOWN_JOB,
    FunctionCheckFailed,
    check_functions,
    probes,
    without_queue,
)
from deploy.template import published_value
from deploy.template_file import read_template
from functions.protocol.ports import UnknownJob
from tests.api.api_fixture import EDGE_SECRET, ApiBackend
from tests.support.fakes import Bucket, FakeJobs

TEMPLATE: dict[str, Any] = read_template()
NOT_CHECKED = {"RotateKeysFunction"}
"""A call would create a key."""


class FakeLambda:
    """A Lambda service with scripted answers by function; the others answer correctly."""

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
    return dict(UNKNOWN_JOB)


NAMES = {name: name for name in TEMPLATE["Resources"]}


def test_every_function_without_side_effects_is_checked() -> None:
    functions = {
        name
        for name, each in TEMPLATE["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    asked = {name for name, _ in probes(TEMPLATE)}
    assert functions - asked == NOT_CHECKED
    lam = FakeLambda()
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
def test_a_wrong_answer_is_reported_with_the_function(function: str, answer: Any, why: str) -> None:
    with pytest.raises(FunctionCheckFailed, match=f"new code of {function} fails: {why}"):
        check_functions(FakeLambda(**{function: answer}), NAMES, TEMPLATE)


def test_the_real_api_passes_its_probes() -> None:
    office = ApiBackend()
    for probe in without_queue(EDGE_SECRET)["functions.serve_api.handler"]:
        assert office.resolve(probe.event).status == probe.expected["statusCode"]


def test_the_real_error_of_an_unknown_job_passes() -> None:
    with pytest.raises(UnknownJob, match=UNKNOWN_JOB["errorMessage"]):
        FakeJobs(Bucket()).read(str(NO_JOB["tenant"]), str(NO_JOB["job_id"]))


def test_functions_publish_for_another_template_or_another_parameter() -> None:
    template = b'{"Parameters": {"Published": {"Default": "none"}, "Ttl": {"Default": 60}}}'
    mark = published_value(template, {"Published": "any"})
    assert mark == published_value(template, {"Ttl": "60"})
    assert mark != published_value(template, {"Ttl": "2"})
    assert mark != published_value(template + b"\n", {})
    assert published_value(b'{"Parameters": {}}', {}) is None
