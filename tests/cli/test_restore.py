"""`haul ops restore`: what is shown and asked before a job is restored."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli.commands import restore
from cli.commands.ops import app
from functions.ops.restore_job import RestoreJob
from functions.protocol.ports import Corrupt
from tests.functions.ops.test_explain_job import VersionedBusiness, a_day
from tests.support.builders import a_job
from tests.support.fakes import job_key
from tests.support.ops_fakes import FakeHistory

JOB = a_job().job_id


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> VersionedBusiness:
    world = VersionedBusiness()
    restoring = RestoreJob(world.jobs, FakeHistory(world.bucket, world.site))
    monkeypatch.setattr(restore, "restore_of", lambda *about: restoring)
    a_day(world)
    return world


def run(*words: str, said: str = "", **more: object) -> tuple[int, str]:
    names = {"JobsBucket": "jobs", "SiteBucket": "site"}
    connection = SimpleNamespace(one_attempt=None, outputs=names)
    obj = SimpleNamespace(connection=connection, tenant="main", **more)
    result = CliRunner().invoke(app, list(words), obj=obj, input=said)
    return result.exit_code, " ".join(result.output.split())


def test_restore_asks_first(world: VersionedBusiness) -> None:
    world.bucket.put(job_key("main", JOB), b"{")
    code, output = run("restore", JOB, said="n\n")
    assert code == 2
    assert world.bucket.objects[job_key("main", JOB)] == b"{"
    assert "Ready for pickup, after 1 move(s)" in output
    code, output = run("restore", JOB, said="y\n")
    assert code == 0
    assert f"haul ops repair {JOB}" in output
    assert world.jobs.read("main", JOB).value.status == "ready_for_pickup"


def test_a_readable_job_is_not_restored(world: VersionedBusiness) -> None:
    code, output = run("restore", JOB, "--yes")
    assert code == 3
    assert f"haul explain {JOB}" in output


def test_the_repair_of_an_unreadable_job_points_to_restore() -> None:
    def repair(job_id: str) -> None:
        raise Corrupt("its object is no Job")

    code, output = run("repair", JOB, ops=SimpleNamespace(repair=repair))
    assert code == 3
    assert f"haul ops restore {JOB}" in output
