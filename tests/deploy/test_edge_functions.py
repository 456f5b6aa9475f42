"""An edge function is tested in DEVELOPMENT, and published LIVE only if it passes."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.bundle import ROOT
from deploy.edge_functions import MAX_CASES, EdgeFunctionFails, cases_of, go_live
from deploy.template import build

NAME = "haulway-staging-rewrite"


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "CloudFront")


@dataclass
class FakeCloudFront:
    """One function in its two stages, whose code is what it answers; writes need the last ETag."""

    stages: dict[str, str] = field(default_factory=dict)
    etag: int = 0
    tried: int = 0

    def get_function(self, Name: str, Stage: str) -> Any:  # noqa: N803 - as AWS has it
        if Name != NAME or Stage not in self.stages:
            raise refusal("NoSuchFunctionExists")
        return {"FunctionCode": io.BytesIO(self.stages[Stage].encode())}

    def describe_function(self, Name: str, Stage: str) -> Any:  # noqa: N803 - as AWS has it
        assert Name == NAME
        assert Stage == "DEVELOPMENT"
        return {"ETag": f"e{self.etag}", "FunctionSummary": {"FunctionConfig": {"Runtime": "js"}}}

    def update_function(self, FunctionCode: bytes, **asked: Any) -> Any:  # noqa: N803 - as AWS has it
        self._about(**asked)
        self.etag += 1
        self.stages["DEVELOPMENT"] = FunctionCode.decode()
        return {"ETag": f"e{self.etag}"}

    def test_function(self, EventObject: bytes, Stage: str, **asked: Any) -> Any:  # noqa: N803 - as AWS has it
        self._about(**asked)
        self.tried += 1
        answer = self.stages[Stage]
        if answer == "throws":
            return {"TestResult": {"FunctionErrorMessage": "ReferenceError"}}
        request = json.loads(EventObject)["request"] | {"uri": answer}
        return {"TestResult": {"FunctionOutput": json.dumps({"request": request})}}

    def publish_function(self, **asked: Any) -> None:
        self._about(**asked)
        self.stages["LIVE"] = self.stages["DEVELOPMENT"]

    def _about(self, Name: str, IfMatch: str, **_: Any) -> None:  # noqa: N803 - as AWS has it
        if (Name, IfMatch) != (NAME, f"e{self.etag}"):
            raise refusal("InvalidIfMatchVersion")


def a_case(uri: str) -> dict[str, Any]:
    return {"why": f"goes to {uri}", "event": {"request": {"uri": "/x"}}, "expect": {"uri": uri}}


def deploy(cloudfront: FakeCloudFront, code: str, *tried: dict[str, Any]) -> list[str]:
    return go_live(cloudfront, "staging", {"rewrite": code}, {"rewrite": list(tried)})


def running(code: str) -> FakeCloudFront:
    return FakeCloudFront({"DEVELOPMENT": code, "LIVE": code})


def test_a_function_that_answers_its_cases_goes_live() -> None:
    cloudfront = running("/old")
    assert deploy(cloudfront, "/new", *[a_case("/new")] * 40) == ["rewrite"]
    assert cloudfront.stages["LIVE"] == "/new"
    assert 0 < cloudfront.tried <= 2 * MAX_CASES


def test_a_live_or_a_missing_function_is_not_updated() -> None:
    cloudfront = running("/old")
    assert deploy(cloudfront, "/old", a_case("/old")) == []
    assert deploy(FakeCloudFront(), "/new", a_case("/new")) == []
    assert cloudfront.tried == 0


@pytest.mark.parametrize(
    ("code", "why"), [("/new", "uri is '/new', expected '/other'"), ("throws", "ReferenceError")]
)
def test_a_function_that_fails_a_case_serves_no_one(code: str, why: str) -> None:
    cloudfront = running("/old")
    with pytest.raises(EdgeFunctionFails, match=why):
        deploy(cloudfront, code, a_case("/other"))
    assert cloudfront.stages["LIVE"] == "/old"


def test_the_release_before_comes_back_by_its_own_cases() -> None:
    """The cases of the new release do not apply to the old one."""
    cloudfront = running("/new")
    assert deploy(cloudfront, "/old", a_case("/old")) == ["rewrite"]
    assert cloudfront.stages["LIVE"] == "/old"


def test_a_release_has_the_cases_of_its_sources() -> None:
    built = build(b"", "bucket")
    kept = json.loads(built.contents[built.release.cases["rewrite"]])
    assert kept == list(cases_of("rewrite", ROOT))
    assert set(built.release.cases.values()) <= built.release.artifacts()
    assert built.release.cases.keys() == built.release.edge.keys()
