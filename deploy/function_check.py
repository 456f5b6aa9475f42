"""New code is asked before it serves anybody: as `$LATEST`, which no alias leads to.

The probes change nothing and belong to no one: the API is asked who is there and for a view that
does not exist, functions behind a queue are handed none of its messages, and those that executions
call a job that does not exist. So a function is wired with its real settings and permissions, and
reads.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from deploy.imports import FUNCTION
from deploy.stack import DeployFailed

AT_ONCE = 4
NO_JOB = {"tenant": "canary", "job_id": "000101-000000", "seq": 0}
WAITING = {"execution": "none", "token": "none", "retry": 0, "entered_at": "2000-01-01T00:00:00Z"}

UNKNOWN = {"errorMessage": f"no job {NO_JOB['job_id']} of tenant {NO_JOB['tenant']}"}
"""Its type has another name on the laptop engine."""


class FunctionCheckFailed(DeployFailed):
    """New code fails at the simplest question; no one was served by it."""


@dataclass(frozen=True)
class Probe:
    """`wanted` is part of what a sound function answers."""

    event: dict[str, Any]
    wanted: dict[str, Any] = field(default_factory=dict)


def _get(path: str, status: int) -> Probe:
    """By a Function URL's event, payload format 2.0."""
    http = {"method": "GET", "path": path, "sourceIp": "127.0.0.1"}
    context = {"http": http, "requestId": "deployment", "stage": "$default"}
    event = {"version": "2.0", "rawPath": path, "headers": {}, "requestContext": context}
    return Probe(event, {"statusCode": status})


PROBES: dict[str, tuple[Probe, ...]] = {
    "functions.serve_api.handler": (
        _get("/api/session", 401),
        _get(f"/api/track/{'0' * 32}", 404),
    ),
    "functions.settle_job.handler": (Probe(NO_JOB, UNKNOWN),),
    "functions.register_wait.handler": (Probe(NO_JOB | WAITING, UNKNOWN),),
}
"""Of functions that no queue feeds, by their handler."""
EMPTY_BATCH = (Probe({"Records": []}, {"batchItemFailures": []}),)


def probes(template: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Probe, ...]]]:
    """By the function's logical id; a function without probes is left out."""
    resources = template["Resources"]
    fed = {
        str(each["Properties"]["FunctionName"]["Ref"]).partition(".")[0]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    for name, resource in resources.items():
        if resource["Type"] == FUNCTION:
            handler = resource["Properties"]["Handler"]
            asked = EMPTY_BATCH if name in fed else PROBES.get(handler, ())
            if asked:
                yield name, asked


def check_functions(lam: Any, names: Mapping[str, str], template: Mapping[str, Any]) -> int:
    """How many functions have answered well. `names` has their names by logical id.

    Raises FunctionCheckFailed for the first that has not.
    """
    wanted = list(probes(template))
    with ThreadPoolExecutor(AT_ONCE) as asking:
        for _ in asking.map(lambda each: _ask(lam, names[each[0]], each[1]), wanted):
            pass
    return len(wanted)


def _ask(lam: Any, name: str, asked: tuple[Probe, ...]) -> None:
    for question in asked:
        answer = lam.invoke(
            FunctionName=name, Qualifier="$LATEST", Payload=json.dumps(question.event).encode()
        )
        given = json.loads(answer["Payload"].read()) or {}
        if any(given.get(key) != value for key, value in question.wanted.items()):
            raise FunctionCheckFailed(f"{name} fails before it serves anybody: {_what(given)}")


def _what(given: Mapping[str, Any]) -> str:
    if "errorType" in given:
        return f"{given['errorType']}: {given.get('errorMessage', '')}"[:500]
    return f"it answers {given.get('statusCode', given)}"[:500]
