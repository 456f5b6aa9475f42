"""Checks new code before it serves: as `$LATEST`, to which no alias leads.

The probes change nothing. The API is asked for the session and for a view that does not exist;
functions behind a queue get an empty batch; functions that executions call get a job that does not
exist. So each function starts with its real settings and permissions, and reads.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from deploy.imports import FUNCTION
from deploy.stack import DeployFailed
from functions.protocol.edge_secret import HEADER

AT_ONCE = 4
NO_JOB = {"tenant": "canary", "job_id": "000101-000000", "seq": 0}
WAIT = {"execution": "none", "token": "none", "retry": 0, "entered_at": "2000-01-01T00:00:00Z"}
NO_VISITOR = "192.0.2.1"
"""An address that RFC 5737 keeps for examples, so that no visitor's requests count against it."""

UNKNOWN_JOB = {"errorMessage": f"no job {NO_JOB['job_id']} of tenant {NO_JOB['tenant']}"}
"""Without the error's type, which the laptop engine names differently."""


class FunctionCheckFailed(DeployFailed):
    """New code fails a probe; it has not served anyone."""


@dataclass(frozen=True)
class Probe:
    """`expected` is part of the answer of a function that works."""

    event: dict[str, Any]
    expected: dict[str, Any] = field(default_factory=dict)


def _get(path: str, status: int, edge_secret: str) -> Probe:
    """As the event of a Function URL, payload format 2.0, through the edge."""
    http = {"method": "GET", "path": path, "sourceIp": NO_VISITOR}
    context = {"http": http, "requestId": "deployment", "stage": "$default"}
    event = {"version": "2.0", "rawPath": path, "requestContext": context}
    event["headers"] = {HEADER: edge_secret}
    return Probe(event, {"statusCode": status})


def without_queue(edge_secret: str) -> dict[str, tuple[Probe, ...]]:
    """For functions without a queue, by their handler."""
    return {
        "functions.serve_api.handler": (
            _get("/api/session", 401, edge_secret),
            _get(f"/api/track/{'0' * 32}", 404, edge_secret),
        ),
        "functions.settle_job.handler": (Probe(NO_JOB, UNKNOWN_JOB),),
        "functions.register_wait.handler": (Probe(NO_JOB | WAIT, UNKNOWN_JOB),),
    }


EMPTY_BATCH = (Probe({"Records": []}, {"batchItemFailures": []}),)


def probes(
    template: Mapping[str, Any], edge_secret: str = ""
) -> Iterator[tuple[str, tuple[Probe, ...]]]:
    """Probes by the function's logical id, for functions that have any."""
    alone = without_queue(edge_secret)
    resources = template["Resources"]
    behind_queue = {
        str(each["Properties"]["FunctionName"]["Ref"]).partition(".")[0]
        for each in resources.values()
        if each["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    for name, resource in resources.items():
        if resource["Type"] == FUNCTION:
            handler = resource["Properties"]["Handler"]
            own = EMPTY_BATCH if name in behind_queue else alone.get(handler, ())
            if own:
                yield name, own


def check_functions(
    lam: Any, names: Mapping[str, str], template: Mapping[str, Any], edge_secret: str = ""
) -> int:
    """Returns how many functions were checked. `names` has their names by logical id, and
    `edge_secret` is what the edge sends to the API.

    Raises FunctionCheckFailed for the first one that fails.
    """
    checks = list(probes(template, edge_secret))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda check: _check(lam, names[check[0]], check[1]), checks):
            pass
    return len(checks)


def _check(lam: Any, name: str, own: tuple[Probe, ...]) -> None:
    for probe in own:
        answer = lam.invoke(
            FunctionName=name, Qualifier="$LATEST", Payload=json.dumps(probe.event).encode()
        )
        given = json.loads(answer["Payload"].read()) or {}
        if any(given.get(key) != value for key, value in probe.expected.items()):
            raise FunctionCheckFailed(f"new code of {name} fails: {_reason(given)}")


def _reason(given: Mapping[str, Any]) -> str:
    if "errorType" in given:
        return f"{given['errorType']}: {given.get('errorMessage', '')}"[:500]
    return f"it answers {given.get('statusCode', given)}"[:500]
