"""Concurrent and killed deployments, and `haul rollback`, on one engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.deployment_errors import NothingToRollBackTo
from deploy.lock import Locked
from deploy.template import Built
from local.engine import Engine
from local.engine_key import EngineAddress
from tests.conftest import free_port
from tests.e2e.support.jobs import HAUL
from tests.e2e.support.killed_deployment import KILLED, until_free
from tests.e2e.support.stages import built_from, deployment, sources

pytestmark = pytest.mark.engine

RISKIEST = ("publish", "verify jobs")
"""Steps after which new code is deployed but not serving, and after which it serves."""


@dataclass(frozen=True)
class Staging:
    """An engine whose stage `staging` runs release `first`."""

    engine: EngineAddress
    state: Path
    first: Built

    def current(self, stage: str) -> str | None:
        return deployment(self.engine, stage).artifacts.record(stage).current


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    state = tmp_path_factory.mktemp("staging")
    first = built_from(sources(tmp_path_factory.mktemp("first")))
    with Engine(free_port(), state) as engine:
        (state / "local.json").write_text(json.dumps({"engine_url": engine.url}))
        deployment(engine.address, "staging", flows=()).deploy(first)
        yield Staging(engine.address, state, first)


def test_a_second_deployment_is_refused_with_the_holder_of_the_lock(staging: Staging) -> None:
    told: list[str] = []
    artifacts = deployment(staging.engine, "staging").artifacts
    running = artifacts.release(str(staging.current("staging")))

    def meanwhile(step: str) -> None:
        if step == "stack" and not told:
            with pytest.raises(Locked) as refused:
                deployment(staging.engine, "staging").release(running)
            told.append(str(refused.value))

    deployment(staging.engine, "staging", meanwhile, flows=()).release(running)
    assert f"process {os.getpid()}" in told[0]
    assert f"deploy {running.name}" in told[0]


def test_deployments_killed_at_the_riskiest_steps_are_finished_by_the_next(
    staging: Staging, tmp_path: Path
) -> None:
    """Two releases alternate, so that there is always something to deploy. Here real processes are
    killed; tests/deploy/test_killed_deployment.py covers all steps in memory."""
    texts = ("one", "two")
    folders = [
        sources(
            tmp_path / text,
            ("functions/edit_job.py", lambda old, text=text: f"{old}\nTURN = '{text}'\n"),  # type: ignore[misc]  # a default binds the loop
            ("web/index.html", lambda old, text=text: old.replace("<p>", f"<p>{text} ", 1)),  # type: ignore[misc]  # a default binds the loop
        )
        for text in texts
    ]
    for folder, step in zip(folders, RISKIEST, strict=True):
        words = [
            sys.executable,
            "-m",
            "tests.e2e.support.killed_deployment",
            str(staging.state),
            "staging",
        ]
        died = subprocess.run([*words, str(folder), step], check=False, capture_output=True)
        assert died.returncode == KILLED, (step, died.stderr.decode()[-2000:])
        record = deployment(staging.engine, "staging").artifacts.record("staging")
        assert record.pending == built_from(folder).release.name
    built = built_from(folders[0])
    until_free(lambda: deployment(staging.engine, "staging").deploy(built))
    record = deployment(staging.engine, "staging").artifacts.record("staging")
    assert record.current == built.release.name
    assert record.pending is None


def test_a_killed_first_deployment_is_finished_by_the_next(
    staging: Staging, tmp_path: Path
) -> None:
    """Its stack exists but was never verified, so there is nothing to roll back to."""
    folder = sources(tmp_path / "sources")
    words = [
        sys.executable,
        "-m",
        "tests.e2e.support.killed_deployment",
        str(staging.state),
        "third",
        str(folder),
    ]
    died = subprocess.run([*words, "flows"], check=False, capture_output=True)
    assert died.returncode == KILLED, died.stderr.decode()[-2000:]
    third = deployment(staging.engine, "third", flows=())
    with pytest.raises(NothingToRollBackTo, match="deploy it again to finish"):
        until_free(third.roll_back)
    third.deploy(staging.first)
    assert staging.current("third") == staging.first.release.name


def test_dry_run_and_rollback(staging: Staging, tmp_path: Path) -> None:
    """With a changed page; the other tests change code."""
    deployment(staging.engine, "third", flows=()).deploy(staging.first)
    changed = sources(
        tmp_path / "changed", ("web/index.html", lambda text: text.replace("<p>", "<p>New ", 1))
    )
    deployment(staging.engine, "third", flows=()).deploy(built_from(changed))
    before = deployment(staging.engine, "third").artifacts.record("third")
    shown = haul_at(staging, "deploy", "third", "--dry-run")
    back = haul_at(staging, "rollback", "third", "--yes")
    after = deployment(staging.engine, "third").artifacts.record("third")
    assert shown.returncode == 0, shown.stderr
    assert f"Release {before.current} →" in shown.stdout
    assert "index.html" in shown.stdout
    assert back.returncode == 0, back.stderr
    assert after.current == before.previous[0]
    assert after.previous == before.previous[1:]


def haul_at(staging: Staging, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(HAUL), *words, "--state", str(staging.state)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
