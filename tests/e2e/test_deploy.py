"""Two stages side by side on one engine: promotion, verification, the way back."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.deployment_errors import RolledBack
from deploy.function_check import FunctionCheckFailed, check_functions
from deploy.imports import NotImportable
from deploy.target import Outputs
from functions.aws.s3_stores import S3Jobs
from local.aws import LocalSession, session_for
from local.edge import EdgeServer
from local.engine import Engine
from local.stages import edge_server
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from tests.conftest import free_port
from tests.e2e.support.jobs import booking, move, until
from tests.e2e.support.stages import Client, built_from, deployment, sources

pytestmark = pytest.mark.engine

FORWARD = ("confirm", "start", "complete")
PATIENCE_S = 15
"""The time limit for broken stages; the way back uses it too."""


@dataclass(frozen=True)
class Stages:
    """Staging and production with one release; production has an edge."""

    engine: Engine
    edge: EdgeServer
    outputs: Outputs

    @property
    def aws(self) -> LocalSession:
        return session_for(self.engine.address)

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

    def deployed_copy(self, function: str, code: bytes) -> str:
        """The name of a function with this code, and otherwise as production's."""
        lam, name = self.aws.client("lambda"), f"copy-{function}"
        real = deployment(self.engine.address, "production").stack.functions()[function]
        live = lam.get_function_configuration(FunctionName=real)
        settings = ("Role", "Runtime", "Handler", "Timeout", "MemorySize")
        lam.create_function(
            FunctionName=name,
            Code={"ZipFile": code},
            Environment={"Variables": live["Environment"]["Variables"]},
            **{setting: live[setting] for setting in settings},
        )
        return name

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
        deployment(engine.address, "staging").deploy(first)
        outputs = deployment(engine.address, "production").promote("staging")
        with edge_server(engine.address, outputs) as edge:
            yield Stages(engine, edge, outputs)


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
    """Page, code, and flow change; earlier jobs end by the flow version that started them."""
    second = built_from(
        sources(
            tmp_path / "second",
            ("web/book/index.html", lambda text: text.replace("<body", "<body data-second", 1)),
            ("functions/settle_job.py", lambda text: text + "\nSECOND = True\n"),
            (
                "statemachine/asl/haul.asl.json",
                lambda text: text.replace('"{% $states.result.Payload %}"', '{"second": true}'),
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
    assert ["second" in _output(stages, job) for job in running] == [False] * 3
    (new,) = stages.booked(4)
    stages.put("JobMoveRequested", [move(new.job_id, name) for name in FORWARD])
    until(lambda: stages.job(new.job_id), _is_over, 60)
    assert until(lambda: _output(stages, new), bool) == {"second": True}


def _is_over(job: Job | None) -> bool:
    return job is not None and job.status == "completed" and job.execution.seq == job.seq


def _output(stages: Stages, job: Job) -> dict[str, Any]:
    """The output of the job's execution; empty until it has succeeded."""
    prefix = stages.outputs["MachinePrefix"].replace(":stateMachine:", ":execution:")
    execution = stages.aws.client("stepfunctions").describe_execution(
        executionArn=f"{prefix}haul:main-{job.job_id}-g0"
    )
    found: dict[str, Any] = json.loads(execution.get("output", "{}"))
    return found


BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "a page": ("web/crew/index.html", lambda text: text.replace("/manifest.", "/no-such.")),
    "a function": (
        "functions/settle_job.py",
        lambda text: text.replace("    settled = wire()(request)", "    raise OSError(request)"),
    ),
    "a flow": (
        "statemachine/asl/haul.asl.json",
        lambda text: text.replace("${RegisterWaitArn}", "${SettleJobArn}"),
    ),
}  # fmt: skip
"""One of each kind; tests/deploy/test_verify_edge.py and the tests below cover the checks that
stop the others. A broken page is found before verification jobs are sent."""


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_release_is_stopped_and_rolled_back(
    stages: Stages, what: str, tmp_path: Path
) -> None:
    before = stages.current("production")
    (watched,) = stages.booked(100 + list(BROKEN).index(what))
    broken = built_from(sources(tmp_path / "broken", BROKEN[what]))
    with a_client(stages, watched).asking() as client, pytest.raises(RolledBack):
        deployment(
            stages.engine.address,
            "production",
            flows=() if what == "a page" else ("haul",),
            patience_s=PATIENCE_S,
        ).deploy(broken)
    assert stages.current("production") == before
    assert client.errors == {}
    stages.put("JobMoveRequested", [move(watched.job_id, name) for name in FORWARD])
    assert until(lambda: stages.job(watched.job_id), _is_over, 60)


BROKEN_CODE: dict[str, tuple[str, Callable[[str], str]]] = {
    "ApiFunction": (
        "functions/serve_api.py",
        lambda text: text.replace("    return wire().resolve(", "    raise OSError("),
    ),
    "PublishBoardFunction": (
        "functions/publish_board.py",  # needs a setting that no one gives it
        lambda text: text.replace("class Settings(", "class Settings(Absent, ", 1).replace(
            "class Settings(", "class Absent(HasJobs):\n    absent: str\n\n\nclass Settings(", 1
        ),
    ),
}  # fmt: skip
"""By the logical id of the broken function."""


@pytest.mark.parametrize("function", BROKEN_CODE)
def test_the_function_check_finds_broken_code_of_any_function(
    stages: Stages, function: str, tmp_path: Path
) -> None:
    """Checks only this function, as a copy. The test above covers the rollback that follows."""
    broken = built_from(sources(tmp_path / "broken", BROKEN_CODE[function]))
    resources = json.loads(broken.contents[broken.release.template])["Resources"]
    own = {name: each for name, each in resources.items() if _is_of(function, name, each)}
    name = stages.deployed_copy(function, broken.contents[broken.release.code])
    with pytest.raises(FunctionCheckFailed, match=f"new code of {name} fails"):
        check_functions(stages.aws.client("lambda"), {function: name}, {"Resources": own})


def _is_of(function: str, name: str, resource: dict[str, Any]) -> bool:
    """Whether it is the function or its event source mapping."""
    fed = resource["Properties"].get("FunctionName", {})
    is_mapping = resource["Type"] == "AWS::Lambda::EventSourceMapping"
    return name == function or (is_mapping and str(fed["Ref"]).partition(".")[0] == function)


def test_an_api_that_the_edge_cannot_reach_is_rolled_back(stages: Stages, tmp_path: Path) -> None:
    """Pages work, and verification jobs do not use the API."""
    cut_off = ("template.yaml", lambda text: text.replace("Pattern: /api/*", "Pattern: /no/*"))
    broken = built_from(sources(tmp_path / "broken", cut_off))
    before = stages.current("staging")
    with pytest.raises(
        RolledBack, match=r"GET /api/session answers 40[34], not from the API.s own code"
    ):
        deployment(stages.engine.address, "staging", flows=(), patience_s=5).deploy(broken)
    assert stages.current("staging") == before


def test_code_that_cannot_be_imported_changes_nothing(stages: Stages, tmp_path: Path) -> None:
    """Such code would fail every request until it was rolled back."""
    at_import = ("functions/create_job.py", lambda text: text + '\nraise OSError("no luck")\n')
    broken = built_from(sources(tmp_path / "broken", at_import))
    before = deployment(stages.engine.address, "production").artifacts.record("production")
    (watched,) = stages.booked(120)
    with a_client(stages, watched).asking() as client, pytest.raises(NotImportable) as refused:
        deployment(stages.engine.address, "production").deploy(broken)
    assert "OSError: no luck; nothing was changed" in str(refused.value)
    assert deployment(stages.engine.address, "production").artifacts.record("production") == before
    assert client.errors == {}
