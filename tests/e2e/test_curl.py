"""The examples of docs/programs.md, run by curl against a running copy as they stand there."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.bundle import ROOT
from functions.aws.api_keys import DynamoApiKeys
from functions.people.accounts import Role
from functions.people.api_keys import NewKey, new_key
from local.laptop import Laptop

EXAMPLES = dict(
    re.findall(
        r"<!-- run: (\w+) -->\n```sh\n(.+?)```",
        (ROOT / "docs" / "programs.md").read_text(encoding="utf-8"),
        re.DOTALL,
    )
)


def run(stack: Laptop, example: str, key: str, **variables: str) -> Any:
    ran = subprocess.run(
        ["bash", "-c", EXAMPLES[example]],
        env=os.environ | {"SITE": stack.edge_url, "KEY": key} | variables,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(ran.stdout)


def a_key(stack: Laptop, role: Role) -> str:
    keys = DynamoApiKeys(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    wanted = NewKey(name="Website", roles=(role,))
    return new_key(keys, "main", wanted, "haul", datetime.now(UTC))[0]


@pytest.mark.engine
def test_a_key_that_may_creates_lists_and_moves_a_job_by_curl(stack: Laptop) -> None:
    key = a_key(stack, "dispatcher")
    job_id = run(stack, "create", key)["job_id"]
    assert run(stack, "create", key)["job_id"] == job_id, "the same Idempotency-Key"
    moved = run(stack, "move", key, JOB=job_id)
    assert moved["status"] == "ready_for_pickup"
    assert moved["history"][-1]["actor"]["id"] == f"key_{key[8:20]}"
    assert "jobs" in run(stack, "list", key)


@pytest.mark.engine
def test_a_key_that_may_not_is_told_so(stack: Laptop) -> None:
    key = a_key(stack, "driver")
    assert run(stack, "create", key)["type"] == "/problems/not-allowed"
    assert run(stack, "list", key)["jobs"] == {}
    assert run(stack, "list", f"{key[:-1]}!")["type"] == "/problems/wrong-key"


@pytest.mark.engine
def test_the_function_refuses_what_comes_past_the_edge(stack: Laptop) -> None:
    """Its address is open to anyone; only the edge knows the secret."""
    event = {
        "version": "2.0",
        "rawPath": "/api/jobs",
        "headers": {"authorization": f"Bearer {a_key(stack, 'owner')}"},
        "requestContext": {"http": {"method": "GET", "path": "/api/jobs"}, "stage": "$default"},
    }
    answer = stack.client("lambda").invoke(
        FunctionName=stack.outputs["ApiFunction"], Payload=json.dumps(event).encode()
    )
    given = json.loads(answer["Payload"].read())
    assert given["statusCode"] == 403
    assert json.loads(given["body"])["type"] == "/problems/past-the-edge"
