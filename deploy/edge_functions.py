"""Edge functions: updated in DEVELOPMENT, tested with their cases, and only then published LIVE.

The cases belong to the release, so an earlier release is tested with its own cases.

CloudFormation would publish them too, but without a test; after this there is nothing left for it
to change.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.stack import DeployFailed

Case = dict[str, Any]

MAX_CASES = 12
"""CloudFront throttles TestFunction, so this is a sample; all cases run in the tests."""


class EdgeFunctionFails(DeployFailed):
    """The function fails a case; nothing was published."""


def go_live(
    cloudfront: Any, stage: str, functions: Mapping[str, str], cases: Mapping[str, list[Case]]
) -> list[str]:
    """Publish what differs from LIVE. Returns its names. Raises EdgeFunctionFails.

    The stack creates functions that do not exist yet.
    """
    return [
        name
        for name, code in functions.items()
        if _go_live(cloudfront, f"haulway-{stage}-{name}", code, cases.get(name, []))
    ]


def cases_of(name: str, root: Path) -> Iterator[Case]:
    """The cases of the function in the sources under `root`."""
    for path in sorted((root / "edge" / name / "cases").glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _go_live(cloudfront: Any, name: str, code: str, cases: list[Case]) -> bool:
    if _code(cloudfront, name, "LIVE") in (None, code):
        return False
    current = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")
    updated = cloudfront.update_function(
        Name=name,
        IfMatch=current["ETag"],
        FunctionConfig=current["FunctionSummary"]["FunctionConfig"],
        FunctionCode=code.encode(),
    )
    step = max(1, len(cases) // MAX_CASES)
    for case in cases[::step]:
        _test(cloudfront, name, updated["ETag"], case)
    cloudfront.publish_function(Name=name, IfMatch=updated["ETag"])
    return True


def _code(cloudfront: Any, name: str, stage: str) -> str | None:
    try:
        answer = cloudfront.get_function(Name=name, Stage=stage)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchFunctionExists":
            return None
        raise
    return str(answer["FunctionCode"].read().decode())


def _test(cloudfront: Any, name: str, etag: str, case: Case) -> None:
    answer = cloudfront.test_function(
        Name=name, IfMatch=etag, Stage="DEVELOPMENT", EventObject=json.dumps(case["event"]).encode()
    )["TestResult"]
    if error := answer.get("FunctionErrorMessage"):
        raise EdgeFunctionFails(f"{name}: {error} ({case['why']})")
    output = json.loads(answer["FunctionOutput"])
    found = output.get("request", output.get("response", {}))
    for key, expected in case["expect"].items():
        if key in ("uri", "statusCode") and found.get(key) != expected:
            raise EdgeFunctionFails(f"{name}: {key} is {found.get(key)!r}, expected {expected!r}")
