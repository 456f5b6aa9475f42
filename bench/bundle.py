"""Builds the bundle for AWS, with its locked dependencies, twice from scratch and compares them.

It is not a test, because it downloads packages.

python -m bench.bundle
"""

import subprocess
import tempfile
import time
from pathlib import Path

from deploy.bundle import ROOT, bundle, digest, installed


def main() -> None:
    print("## The bundle · `python -m bench.bundle`\n")
    print("| clone | MB | s | digest |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        built = [_built(Path(folder) / name) for name in ("one", "two/deeper")]
    assert built[0] == built[1], "the same sources and locks gave two bundles"


def _built(clone: Path) -> bytes:
    """Build from a separate clone with a separate cache."""
    began = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    packages = installed(clone / "locks" / "lambda.txt", clone / ".build")
    code = bundle(clone, packages)
    took = time.monotonic() - began
    print(f"| {clone.name} | {len(code) / 1e6:.1f} | {took:.0f} | {digest(code)} |", flush=True)
    return code


if __name__ == "__main__":
    main()
