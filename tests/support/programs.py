"""Installs the system programs that the tests need, if possible, or names the missing ones.

    python -m tests.support.programs

Chromium runs the pages; njs runs the edge functions as CloudFront does; spin and gcc check the
models. On Debian, as root, missing programs are installed. Elsewhere they are named, which is a
failure only with `CI=true`.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = {"chromium": "chromium", "njs": "njs", "spin": "spin", "gcc": "gcc"}
"""Each program with its Debian package. Node comes with the Python packages."""
FASTER = "chromium-headless-shell"
"""Chromium without windows, which takes a third of the CPU time. Also the name of its package,
which not every system has; then `chromium` does the same."""


def missing() -> list[str]:
    return [program for program in PACKAGES if shutil.which(program) is None]


def fetch(programs: list[str]) -> None:
    """Install with apt-get, if possible; a package that does not exist stops no other."""
    packages = [PACKAGES[program] for program in programs]
    if shutil.which(FASTER) is None:
        packages.append(FASTER)
    if not packages or shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "-y", "-qq", "--no-install-recommends"]
    for command in (["update", "-qq"], *([*install, package] for package in packages)):
        subprocess.run(
            ["apt-get", *command], env=environment, check=False, stdout=subprocess.DEVNULL
        )


def main() -> int:
    fetch(missing())
    lacking = missing()
    for program in lacking:
        print(
            f"not found: {program} (Debian: apt-get install {PACKAGES[program]})", file=sys.stderr
        )
    if lacking and os.environ.get("CI") == "true":
        return 1
    if lacking:
        print("the tests that need them are skipped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
