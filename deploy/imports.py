"""Every handler of a release is imported from its own bundle before anything of a stage changes.

Code that cannot even be imported would answer no one from the moment the alias moves until it is
taken back. So the bundle is unpacked and tried first, in an interpreter of its own that has what
the function will have: the bundle's sources, of the packages only those the bundle brings (where
it brings any), and no environment.

The wheels of a bundle for AWS are for another platform. This machine's wheels of the same names
stand in for them, so what is shown is that our own code finds all it imports.
"""

import io
import json
import site
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.bundle import SOURCES
from deploy.stack import DeployFailed

LONGEST_S = 120
FUNCTION = "AWS::Serverless::Function"

PROGRAM = """
import importlib, json, sys, traceback

ours, packages, handlers = json.loads(sys.argv[1])
sys.path[:0] = ["bundle"]
sys.path += packages
for handler in handlers:
    for name in [name for name in sys.modules if name.partition(".")[0] in ours]:
        del sys.modules[name]
    module, _, name = handler.rpartition(".")
    try:
        getattr(importlib.import_module(module), name)
    except BaseException as error:
        print(json.dumps([handler, traceback.format_exception_only(error)[-1].strip()]))
        break
else:
    print("all")
"""
"""Our own modules are forgotten in between, for every function is alone in its container."""


class NotImportable(DeployFailed):
    """A handler's module cannot be imported from the bundle; the text says which, and why."""


def check_imports(code: bytes, template: bytes) -> int:
    """How many handlers were imported. Raises NotImportable for the first that cannot be."""
    handlers = handlers_of(json.loads(template))
    with tempfile.TemporaryDirectory(prefix="haulway-imports-") as made:
        folder = Path(made)
        packages = _unpacked(code, folder)
        given = json.dumps([SOURCES, packages, handlers])
        try:
            tried = subprocess.run(
                [sys.executable, "-I", "-S", "-c", PROGRAM, given],
                cwd=folder, env={}, capture_output=True, text=True, timeout=LONGEST_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise NotImportable(
                f"importing the handlers took more than {LONGEST_S} s; nothing was changed"
            ) from error
    _judge(tried)
    return len(handlers)


def handlers_of(template: Mapping[str, Any]) -> list[str]:
    """`module.name` of every function of the template."""
    functions = (r for r in template["Resources"].values() if r["Type"] == FUNCTION)
    return sorted({function["Properties"]["Handler"] for function in functions})


def _unpacked(code: bytes, folder: Path) -> list[str]:
    """The bundle's sources in `folder`; the answer is where its packages are to be found."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        names = archive.namelist()
        sources = [name for name in names if name.partition("/")[0] in SOURCES]
        archive.extractall(folder / "bundle", sources)
    here = [Path(path) for path in site.getsitepackages()]
    brought = {_package(name) for name in names} - set(SOURCES)
    if not brought:  # for the laptop engine, whose functions run on this machine's packages
        return [str(path) for path in here]
    (folder / "packages").mkdir()
    for path in here:
        for package in path.iterdir():
            if _package(package.name) in brought:
                (folder / "packages" / package.name).symlink_to(package)
    return ["packages"]


def _package(name: str) -> str:
    """A package by its folder or file; `_x.cpython-314-aarch64.so` is `_x`."""
    return name.partition("/")[0].partition(".")[0]


def _judge(tried: "subprocess.CompletedProcess[str]") -> None:
    said = (tried.stdout.strip().splitlines() or [""])[-1]
    if tried.returncode == 0 and said == "all":
        return
    try:
        handler, why = json.loads(said)
    except ValueError:  # the interpreter itself died
        handler, why = "a handler", (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise NotImportable(f"{handler} cannot be imported: {why}; nothing was changed")
