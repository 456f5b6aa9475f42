"""Imports every handler of a release from its bundle before anything in a stage changes.

Code that cannot be imported would fail every request until the alias moves back. So the bundle is
unpacked and imported first, in a separate interpreter that has what the function will have: the
sources and packages of the bundle (this machine's packages if it has none), and no environment.

The wheels in a bundle for AWS are for another platform, so this machine's wheels of the same names
are used instead. The check shows that our own code finds everything it imports.
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

TIMEOUT_S = 120
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
"""Our modules are unloaded before each handler, because each function has its own container."""


class NotImportable(DeployFailed):
    """A handler cannot be imported from the bundle; the text says which, and why."""


def check_imports(code: bytes, template: bytes) -> int:
    """Returns how many handlers were imported. Raises NotImportable for the first that fails."""
    handlers = handlers_of(json.loads(template))
    with tempfile.TemporaryDirectory(prefix="haulway-imports-") as made:
        folder = Path(made)
        packages = _unpacked(code, folder)
        given = json.dumps([SOURCES, packages, handlers])
        try:
            tried = subprocess.run(
                [sys.executable, "-I", "-S", "-c", PROGRAM, given],
                cwd=folder, env={}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise NotImportable(
                f"importing the handlers took more than {TIMEOUT_S} s; nothing was changed"
            ) from error
    _raise_if_failed(tried)
    return len(handlers)


def handlers_of(template: Mapping[str, Any]) -> list[str]:
    """`module.name` of every function of the template."""
    functions = (r for r in template["Resources"].values() if r["Type"] == FUNCTION)
    return sorted({function["Properties"]["Handler"] for function in functions})


def _unpacked(code: bytes, folder: Path) -> list[str]:
    """Unpack the sources into `folder`. Returns the folders to import packages from."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        names = archive.namelist()
        sources = [name for name in names if name.partition("/")[0] in SOURCES]
        archive.extractall(folder / "bundle", sources)
    here = [Path(path) for path in site.getsitepackages()]
    bundled = {_package(name) for name in names} - set(SOURCES)
    if not bundled:  # for the laptop engine, whose functions use this machine's packages
        return [str(path) for path in here]
    (folder / "packages").mkdir()
    for path in here:
        for package in path.iterdir():
            if _package(package.name) in bundled:
                (folder / "packages" / package.name).symlink_to(package)
    return ["packages"]


def _package(name: str) -> str:
    """The package of a folder or file; `_x.cpython-314-aarch64.so` is `_x`."""
    return name.partition("/")[0].partition(".")[0]


def _raise_if_failed(tried: "subprocess.CompletedProcess[str]") -> None:
    result = (tried.stdout.strip().splitlines() or [""])[-1]
    if tried.returncode == 0 and result == "all":
        return
    try:
        handler, why = json.loads(result)
    except ValueError:  # the interpreter itself crashed
        handler, why = "a handler", (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise NotImportable(f"{handler} cannot be imported: {why}; nothing was changed")
