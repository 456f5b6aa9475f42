"""Two stages side by side on one engine: promotion, verification, the way back, dying midway."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.imports import NotImportable
from deploy.lock import Locked
from deploy.run import NothingToRollBackTo, RolledBack
from deploy.target import Outputs
from deploy.template import Built
from functions.aws.stores import S3Jobs
from local.aws import LocalSession
from local.edge import EdgeServer
from local.engine import Engine
from local.stages import edge_of
from statemachine.identity import digest_of
from statemachine.job import Job
from tests.conftest import free_port
from tests.e2e.business import HAUL, booking, move, until
from tests.e2e.killed import KILLED, until_free
from tests.e2e.stages import Client, built_from, deployment, sources

pytestmark = pytest.mark.engine

FORWARD = ("confirm", "start", "complete")
STEPS = (
    "upload", "edge function", "stack", "try functions", "publish", "flows", "pages", "data",
    "invalidation", "verify pages", "verify API", "verify jobs", "clean",
)  # fmt: skip


@dataclass(frozen=True)
class Stages:
    """Staging and production of release `first`; production has its edge."""

    engine: Engine
    state: Path
    first: Built
    edge: EdgeServer
    outputs: Outputs

    @property
    def aws(self) -> LocalSession:
        return LocalSession(self.engine.address)

    def current(self, stage: str) -> str | None:
        return deployment(self.engine.address, stage).artifacts.record(stage).current

    def put(self, kind: str, details: list[dict[str, object]]) -> None:
        entries = [
            {
                "EventBusName": self.outputs["BusName"],
                "Source": "haulway.dispatch",
                "DetailType": kind,
                "Detail": json.dumps(detail),
            }
            for detail in details
        ]
        assert self.aws.client("events").put_events(Entries=entries)["FailedEntryCount"] == 0

    def job(self, job_id: str) -> Job | None:
        jobs = S3Jobs(self.aws.client("s3"), self.outputs["JobsBucket"])
        return jobs.read("main", job_id).value if job_id in set(jobs.all_ids("main")) else None

    def booked(self, *numbers: int) -> list[Job]:
        """New jobs in production, each with its execution waiting."""
        requests = [booking(number) for number in numbers]
        self.put("JobRequested", requests)
        found = []
        for request in requests:
            job = until(
                lambda job_id=request["job_id"]: self.job(job_id),  # type: ignore[misc]  # a default binds the loop
                lambda job: job is not None and job.wait is not None,
                60,
            )
            assert job is not None
            found.append(job)
        return found


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stages]:
    state = tmp_path_factory.mktemp("stages")
    first = built_from(sources(tmp_path_factory.mktemp("first")))
    with Engine(free_port(), state) as engine:
        (state / "local.json").write_text(json.dumps({"engine_url": engine.url}))
        deployment(engine.address, "staging").deploy(first)
        outputs = deployment(engine.address, "production").promote("staging")
        with edge_of(engine.address, outputs) as edge:
            yield Stages(engine, state, first, edge, outputs)


def a_client(stages: Stages, job: Job) -> Client:
    digest = digest_of(job.token)
    return Client(
        stages.edge.url,
        ("/", "/dispatch/", "/book/", f"/track/{job.token}", f"/t/{digest}.json",
         f"/api/track/{digest}"),
    )  # fmt: skip


def test_promotion_disturbs_neither_customers_nor_running_jobs(
    stages: Stages, tmp_path: Path
) -> None:
    """Page, code and flow change; jobs that began before end by the flow that started them."""
    second = built_from(
        sources(
            tmp_path / "second",
            ("web/book/index.html", lambda text: text.replace("<body", "<body data-second", 1)),
            ("functions/settle_job.py", lambda text: text + "\nSECOND = True\n"),
            (
                "statemachine/asl/haul.asl.json",
                lambda text: text.replace("completed.end", "completed.over"),
            ),
        )
    )
    running = stages.booked(1, 2, 3)
    with a_client(stages, running[0]).asking() as client:
        deployment(stages.engine.address, "staging").deploy(second)
        stages.put("JobMoveRequested", [move(job.job_id, "confirm") for job in running])
        deployment(stages.engine.address, "production").promote("staging")
        later = [move(job.job_id, name) for job in running for name in FORWARD[1:]]
        stages.put("JobMoveRequested", later)
        for job in running:
            until(lambda job=job: stages.job(job.job_id), _is_over, 60)  # type: ignore[misc]  # a default binds the loop
    assert client.errors == {}
    assert sum(client.answers.values()) > 100
    assert stages.current("production") == stages.current("staging") == second.release.name
    assert {_last_state(stages, job) for job in running} == {"completed.end"}
    (new,) = stages.booked(4)
    stages.put("JobMoveRequested", [move(new.job_id, name) for name in FORWARD])
    until(lambda: stages.job(new.job_id), _is_over, 60)
    assert until(lambda: _last_state(stages, new), bool) == "completed.over"


def _is_over(job: Job | None) -> bool:
    return job is not None and job.status == "completed" and job.execution.seq == job.seq


def _last_state(stages: Stages, job: Job) -> str | None:
    """The state in which the job's execution has succeeded; None while it has not."""
    prefix = stages.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    pages = stages.aws.client("stepfunctions").get_paginator("get_execution_history")
    names = [
        event["stateEnteredEventDetails"]["name"]
        for page in pages.paginate(executionArn=f"{prefix}haul:main-{job.job_id}-g0")
        for event in page["events"]
        if event["type"] == "SucceedStateEntered"
    ]
    return names[-1] if names else None


BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "a page that needs what is not there": (
        "web/track/index.html", lambda text: text.replace('"/style.css"', '"/no-such.css"'),
    ),
    "a page cut off": ("web/dispatch/index.html", lambda text: text[:15]),
    "code of the API": (
        "functions/api/entry.py",
        lambda text: text.replace("    return wire().resolve(", "    raise OSError("),
    ),
    "settings of a function": (
        "functions/publish_board.py",
        lambda text: text.replace("class Settings(", "class Settings(Absent, ", 1).replace(
            "class Settings(", "class Absent(HasJobs):\n    absent: str\n\n\nclass Settings(", 1
        ),
    ),
    "a function": (
        "functions/settle_job.py",
        lambda text: text.replace("    settled = wire()(request)", "    raise OSError(request)"),
    ),
    "a flow": (
        "statemachine/asl/haul.asl.json",
        lambda text: text.replace("${RegisterWaitArn}", "${SettleJobArn}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_stopped_and_taken_back(
    stages: Stages, what: str, tmp_path: Path
) -> None:
    before = stages.current("production")
    (watched,) = stages.booked(100 + list(BROKEN).index(what))
    broken = built_from(sources(tmp_path / "broken", BROKEN[what]))
    with a_client(stages, watched).asking() as client, pytest.raises(RolledBack):
        deployment(stages.engine.address, "production", patience_s=15).deploy(broken)
    assert stages.current("production") == before
    assert client.errors == {}
    stages.put("JobMoveRequested", [move(watched.job_id, name) for name in FORWARD])
    assert until(lambda: stages.job(watched.job_id), _is_over, 60)


def test_an_api_that_the_edge_does_not_reach_is_taken_back(stages: Stages, tmp_path: Path) -> None:
    """Pages are there, and canaries are booked and moved beside it."""
    cut_off = ("template.yaml", lambda text: text.replace("Pattern: /api/*", "Pattern: /no/*"))
    broken = built_from(sources(tmp_path / "broken", cut_off))
    before = stages.current("staging")
    with pytest.raises(RolledBack, match=r"GET /api/session answers 40[34], and not in our words"):
        deployment(stages.engine.address, "staging", flows=(), patience_s=5).deploy(broken)
    assert stages.current("staging") == before


def test_code_that_cannot_be_imported_changes_nothing(stages: Stages, tmp_path: Path) -> None:
    """Not even the API's own code, which would answer nobody until it was taken back."""
    at_import = ("functions/create_job.py", lambda text: text + '\nraise OSError("no luck")\n')
    broken = built_from(sources(tmp_path / "broken", at_import))
    before = deployment(stages.engine.address, "production").artifacts.record("production")
    (watched,) = stages.booked(120)
    with a_client(stages, watched).asking() as client, pytest.raises(NotImportable) as refused:
        deployment(stages.engine.address, "production").deploy(broken)
    assert "OSError: no luck; nothing was changed" in str(refused.value)
    assert deployment(stages.engine.address, "production").artifacts.record("production") == before
    assert client.errors == {}


def test_the_second_of_two_deployers_is_told_who_holds_the_lock(stages: Stages) -> None:
    told: list[str] = []

    def meanwhile(step: str) -> None:
        if step == "stack" and not told:
            with pytest.raises(Locked) as refused:
                deployment(stages.engine.address, "staging").deploy(stages.first)
            told.append(str(refused.value))

    deployment(stages.engine.address, "staging", meanwhile, flows=()).deploy(stages.first)
    assert f"process {subprocess.os.getpid()}" in told[0]  # type: ignore[attr-defined]
    assert f"deploy {stages.first.release.name}" in told[0]


@pytest.mark.timeout(900)  # each waits for the end of the lease of the one before
def test_deployments_killed_at_every_step_are_finished_by_the_next(
    stages: Stages, tmp_path: Path
) -> None:
    """Two releases in turn, so that there is always something to do: each finds what the one before
    left undone and comes one step further, until one may live."""
    texts = ("one", "two")
    folders = [
        sources(
            tmp_path / text,
            ("functions/edit_job.py", lambda old, text=text: f"{old}\nTURN = '{text}'\n"),  # type: ignore[misc]  # a default binds the loop
            ("web/index.html", lambda old, text=text: old.replace("<p>", f"<p>{text} ", 1)),  # type: ignore[misc]  # a default binds the loop
        )
        for text in texts
    ]
    for number, step in enumerate(STEPS):
        words = [sys.executable, "-m", "tests.e2e.killed", str(stages.state), "staging"]
        words += [str(folders[number % 2]), step]
        died = subprocess.run(words, check=False, capture_output=True)
        assert died.returncode == KILLED, (step, died.stderr.decode()[-2000:])
        doomed = built_from(folders[number % 2]).release.name
        assert begun(stages, doomed) == (step != "upload", step == "clean"), step
    built = built_from(folders[len(STEPS) % 2])
    until_free(lambda: deployment(stages.engine.address, "staging").deploy(built))
    record = deployment(stages.engine.address, "staging").artifacts.record("staging")
    assert (record.current, record.pending) == (built.release.name, None)


def test_a_first_deployment_that_died_is_finished_by_the_next(
    stages: Stages, tmp_path: Path
) -> None:
    """Its stack is there and nothing of it was verified, so there is nothing to go back to."""
    folder = sources(tmp_path / "sources")
    words = [sys.executable, "-m", "tests.e2e.killed", str(stages.state), "third", str(folder)]
    died = subprocess.run([*words, "flows"], check=False, capture_output=True)
    assert died.returncode == KILLED, died.stderr.decode()[-2000:]
    third = deployment(stages.engine.address, "third", flows=())
    with pytest.raises(NothingToRollBackTo, match="deploy it again to finish"):
        until_free(third.roll_back)
    third.deploy(stages.first)
    assert stages.current("third") == stages.first.release.name


def begun(stages: Stages, release: str) -> tuple[bool, bool]:
    """Whether the stage's record says of the release that it was begun, and that it runs."""
    record = deployment(stages.engine.address, "staging").artifacts.record("staging")
    return release in (record.pending, record.current), release == record.current


def test_the_command_shows_a_difference_and_goes_back(stages: Stages, tmp_path: Path) -> None:
    changed = sources(
        tmp_path / "changed", ("functions/edit_job.py", lambda text: f"{text}\nCHANGED = True\n")
    )
    deployment(stages.engine.address, "staging", flows=()).deploy(built_from(changed))
    before = deployment(stages.engine.address, "staging").artifacts.record("staging")
    shown = haul_at(stages, "deploy", "staging", "--dry-run")
    back = haul_at(stages, "rollback", "staging", "--yes")
    after = deployment(stages.engine.address, "staging").artifacts.record("staging")
    assert shown.returncode == 0, shown.stderr
    assert f"Release {before.current} →" in shown.stdout
    assert "code of the functions" in shown.stdout
    assert back.returncode == 0, back.stderr
    assert (after.current, after.previous) == (before.previous[0], before.previous[1:])


def haul_at(stages: Stages, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(HAUL), *words, "--state", str(stages.state)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
