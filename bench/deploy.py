"""Time of a deployment: nothing changed, one page changed, code changed.

python -m bench.deploy
"""

import tempfile
import time
from pathlib import Path

from local.engine import Engine
from local.engine_key import EngineAddress
from tests.conftest import free_port
from tests.e2e.support.stages import built_from, deployment, sources


def main() -> None:
    print("\n## A deployment to the laptop engine (s)\n")
    print("| what changed | steps | with a job of one flow as canary |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, Engine(free_port(), Path(folder)) as engine:
        place = Path(folder)
        plain = sources(place / "plain")
        page = sources(
            place / "page", ("web/index.html", lambda text: text.replace("<p>", "<p>Hello. ", 1))
        )
        code = sources(
            place / "code", ("functions/settle_job.py", lambda text: f"{text}\nCHANGED = 1\n")
        )
        for what, sources_ in (
            ("everything: the first deployment", plain),
            ("nothing", plain),
            ("one page", page),
            ("code", code),
        ):
            print(f"| {what} | {_timed(engine.address, sources_)} |", flush=True)


def _timed(engine: EngineAddress, folder: Path) -> str:
    marks: list[tuple[str, float]] = []
    begun = time.monotonic()
    said = lambda step: marks.append((step, time.monotonic()))  # noqa: E731 - one line, used once
    deployment(engine, "bench", said).deploy(built_from(folder))
    ended = time.monotonic()
    canary = next(at for step, at in marks if step == "verify jobs")
    return f"{canary - begun:.1f} | {ended - begun:.1f}"


if __name__ == "__main__":
    main()
