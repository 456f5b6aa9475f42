"""Rules that hold for every module of `functions/`, seen from outside, in a fresh interpreter."""

import ast
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from pydantic import create_model
from urllib3 import HTTPResponse

from functions.aws.container import one_attempt
from statemachine.values.values import Frozen

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "functions").rglob("*.py")
    if path.name != "__init__.py"
)

WATCHED = """
import importlib, json, os, sys
import botocore.session

ours = os.path.join(os.getcwd(), "")
seen = []

def where():
    frame = sys._getframe(2)
    while frame.f_globals["__name__"] in ("os", "collections.abc"):
        frame = frame.f_back
    name = frame.f_code.co_filename
    return name.removeprefix(ours) if name.startswith(ours) and ".venv" not in name else None

class Watched(type(os.environ)):
    def __getitem__(self, key):
        if where():
            seen.append([where(), "reads " + str(key)])
        return super().__getitem__(key)

def no_client(self, service, *args, **kwargs):
    seen.append([module, "makes a client of " + service])

os.environ.__class__ = Watched
botocore.session.Session.create_client = no_client
for module in json.loads(sys.argv[1]):
    importlib.import_module(module)
print(json.dumps(seen))
"""


def seen_at_import(modules: list[str], folder: Path) -> list[list[str]]:
    """What the modules of `folder` do to the environment and to AWS when they are imported."""
    answer = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(modules)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.stderr == ""
    seen: list[list[str]] = json.loads(answer.stdout)
    return seen


def test_importing_a_function_reads_no_environment_and_makes_no_client() -> None:
    """Else a test would need the environment of AWS to import it, and a failure had no name."""
    assert seen_at_import(MODULES, ROOT) == []


EAGER = """
import os
from botocore.session import get_session

bucket, stage = os.environ.get("JOBS_BUCKET"), os.getenv("STAGE")
s3 = get_session().create_client("s3")
"""


def test_a_module_that_does_either_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "eager.py").write_text(EAGER)
    assert seen_at_import(["eager"], tmp_path) == [
        ["eager.py", "reads JOBS_BUCKET"],
        ["eager.py", "reads STAGE"],
        ["eager", "makes a client of s3"],
    ]


def imported(module: str) -> set[str]:
    tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text("utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    froms = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names | froms}


def test_only_the_adapters_know_boto3() -> None:
    knowing = {module for module in MODULES if imported(module) & {"boto3", "botocore"}}
    assert {module for module in knowing if not module.startswith("functions.aws.")} == set()


BATCHES_AND_RULES = ("functions.protocol.batches", "statemachine.rules.edits", "transitions")
LEFT_OUT = {
    "functions.register_wait": (
        "functions.protocol.batches",
        "statemachine.rules.edits",
        "transitions",
        "argon2",
    ),
    "functions.settle_job": (
        "functions.protocol.batches",
        "statemachine.rules.edits",
        "transitions",
        "argon2",
    ),
    "functions.advance_job": ("functions.views", "functions.photos"),
    "functions.serve_api": ("PIL", "phonenumbers"),
}
"""What a cold start of the functions on the way of a move, or of the API, must not wait for: the
decoders of photos and the numbering plans are for few requests.

`advance_job` gives slots back, whose table is the roster's.
"""


@pytest.mark.parametrize("module", LEFT_OUT)
def test_a_function_imports_only_what_its_events_need(module: str) -> None:
    look = f"import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set(json.loads(answer.stdout)) & set(LEFT_OUT[module]) == set()


def test_models_are_built_when_they_are_first_used() -> None:
    look = """import functions.register_wait
from statemachine.job.job import Job
from statemachine.views.views import View
print(Job.__pydantic_complete__, View.__pydantic_complete__)"""
    answer = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False"]


def test_a_container_warms_up_without_an_environment_and_stays_one_thread() -> None:
    """The laptop's workers are forked from it (`local/function_snapshot.py`)."""
    look = """import functions.register_wait, threading
from functions.aws.warm_up import warm_up
warm_up()
from functions.aws.container import session
from statemachine.job.job import Job
print(Job.__pydantic_complete__, session()._credentials, threading.active_count())"""
    answer = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["True", "None", "1"]


def test_threads_that_need_a_model_at_once_all_get_it() -> None:
    models = [
        create_model("Late", __base__=Frozen, place=(Frozen, ...), number=(int, ...))
        for _ in range(20)
    ]
    document = {"place": {}, "number": 1}
    for model in models:
        with ThreadPoolExecutor(8) as threads:
            built = list(threads.map(model.model_validate, [document] * 8))
        assert [each.model_dump() for each in built] == [document] * 8


def test_the_bodies_of_objects_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for "100 Continue"."""
    sent: list[Any] = []
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    s3 = one_attempt("s3")

    def answered(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers)
        raw: Any = HTTPResponse(BytesIO(), status=200, preload_content=False)
        return AWSResponse(request.url, 200, raw.headers, raw)

    s3.meta.events.register("before-send.s3.PutObject", answered)
    s3.put_object(Bucket="bucket", Key="key", Body=b"{}")
    assert ["Expect" in headers for headers in sent] == [False]
