"""What `haul` says when it cannot do what was asked: one sentence that helps, and no traceback."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from cli import main
from cli.client.api_client import ApiClient
from cli.commands import job, ops, roster
from cli.data.reservations import renew_reservations
from functions.api.ops_models import DeadLetter
from functions.ops.dead_letters import UnknownQueue
from functions.people.assign_crew import AssignCrew
from functions.protocol.ports import Conflict, Unavailable, UnknownJob
from statemachine.job import Job
from tests.support.builders import NOON, a_job


def said(app: object, *words: str, obj: object = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=obj)  # type: ignore[arg-type]  # a stand-in
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


class Nothing:
    """A desk with no jobs and no letters."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def job(self, job_id: str) -> None:
        raise UnknownJob(f"no job {job_id}")

    def cards(self) -> list[object]:
        return []

    def letters(self, queue: str) -> tuple[DeadLetter, ...]:
        self.asked.append(queue)
        if queue != "advance_job":
            raise UnknownQueue(f"no queue {queue!r}")
        return ()


def test_what_a_person_typed_is_said_again_letter_for_letter() -> None:
    code, text = said(job.app, "show", "[/x][bold]", obj=SimpleNamespace(client=Nothing()))
    assert (code, text.partition(";")[0]) == (4, "haul: no job [/x][bold]")


def test_a_status_that_no_flow_has_is_not_an_empty_board() -> None:
    code, text = said(job.app, "list", "--status", "done", obj=SimpleNamespace(client=Nothing()))
    assert code == 2
    assert "no status 'done'; there are booking_confirmed, cancelled" in text


def test_a_queue_may_be_named_as_its_alarm_is() -> None:
    client = Nothing()
    assert said(ops.app, "dlq", "show", "advance-job", obj=SimpleNamespace(ops=client))[0] == 0
    assert client.asked == ["advance_job"]


@pytest.mark.parametrize("words", [["roster", "show"], ["crew", "list"], ["ops", "doctor"]])
def test_a_command_that_needs_aws_does_not_pass_over_the_site_that_was_named(
    words: list[str],
) -> None:
    code, text = said(main.app, "--api", "https://haul.example.com", *words)
    assert code == 2
    assert "leave --api (HAUL_API) out" in text


class Yard:
    """A copy whose roster has no one; it is told which days are asked for."""

    outputs = {"CrewRosterTable": "roster", "JobsBucket": "jobs"}  # noqa: RUF012 - no one changes it

    def client(self, name: str) -> object:
        return None


def test_a_span_that_ends_before_it_begins_is_refused_by_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    yard = SimpleNamespace(connection=Yard(), tenant="main")
    days = ("--from", "2026-11-25", "--to", "2026-11-20")
    assert said(roster.app, "show", *days, obj=yard) == (
        2,
        "haul: --to 2026-11-20 is before --from 2026-11-25; swap them",
    )


def test_a_job_id_that_none_can_have_is_said_before_anybody_is_asked() -> None:
    client = ApiClient("https://haul.example.com", None)  # type: ignore[arg-type]  # a stand-in
    code, text = said(job.app, "show", "nope", obj=SimpleNamespace(client=client))
    assert (code, text) == (2, "haul: 'nope' is no job id; they look like 261121-7k3m2q")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (Conflict("TransactionConflict"), 6, "someone was faster (TransactionConflict)"),
        (EndpointConnectionError(endpoint_url="http://x"), 6, "does not answer"),
    ],
)
def test_what_breaks_on_the_way_is_told_in_a_sentence(
    error: Exception, code: int, told: str
) -> None:
    class Broken(Nothing):
        def cards(self) -> list[object]:
            raise error

    ended, text = said(job.app, "list", obj=SimpleNamespace(client=Broken()))
    assert ended == code
    assert told in text


class Rival(AssignCrew):
    """Loses each race for the claims, so many times."""

    def __init__(self, times: int) -> None:
        object.__setattr__(self, "times", [Conflict("lost")] * times)

    def reserve_again(self, job: Job, now: datetime) -> None:
        if self.times:  # type: ignore[attr-defined]
            raise self.times.pop()  # type: ignore[attr-defined]


def test_a_lost_race_for_a_claim_is_run_again_and_not_for_ever() -> None:
    assert renew_reservations(Rival(1), a_job(), NOON, lambda attempt: None) == []
    with pytest.raises(Unavailable, match="could not be claimed"):
        renew_reservations(Rival(1000), a_job(), NOON, lambda attempt: None)


class Broken(Nothing):
    def cards(self) -> list[object]:
        raise ZeroDivisionError("nothing to divide\nsecond line")


def test_an_error_no_one_foresaw_is_a_sentence_and_a_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log = tmp_path / "haulway" / "errors.log"
    code, text = said(job.app, "list", obj=SimpleNamespace(client=Broken()))
    assert (code, "Traceback" in text) == (1, False)
    assert "(ZeroDivisionError: nothing to divide); the details are in" in text
    assert "ZeroDivisionError: nothing to divide" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_an_error_outside_of_a_command_s_care_is_a_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("cli.commands.board.spoken_errors", lambda: 1 / 0)
    monkeypatch.setattr("sys.argv", ["haul", "board", "rebuild"])
    with pytest.raises(SystemExit) as ended:
        main.app()
    assert ended.value.code == 1
    assert "haul: something went wrong that was not foreseen" in capsys.readouterr().err


def test_with_debug_the_traceback_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAUL_DEBUG", "1")
    result = CliRunner().invoke(job.app, ["list"], obj=SimpleNamespace(client=Broken()))
    assert isinstance(result.exception, ZeroDivisionError)
