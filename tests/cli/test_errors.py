"""Errors of `haul`: one helpful sentence, and no traceback."""

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
from statemachine.job.job import Job
from tests.support.builders import NOON, a_job


def said(app: object, *words: str, obj: object = None) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=obj)  # type: ignore[arg-type]  # a stand-in
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


class EmptyClient:
    """A client without jobs and dead letters; `queues` are the queues that were requested."""

    def __init__(self) -> None:
        self.queues: list[str] = []

    def job(self, job_id: str) -> None:
        raise UnknownJob(f"no job {job_id}")

    def cards(self) -> list[object]:
        return []

    def dead_letters(self, queue: str) -> tuple[DeadLetter, ...]:
        self.queues.append(queue)
        if queue != "advance_job":
            raise UnknownQueue(f"no queue {queue!r}")
        return ()


def test_user_input_in_an_error_is_not_markup() -> None:
    code, text = said(job.app, "show", "[/x][bold]", obj=SimpleNamespace(client=EmptyClient()))
    assert code == 4
    assert text.partition(";")[0] == "haul: no job [/x][bold]"


def test_an_unknown_status_is_an_error_and_not_an_empty_list() -> None:
    code, text = said(
        job.app, "list", "--status", "done", obj=SimpleNamespace(client=EmptyClient())
    )
    assert code == 2
    assert "no status 'done'; the statuses are attempt_failed, booking_confirmed, cancelled" in text


def test_a_queue_may_be_named_with_hyphens() -> None:
    client = EmptyClient()
    assert said(ops.app, "dlq", "show", "advance-job", obj=SimpleNamespace(ops=client))[0] == 0
    assert client.queues == ["advance_job"]


@pytest.mark.parametrize("words", [["roster", "show"], ["crew", "list"], ["ops", "doctor"]])
def test_a_command_that_needs_aws_refuses_a_site(
    words: list[str],
) -> None:
    code, text = said(main.app, "--api", "https://haul.example.com", *words)
    assert code == 2
    assert "leave out --api (HAUL_API)" in text


class EmptyRosterConnection:
    """A connection to a business without people."""

    outputs = {"CrewRosterTable": "roster", "JobsBucket": "jobs"}  # noqa: RUF012 - no one changes it

    def client(self, name: str) -> object:
        return None


def test_a_period_that_ends_before_it_begins_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    obj = SimpleNamespace(connection=EmptyRosterConnection(), tenant="main")
    days = ("--from", "2026-11-25", "--to", "2026-11-20")
    assert said(roster.app, "show", *days, obj=obj) == (
        2,
        "haul: --to 2026-11-20 is before --from 2026-11-25; swap them",
    )


def test_an_invalid_job_id_is_refused_without_a_request() -> None:
    client = ApiClient("https://haul.example.com", None)  # type: ignore[arg-type]  # a stand-in
    code, text = said(job.app, "show", "nope", obj=SimpleNamespace(client=client))
    expected = "haul: 'nope' is not a job id; job ids look like 261121-7k3m2q"
    assert code == 2
    assert text == expected


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (Conflict("TransactionConflict"), 6, "changed it at the same time (TransactionConflict)"),
        (EndpointConnectionError(endpoint_url="http://x"), 6, "does not answer"),
    ],
)
def test_a_failed_request_is_reported_in_a_sentence(error: Exception, code: int, told: str) -> None:
    class Broken(EmptyClient):
        def cards(self) -> list[object]:
            raise error

    ended, text = said(job.app, "list", obj=SimpleNamespace(client=Broken()))
    assert ended == code
    assert told in text


class LosesRaces(AssignCrew):
    """Loses the race for the reservations so many times."""

    def __init__(self, times: int) -> None:
        object.__setattr__(self, "times", [Conflict("lost")] * times)

    def reserve_again(self, job: Job, now: datetime) -> None:
        if self.times:  # type: ignore[attr-defined]
            raise self.times.pop()  # type: ignore[attr-defined]


def test_a_lost_race_for_a_reservation_is_retried_a_few_times() -> None:
    assert renew_reservations(LosesRaces(1), a_job(), NOON, lambda attempt: None) == []
    with pytest.raises(Unavailable, match="could not be reserved"):
        renew_reservations(LosesRaces(1000), a_job(), NOON, lambda attempt: None)


class Broken(EmptyClient):
    def cards(self) -> list[object]:
        raise ZeroDivisionError("nothing to divide\nsecond line")


def test_an_unexpected_error_is_a_sentence_and_a_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log = tmp_path / "haulway" / "errors.log"
    code, text = said(job.app, "list", obj=SimpleNamespace(client=Broken()))
    assert code == 1
    assert "Traceback" not in text
    assert "(ZeroDivisionError: nothing to divide); the details are in" in text
    assert "ZeroDivisionError: nothing to divide" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_an_error_that_no_command_handles_is_a_sentence_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("cli.commands.board.report_errors", lambda: 1 / 0)
    monkeypatch.setattr("sys.argv", ["haul", "board", "rebuild"])
    with pytest.raises(SystemExit) as ended:
        main.app()
    assert ended.value.code == 1
    assert "haul: unexpected error" in capsys.readouterr().err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAUL_DEBUG", "1")
    result = CliRunner().invoke(job.app, ["list"], obj=SimpleNamespace(client=Broken()))
    assert isinstance(result.exception, ZeroDivisionError)
