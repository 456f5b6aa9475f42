"""The Lambda bundle: the project's sources (and on AWS their dependencies) as one zip.

The same sources give the same bytes: fixed order, fixed times, fixed permissions.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("statemachine", "events", "functions")
KEPT = {".py", ".json"}
LEFT_OUT = {"samples", "schemas", "asl", "__pycache__"}
EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle(root: Path = ROOT, dependencies: Path | None = None) -> bytes:
    """The zip. `dependencies` is a folder of installed packages for the Lambda's platform."""
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
            if path.is_file() and "__pycache__" not in path.parts
        }
    yield from sorted(found.items())


def _sources(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        for path in (root / folder).rglob("*"):
            if path.suffix in KEPT and not LEFT_OUT & set(path.relative_to(root).parts):
                yield path


def digest(content: bytes) -> str:
    """Sixteen hex digits that name a content."""
    return hashlib.sha256(content).hexdigest()[:16]
