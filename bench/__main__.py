"""Run benches and write what they measured into docs/numbers.md.

    python -m bench                 all of them
    python -m bench moves edge      these

Each bench runs in a process of its own. Where one fails, its former figures stay on the page.
"""

import os
import pkgutil
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import bench

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "numbers.md"


def names() -> list[str]:
    found = (info.name for info in pkgutil.iter_modules(bench.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def with_figures(page: str, name: str, origin: str, figures: str) -> str:
    """`page` with the block of one bench replaced. Raises ValueError if the page has none."""
    block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    if len(block.findall(page)) != 1:
        raise ValueError(f"docs/numbers.md has no block for bench.{name}")
    below = re.sub(r"^## ", "### ", figures.strip(), flags=re.MULTILINE)
    return block.sub(lambda found: f"{found[1]}{origin}\n\n{below}\n{found[2]}", page)


def origin_of(name: str) -> str:
    """Command, date, commit, and machine of a measurement that is made now."""
    commit = _git("rev-parse", "--short", "HEAD") + (" and changes" if _git("diff", "HEAD") else "")
    return (
        f"*`python -m bench.{name}` · {datetime.now(UTC):%Y-%m-%d} · commit {commit} · {machine()}*"
    )


def machine() -> str:
    found = re.search(r"model name\s*: (.+)", _text(Path("/proc/cpuinfo")))
    model = found[1].strip() if found else platform.processor() or platform.machine()
    python = platform.python_version()
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {python}"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _git(*words: str) -> str:
    run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def main() -> None:
    for name in sys.argv[1:] or names():
        origin = origin_of(name)
        print(f"bench.{name} …", flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        print(run.stdout)
        if run.returncode:
            print(f"bench.{name} failed; its former figures stay in docs/numbers.md")
        else:
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(with_figures(page, name, origin, run.stdout), encoding="utf-8")


if __name__ == "__main__":
    main()
