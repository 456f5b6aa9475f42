"""Builds from changed sources, stages to deploy to, and a client that polls all the time."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from deploy.bundle import ROOT, bundle
from deploy.deployment import Deployment
from deploy.target import Target
from deploy.template import Built, build
from local.engine_key import EngineAddress
from local.stages import on_laptop

PARTS = ("web", "edge", "statemachine", "functions", "events")
BUCKET = "haulway-artifacts-000000000000"


def sources(folder: Path, *changes: tuple[str, Callable[[str], str]]) -> Path:
    """A copy of the project's sources; each change is a file and a function of its text."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "template.yaml", folder)
    for name, change in changes:
        before = (folder / name).read_text(encoding="utf-8")
        after = change(before)
        assert after != before, f"{name} is as it was"
        (folder / name).write_text(after, encoding="utf-8")
    return folder


def built_from(folder: Path) -> Built:
    return build(bundle(folder), BUCKET, folder)


def deployment(
    engine: EngineAddress,
    stage: str,
    say: Callable[[str], None] = lambda step: None,
    flows: tuple[str, ...] = ("haul",),
    patience_s: float = 120,
) -> Deployment:
    target: Target = replace(on_laptop(stage, engine), patience_s=patience_s)
    return Deployment(target, say, flows=flows)


@dataclass
class Client:
    """Requests the same paths repeatedly, and counts the answers by path and status."""

    url: str
    paths: tuple[str, ...]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    pause_s: float = 0.2

    @contextmanager
    def asking(self) -> Iterator["Client"]:
        stop = threading.Event()
        thread = threading.Thread(target=self._ask, args=(stop,))
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join()

    def _ask(self, stop: threading.Event) -> None:
        with httpx.Client(base_url=self.url, timeout=30) as http:
            while not stop.is_set():
                for path in self.paths:
                    try:
                        status = http.get(path).status_code
                    except httpx.HTTPError:
                        status = 0
                    self.answers[path, status] += 1
                time.sleep(self.pause_s)

    @property
    def errors(self) -> dict[tuple[str, int], int]:
        """Without 429: a client that never pauses reaches the rate limit."""
        fine = (200, 304, 429)
        return {key: count for key, count in self.answers.items() if key[1] not in fine}
