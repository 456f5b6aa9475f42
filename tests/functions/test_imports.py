"""Rules that hold for every module of `functions/`, seen from outside, in a fresh interpreter."""

import ast
import json
import subprocess
import sys
from pathlib import Path

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


def test_only_the_function_that_is_given_a_photo_pays_for_reading_it() -> None:
    """Pillow brings decoders that no other request needs."""
    look = "import functions.serve_api, sys; print('PIL' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "False"
