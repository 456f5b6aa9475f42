"""`haul ops` without a running copy: what is kept on the screen, and what is asked before."""

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

from cli.client.ops_client import LOT, ApiOpsClient, DirectOpsClient, RepairBatch
from cli.commands.ops import app, frames
from cli.output.output import NotFound, TimedOut
from functions.api.ops_models import DeadLettersResult, OpsDocument
from functions.ops.dead_letters import UnknownQueue
from functions.protocol.ports import Unavailable
from functions.repair.requests import RepairReport
from tests.api.api_fixture import ApiBackend
from tests.functions.conftest import S3Ground
from tests.support.builders import NOON, a_job
from tests.support.moto_server import Moto


def lots() -> list[RepairBatch]:
    return [
        RepairBatch(2, 3, RepairReport(repaired={"261121-000001": ["replaced"]})),
        RepairBatch(1, 3, RepairReport(failed={"261121-000003": "Corrupt: it is no Job"})),
    ]


class Desk:
    """The desk of an office whose services answer or not, as `down` says, look by look."""

    def __init__(self, *down: bool) -> None:
        self.office, self.down = ApiBackend(), list(down)
        self.office.store(a_job("in_progress"))
        self.discarded: list[Collection[str] | None] = []
        self.left = 0
        self.lots = lots()[:1]

    def overview(self) -> OpsDocument:
        if self.down and self.down.pop(0):
            raise Unavailable("SlowDown")
        return self.office.ops.overview("main", NOON)

    def repair_all(self) -> Iterator[RepairBatch]:
        return iter(self.lots)

    def discard(self, queue: str, ids: Collection[str] | None) -> DeadLettersResult:
        self.discarded.append(ids)
        self.left = max(0, self.left - 100)
        return DeadLettersResult(done=100 if ids is None else len(ids), remaining=self.left)


def as_text(frame: RenderableType) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(frame)
    return console.export_text()


def test_a_look_that_fails_leaves_the_last_one_on_the_screen_and_says_so() -> None:
    desk = Desk(False, True, False)
    first, second, third = (as_text(frame) for frame in islice(frames(desk), 3))  # type: ignore[arg-type]  # a stand-in
    assert "In progress" in first
    assert "In progress" in second
    assert "no answer, this is how it was: SlowDown" in second
    assert "no answer" not in third


def run(desk: Desk, *words: str, said: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=SimpleNamespace(ops=desk), input=said)
    return result.exit_code, result.output


def test_what_could_not_be_read_is_said_beside_the_rest() -> None:
    desk = Desk()
    desk.office.bucket.put("tenants/main/board/jobs.json", b"{")
    code, output = run(desk, "watch", "--once")
    assert (code, "? board: not read (Corrupt)" in output) == (0, True)
    assert "the board: not read" in output
    assert "advance_job" in run(desk, "watch", "--json")[1]


def test_that_no_job_is_in_trouble_is_said_only_where_it_is_known() -> None:
    desk = Desk()
    assert run(desk, "stuck") == (0, "✓ No job is overdue or stuck.\n")
    desk.office.bucket.put("tenants/main/board/jobs.json", b"{")
    code, output = run(desk, "stuck")
    assert (code, "No job is" in output) == (6, False)
    assert "there may be more: board: not read (Corrupt)" in output


def test_nothing_is_thrown_away_without_a_yes() -> None:
    desk = Desk()
    code, output = run(desk, "dlq", "discard", "advance_job", "m-1", said="n\n")
    assert (code, desk.discarded) == (2, [])
    assert "Throw 1 dead letters of advance_job away, for good?" in output
    code, _ = run(desk, "dlq", "discard", "advance_job", "m-1", said="y\n")
    assert (code, desk.discarded) == (0, [["m-1"]])


def test_of_all_letters_as_many_goes_are_made_as_there_are_hundreds() -> None:
    desk = Desk()
    desk.left = 250
    code, output = run(desk, "dlq", "discard", "advance_job", "--all", "--yes", "--json")
    assert (code, desk.discarded, '"done": 300' in output) == (0, [None] * 3, True)


def test_of_all_jobs_it_is_said_how_many_were_looked_at_repaired_and_failed() -> None:
    desk = Desk()
    assert run(desk, "repair", "--all")[0] == 0
    desk.lots = lots()
    code, output = run(desk, "repair", "--all")
    assert code == 6
    assert "261121-000001: replaced" in output
    assert "261121-000003: failed, Corrupt: it is no Job" in output
    assert "3 looked at, 1 repaired, 1 failed." in output
    document, _ = json.JSONDecoder().raw_decode(run(desk, "repair", "--all", "--json")[1])
    assert document == {
        "looked_at": 3,
        "repaired": {"261121-000001": ["replaced"]},
        "failed": {"261121-000003": "Corrupt: it is no Job"},
    }


def functions_that_answer(*answers: dict[str, Any]) -> tuple[SimpleNamespace, list[Any]]:
    """A client for functions, and what they were asked; an answer of {} is an error of theirs."""
    left, asked = list(answers), []

    def invoke(FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - as AWS has it
        asked.append(json.loads(Payload)["repair_some"])
        said = left.pop(0)
        error = {} if said else {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **error}

    return SimpleNamespace(invoke=invoke), asked


def test_all_jobs_of_all_businesses_are_asked_for_in_lots_and_where_one_fails_job_by_job(
    moto: Moto,
) -> None:
    """The watchdog dies at a lot, and then at one of its jobs: that one alone has failed."""
    s3_ground = S3Ground.of(moto)
    for tenant, number in (("main", LOT + 2), ("other", 1)):
        s3_ground.put(f"directory/{tenant}.json", b"{}")
        for n in range(number):
            s3_ground.jobs.mark_open(tenant, f"261121-{n:06d}")
    resumed = {"repaired": {"261121-000025": ["resumed"]}}
    one_by_one: list[dict[str, Any]] = [{}, *[{"repaired": {}}] * (LOT - 1)]
    functions, asked = functions_that_answer({}, *one_by_one, resumed, {"repaired": {}})
    clients = {"lambda": functions, "s3": s3_ground.s3}
    place = SimpleNamespace(
        outputs={"JobsBucket": s3_ground.bucket, "WatchJobsFunction": "watch"},
        one_attempt=lambda service, patience_s=60: clients[service],
    )
    desk = DirectOpsClient(place, "main")  # type: ignore[arg-type]  # a stand-in
    desk.ops = SimpleNamespace(open_jobs=s3_ground.jobs.open_jobs)  # type: ignore[assignment]  # a stand-in
    *singles, second, third = desk.repair_all()
    assert [len(some["job_ids"]) for some in asked] == [LOT, *[1] * LOT, 2, 1]
    assert [len(lot.done.failed) for lot in singles] == [1, *[0] * (LOT - 1)]
    assert second.done.repaired == {"261121-000025": ["resumed"]}
    assert (third.looked_at, third.of) == (1, LOT + 3)


class Api:
    """The API, of whose three open jobs one was erased a moment ago."""

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


def test_through_the_api_all_open_jobs_are_asked_for_one_by_one() -> None:
    lots = list(ApiOpsClient(Api()).repair_all())  # type: ignore[arg-type]  # a stand-in
    assert [(lot.looked_at, lot.of) for lot in lots] == [(1, 3)] * 3
    assert [lot.done for lot in lots] == [
        RepairReport(repaired={"261121-000001": ["resumed"]}),
        RepairReport(),
        RepairReport(failed={"261121-000003": "A service behind us does not answer"}),
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("dlq", "discard", "advance_job"),
        ("dlq", "replay", "advance_job", "m-1", "--all"),
        ("repair",),
        ("repair", "261121-7k3m2q", "--all"),
    ],
)
def test_what_is_meant_has_to_be_said(words: tuple[str, ...]) -> None:
    code, output = run(Desk(), *words)
    assert (code, "--all" in output) == (2, True)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListExecutions"),
            1,
            "AWS refused it",
        ),
        (Unavailable("SlowDown"), 6, "SlowDown; try again"),
        (ReadTimeoutError(endpoint_url="https://lambda"), 6, "look again"),
        (UnknownQueue("no queue 'x'"), 4, "no queue 'x'"),
    ],
)
def test_what_went_wrong_is_one_sentence_and_never_a_traceback(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()

    def failing() -> OpsDocument:
        raise error

    monkeypatch.setattr(desk, "overview", failing)
    ended, output = run(desk, "stuck")
    assert (ended, words in output, "Traceback" in output) == (code, True, False)
