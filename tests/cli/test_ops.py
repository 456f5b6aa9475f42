"""`haul ops` without a running copy: what is kept on the screen, and what is asked before."""

import io
from collections.abc import Collection
from itertools import islice
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from rich.console import Console, RenderableType
from typer.testing import CliRunner

from cli.ops import app, frames
from functions.api.ops_documents import LettersDone, OpsDocument
from functions.dead_letters import UnknownQueue
from functions.ports import Unavailable
from tests.api.office import Office
from tests.builders import NOON, a_job


class Desk:
    """The desk of an office whose services answer or not, as `down` says, look by look."""

    def __init__(self, *down: bool) -> None:
        self.office, self.down = Office(), list(down)
        self.office.keep(a_job("in_progress"))
        self.discarded: list[Collection[str] | None] = []
        self.left = 0

    def overview(self) -> OpsDocument:
        if self.down and self.down.pop(0):
            raise Unavailable("SlowDown")
        return self.office.ops.overview("main", NOON)

    def discard(self, queue: str, ids: Collection[str] | None) -> LettersDone:
        self.discarded.append(ids)
        self.left = max(0, self.left - 100)
        return LettersDone(done=100 if ids is None else len(ids), left=self.left)


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


@pytest.mark.parametrize(
    "words",
    [
        ("dlq", "discard", "advance_job"),
        ("dlq", "replay", "advance_job", "m-1", "--all"),
        ("redrive",),
        ("redrive", "261121-7k3m2q", "--all"),
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
