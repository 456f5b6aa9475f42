"""Edge functions: written to DEVELOPMENT, tried with their cases, and only then published LIVE.

The cases are those of the release: what another one asks of its function is no fault of this one.

CloudFormation publishes them too, and finds nothing left to change. That the test comes first is
what it cannot do by itself.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.stack import DeployFailed

Case = dict[str, Any]

MOST_CASES = 12
"""CloudFront admits few calls; test_function is for a sample, the rest ran before the commit."""


class EdgeFunctionFails(DeployFailed):
    """The function does not answer a case as it should; nothing was published."""


def go_live(
    cloudfront: Any, stage: str, functions: Mapping[str, str], tried: Mapping[str, list[Case]]
) -> list[str]:
    """Publish what differs from LIVE; the answer names it. Raises EdgeFunctionFails.

    A function that does not exist yet is left to the stack, which creates it.
    """
    return [
        name
        for name, code in functions.items()
        if _live(cloudfront, f"haulway-{stage}-{name}", code, tried.get(name, []))
    ]


def cases(name: str, root: Path) -> Iterator[Case]:
    """Of the function in the sources under `root`."""
    for path in sorted((root / "edge" / name / "cases").glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _live(cloudfront: Any, name: str, code: str, tried: list[Case]) -> bool:
    if _code(cloudfront, name, "LIVE") in (None, code):
        return False
    there = cloudfront.describe_function(Name=name, Stage="DEVELOPMENT")
    updated = cloudfront.update_function(
        Name=name,
        IfMatch=there["ETag"],
        FunctionConfig=there["FunctionSummary"]["FunctionConfig"],
        FunctionCode=code.encode(),
    )
    step = max(1, len(tried) // MOST_CASES)
    for case in tried[::step]:
        _try(cloudfront, name, updated["ETag"], case)
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


def _try(cloudfront: Any, name: str, etag: str, case: Case) -> None:
    answer = cloudfront.test_function(
        Name=name, IfMatch=etag, Stage="DEVELOPMENT", EventObject=json.dumps(case["event"]).encode()
    )["TestResult"]
    if error := answer.get("FunctionErrorMessage"):
        raise EdgeFunctionFails(f"{name}: {error} ({case['why']})")
    given = json.loads(answer["FunctionOutput"])
    found = given.get("request", given.get("response", {}))
    for key, expected in case["expect"].items():
        if key in ("uri", "statusCode") and found.get(key) != expected:
            raise EdgeFunctionFails(f"{name}: {key} is {found.get(key)!r}, not {expected!r}")
