"""`haul ops` without a running copy: screens, questions, batches, and errors."""

import io
import json
from collections.abc import Collection, Iterator
from itertools import islice
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from rich.console import Console, RenderableType
from typer.testing import CliRunner

from cli.client.ops_client import BATCH_SIZE, ApiOpsClient, DirectOpsClient, RepairBatch
from cli.commands.ops import app, frames
from cli.output.output import NotFound, TimedOut
from functions.api.ops_models import DeadLettersResult, OpsDocument
from functions.ops.dead_letters import UnknownQueue
from functions.protocol.ports import Unavailable
from functions.repair.requests import RepairReport
from tests.api.api_fixture import ApiBackend
from tests.functions.conftest import S3Storage
from tests.support.builders import NOON, a_job
from tests.support.moto_server import Moto


def batches() -> list[RepairBatch]:
    return [
        RepairBatch(2, 3, RepairReport(repaired={"261121-000001": ["replaced"]})),
        RepairBatch(1, 3, RepairReport(failed={"261121-000003": "Corrupt: it is no Job"})),
    ]


class FakeClient:
    """A client whose overview fails, call by call, if `down` says so."""

    def __init__(self, *down: bool) -> None:
        self.office, self.down = ApiBackend(), list(down)
        self.office.store(a_job("in_progress"))
        self.discarded: list[Collection[str] | None] = []
        self.left = 0
        self.batches = batches()[:1]

    def overview(self) -> OpsDocument:
        if self.down and self.down.pop(0):
            raise Unavailable("SlowDown")
        return self.office.ops.overview("main", NOON)

    def repair_all(self) -> Iterator[RepairBatch]:
        return iter(self.batches)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        self.discarded.append(ids)
        self.left = max(0, self.left - 100)
        return DeadLettersResult(done=100 if ids is None else len(ids), remaining=self.left)


def as_text(frame: RenderableType) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(frame)
    return console.export_text()


def test_after_an_error_the_last_overview_stays_with_a_note() -> None:
    client = FakeClient(False, True, False)
    first, second, third = (as_text(frame) for frame in islice(frames(client), 3))  # type: ignore[arg-type]  # a stand-in
    assert "In progress" in first
    assert "In progress" in second
    assert "no answer; this is the last known state: SlowDown" in second
    assert "no answer" not in third


def run(client: FakeClient, *words: str, said: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=SimpleNamespace(ops=client), input=said)
    return result.exit_code, result.output


def test_the_overview_names_sources_that_could_not_be_read() -> None:
    client = FakeClient()
    client.office.bucket.put("tenants/main/board/jobs.json", b"{")
    code, output = run(client, "watch", "--once")
    assert code == 0
    assert "? board: not read (Corrupt)" in output
    assert "the board: not read" in output
    assert "advance_job" in run(client, "watch", "--json")[1]


def test_no_problem_is_reported_only_if_all_sources_were_read() -> None:
    client = FakeClient()
    assert run(client, "stuck") == (0, "✓ No job is overdue or stuck.\n")
    client.office.bucket.put("tenants/main/board/jobs.json", b"{")
    code, output = run(client, "stuck")
    assert code == 6
    assert "No job is" not in output
    assert "there may be more: board: not read (Corrupt)" in output


def test_discard_asks_first() -> None:
    client = FakeClient()
    code, output = run(client, "dlq", "discard", "advance_job", "m-1", said="n\n")
    assert code == 2
    assert client.discarded == []
    assert "Delete 1 dead letter(s) of advance_job for good?" in output
    code, _ = run(client, "dlq", "discard", "advance_job", "m-1", said="y\n")
    assert code == 0
    assert client.discarded == [["m-1"]]


def test_discarding_all_is_repeated_until_no_message_is_left() -> None:
    client = FakeClient()
    client.left = 250
    code, output = run(client, "dlq", "discard", "advance_job", "--all", "--yes", "--json")
    assert code == 0
    assert client.discarded == [None] * 3
    assert '"done": 300' in output


def test_repair_all_reports_how_many_jobs_were_checked_repaired_and_failed() -> None:
    client = FakeClient()
    assert run(client, "repair", "--all")[0] == 0
    client.batches = batches()
    code, output = run(client, "repair", "--all")
    assert code == 6
    assert "261121-000001: replaced" in output
    assert "261121-000003: failed, Corrupt: it is no Job" in output
    assert "3 checked, 1 repaired, 1 failed." in output
    document, _ = json.JSONDecoder().raw_decode(run(client, "repair", "--all", "--json")[1])
    assert document == {
        "checked": 3,
        "repaired": {"261121-000001": ["replaced"]},
        "failed": {"261121-000003": "Corrupt: it is no Job"},
    }


def functions_that_answer(*answers: dict[str, Any]) -> tuple[SimpleNamespace, list[Any]]:
    """A Lambda client, and the payloads it got; an empty answer means a function error."""
    left, asked = list(answers), []

    def invoke(FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - as AWS has it
        asked.append(json.loads(Payload)["repair_some"])
        said = left.pop(0)
        error = {} if said else {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **error}

    return SimpleNamespace(invoke=invoke), asked


def test_all_jobs_are_repaired_in_batches_and_a_failed_batch_job_by_job(
    moto: Moto,
) -> None:
    """The watchdog fails on a batch, and then on one of its jobs: only that one has failed."""
    storage = S3Storage.of(moto)
    for tenant, number in (("main", BATCH_SIZE + 2), ("other", 1)):
        storage.put(f"directory/{tenant}.json", b"{}")
        for n in range(number):
            storage.jobs.mark_open(tenant, f"261121-{n:06d}")
    resumed = {"repaired": {"261121-000025": ["resumed"]}}
    one_by_one: list[dict[str, Any]] = [{}, *[{"repaired": {}}] * (BATCH_SIZE - 1)]
    functions, asked = functions_that_answer({}, *one_by_one, resumed, {"repaired": {}})
    clients = {"lambda": functions, "s3": storage.s3}
    connection = SimpleNamespace(
        outputs={"JobsBucket": storage.bucket, "WatchJobsFunction": "watch"},
        one_attempt=lambda service, patience_s=60: clients[service],
    )
    client = DirectOpsClient(connection, "main")  # type: ignore[arg-type]  # a stand-in
    client.ops = SimpleNamespace(open_jobs=storage.jobs.open_jobs)  # type: ignore[assignment]  # a stand-in
    *singles, second, third = client.repair_all()
    assert [len(some["job_ids"]) for some in asked] == [BATCH_SIZE, *[1] * BATCH_SIZE, 2, 1]
    assert [len(batch.done.failed) for batch in singles] == [1, *[0] * (BATCH_SIZE - 1)]
    assert second.done.repaired == {"261121-000025": ["resumed"]}
    assert third.checked == 1
    assert third.total == BATCH_SIZE + 3


class Api:
    """The API with three open jobs, of which one was just erased."""

    def ask(self, method: str, path: str, *_: object) -> SimpleNamespace:
        if path == "/api/ops/jobs":
            ids = ["261121-000001", "261121-000002", "261121-000003"]
            return SimpleNamespace(content=json.dumps({"job_ids": ids, "as_of": NOON.isoformat()}))
        job_id = path.split("/")[-2]
        if job_id.endswith("2"):
            raise NotFound("There is no such job")
        if job_id.endswith("3"):
            raise TimedOut("A service behind us does not answer")
        return SimpleNamespace(content=json.dumps({"job_id": job_id, "repairs": ["resumed"]}))


def test_through_the_api_jobs_are_repaired_one_by_one() -> None:
    batches = list(ApiOpsClient(Api()).repair_all())  # type: ignore[arg-type]  # a stand-in
    assert [(batch.checked, batch.total) for batch in batches] == [(1, 3)] * 3
    assert [batch.done for batch in batches] == [
        RepairReport(repaired={"261121-000001": ["resumed"]}),
        RepairReport(),
        RepairReport(failed={"261121-000003": "A service behind us does not answer"}),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("dlq", "discard", "advance_job"),
        ("dlq", "redrive", "advance_job", "m-1", "--all"),
        ("repair",),
        ("repair", "261121-7k3m2q", "--all"),
    ],
)
def test_either_ids_or_all_must_be_given(words: tuple[str, ...]) -> None:
    code, output = run(FakeClient(), *words)
    assert code == 2
    assert "--all" in output


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListExecutions"),
            1,
            "AWS refused the call",
        ),
        (Unavailable("SlowDown"), 6, "SlowDown; try again"),
        (ReadTimeoutError(endpoint_url="https://lambda"), 6, "check whether it was done"),
        (UnknownQueue("no queue 'x'"), 4, "no queue 'x'"),
    ],
)
def test_an_error_is_one_sentence_without_a_traceback(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = FakeClient()

    def failing() -> OpsDocument:
        raise error

    monkeypatch.setattr(client, "overview", failing)
    ended, output = run(client, "stuck")
    assert ended == code
    assert words in output
    assert "Traceback" not in output
