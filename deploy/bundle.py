"""The Lambda bundle: the project's sources, and on AWS their dependencies, as one zip file.

The same sources give the same bytes: the order, times, and permissions are fixed.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from statemachine.flows import Flow

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("statemachine", "events", "functions")
FLOWS = "statemachine/flows/"
SUFFIXES = {".py", ".json"}
EXCLUDED = {"samples", "schemas", "asl", "__pycache__"}
EPOCH = (1980, 1, 1, 0, 0, 0)

LOCK = ROOT / "locks" / "lambda.txt"
PYTHON, ARCHITECTURE = "3.14", "aarch64"
PLATFORMS = ("manylinux2014", "manylinux_2_26", "manylinux_2_28", "manylinux_2_34")
"""Wheels that run on Lambda's Amazon Linux 2023, which has glibc 2.34."""
EXCLUDED_FOLDERS = {"__pycache__", "bin"}
INSTALLER_FILES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
"""Files in which the installer records what it did."""


def installed(lock: Path = LOCK, cache: Path = ROOT / ".build") -> Path:
    """A folder with the dependencies for Lambda's platform, whatever this machine's platform is.

    The folder is reused until the lock file or the platform changes; only then does pip download.
    """
    platforms = [f"--platform={name}_{ARCHITECTURE}" for name in PLATFORMS]
    wanted = " ".join([PYTHON, *platforms]).encode() + lock.read_bytes()
    folder = cache / f"lambda-{digest(wanted)}"
    if not folder.exists():
        draft = folder.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        subprocess.run(
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                *platforms, "--implementation", "cp", "--python-version", PYTHON,
                "--only-binary=:all:", "--no-compile", "--require-hashes",
                "--target", str(draft), "-r", str(lock),
            ],
            check=True,
        )  # fmt: skip
        draft.rename(folder)
    return folder


def bundle(root: Path = ROOT, dependencies: Path | None = None) -> bytes:
    """The zip file. `dependencies` is a folder of installed packages for Lambda's platform."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in _files(root, dependencies):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _files(root: Path, dependencies: Path | None) -> Iterator[tuple[str, Path]]:
    found = {path.relative_to(root).as_posix(): path for path in _sources(root)}
    if dependencies:
        found |= {
            path.relative_to(dependencies).as_posix(): path
            for path in dependencies.rglob("*")
            if path.is_file()
            and path.name not in INSTALLER_FILES
            and not EXCLUDED_FOLDERS & set(path.relative_to(dependencies).parts)
        }
    yield from sorted(found.items())


def _sources(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in (root / folder).rglob("*"):
            if path.suffix in SUFFIXES and not EXCLUDED & set(path.relative_to(root).parts):
                yield path


def flows_of(code: bytes) -> dict[str, Flow]:
    """The flows in a bundle, by name; they may differ from those in these sources."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        names = [name for name in archive.namelist() if name.startswith(FLOWS)]
        flows = [Flow.model_validate_json(archive.read(name)) for name in names]
    return {flow.name: flow for flow in flows}


def digest(content: bytes) -> str:
    """Sixteen hex digits of the content's SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]
