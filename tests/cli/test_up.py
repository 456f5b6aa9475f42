"""`haul up`, its demo, and `haul env`: what they do not touch, and errors they survive."""

import json
import logging
import os
import random
import signal
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from typer.testing import CliRunner

from cli import demo, main
from cli.commands import up
from cli.demo import MIN_OPEN_JOBS, Demo
from cli.output.business_clock import CLOCK
from local.engine_key import engine_key
from local.first_sign_in import FirstSignIn
from local.laptop import Laptop
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.views.views import Board, card_of
from tests.conftest import free_port
from tests.support.builders import NOON, a_job

HAUL = load_flow("haul")


@pytest.fixture(autouse=True)
def process_state_restored() -> Iterator[None]:
    """`haul up` normally owns the process: it sets signal handlers, umask, log, and clock."""
    signals = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    mask, logger = os.umask(0o022), logging.getLogger("haulway")
    os.umask(mask)
    handlers, propagates = logger.handlers, logger.propagate
    yield
    for each, handler in signals.items():
        signal.signal(each, handler)
    for opened in set(logger.handlers) - set(handlers):
        opened.close()
    logger.handlers, logger.propagate = handlers, propagates
    os.umask(mask)
    CLOCK.go_by(lambda: None)


class DemoInMemory(Demo):
    """A demo whose board is in memory."""

    board: Board = Board()

    def _board(self) -> Board:
        return self.board


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    laptop: Any = SimpleNamespace(state=tmp_path, outputs={}, edge_url="", aws=None)
    made = DemoInMemory(laptop, random.Random(1))
    moved: list[str] = []

    def book_job(connection: object, request: object) -> dict[str, str]:
        job = a_job().with_(job_id=f"261121-{made.booked:06}")
        made.board = made.board.merged([card_of(job, HAUL)])
        return {"job_id": job.job_id}

    monkeypatch.setattr(demo, "book_job", book_job)
    monkeypatch.setattr(
        demo, "send_request", lambda connection, request: moved.append(request.job_id)
    )
    return SimpleNamespace(demo=made, moved=moved, laptop=laptop)


def a_visitors_job() -> Board:
    return Board().merged([card_of(a_job().with_(job_id="261121-vvvvvv"), HAUL)])


def test_the_demo_moves_only_its_own_jobs(day: Any) -> None:
    day.demo.board = a_visitors_job()
    for minute in range(60):
        day.demo.advance(NOON + timedelta(minutes=minute))
    assert len(day.moved) > 40
    assert "261121-vvvvvv" not in day.moved


def test_a_restarted_demo_knows_its_own_jobs(day: Any) -> None:
    for minute in range(MIN_OPEN_JOBS + 1):
        day.demo.advance(NOON + timedelta(minutes=minute))
    again = DemoInMemory(day.laptop)
    own = {
        card.job_id for card in again._own(day.demo.board.merged(a_visitors_job().jobs.values()))
    }
    assert own == set(day.demo.board.jobs)


def test_a_failed_demo_step_does_not_end_haul_up() -> None:
    failing: Any = SimpleNamespace(advance=lambda now: 1 / 0)
    up._advance_demo(failing)


class LaptopWithWatchdog(Laptop):
    """A copy whose watchdog gives a scripted answer."""

    answer: Any = None

    def client(self, service: Any) -> Any:
        def invoke(**_: Any) -> Any:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return SimpleNamespace(invoke=invoke)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (({}, '{"checked": 2}'), None),
        (({"FunctionError": "Unhandled"}, '{"errorMessage": "not looked after: x"}'), "after: x"),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), "Read timeout"),
    ],
)
def test_a_copy_starts_even_if_a_job_cannot_be_resumed(
    answer: Any, told: str | None, tmp_path: Path
) -> None:
    laptop = LaptopWithWatchdog(tmp_path)
    laptop.outputs = {"WatchJobsFunction": "watch"}
    laptop.answer = answer
    if isinstance(answer, tuple):
        body = answer[1].encode()
        laptop.answer = {**answer[0], "Payload": SimpleNamespace(read=lambda: body)}
    laptop._resume_jobs()
    assert (laptop.resume_error is None) if told is None else (told in str(laptop.resume_error))


def test_an_incomplete_copy_is_created_again(
    tmp_path: Path,
) -> None:
    laptop = Laptop(tmp_path)
    assert not laptop._was_set_up()
    (tmp_path / "engine").mkdir()
    assert not laptop._was_set_up()
    assert not (tmp_path / "engine").exists()
    (tmp_path / "engine").mkdir()
    (tmp_path / "setting-up").unlink()
    assert laptop._was_set_up()


def test_a_port_in_use_is_named_with_the_option_to_change_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        words = ["--state", str(tmp_path), "up", "--port", str(port)]
        result = CliRunner().invoke(main.app, words)
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    assert f"port {port} is in use by another program: stop that program, or choose" in said
    assert "with --port" in said
    assert "Errno" not in said


def test_equal_ports_and_an_unusable_folder_are_explained(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = str(free_port())
    twice = ["--state", str(tmp_path / "copy"), "up", "--port", port, "--engine-port", port]
    nowhere = ["--state", str(tmp_path / "file" / "copy"), "up"]
    said = [
        " ".join(CliRunner().invoke(main.app, words).output.split()) for words in (twice, nowhere)
    ]
    assert f"--port and --engine-port are both {port}: choose two different ports" in said[0]
    assert "cannot be used (Not a directory): name another with --state" in said[1]


def test_facts_have_the_time_of_the_business_in_the_folder_that_haul_up_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def first_sign_in() -> FirstSignIn:
        return FirstSignIn("dispatcher", "secret")

    laptop: Any = SimpleNamespace(first_sign_in=first_sign_in, edge_url="")
    business = BusinessSettings(tenant="main", name="Quick", time_zone="Asia/Tokyo")
    CLOCK.go_by(lambda: pytest.fail("another folder was asked"))
    up._welcome(laptop, tmp_path, None, business)
    fact = {"job_id": "261121-7k3m2q", "recorded_at": "2026-11-21T12:00:00Z", "flow": "haul"}
    detail = fact | {"status": "pending_pickup"}
    up.print_fact(json.dumps({"detail-type": "JobCreated", "detail": detail}))
    assert "Sat 21:00 JST  261121-7k3m2q  booked" in capsys.readouterr().out


def test_haul_env_prints_the_copy_s_own_key_for_a_shell(tmp_path: Path) -> None:
    (tmp_path / "local.json").write_text(json.dumps({"engine_url": "http://127.0.0.1:4566"}))
    result = CliRunner().invoke(main.app, ["--state", str(tmp_path), "env"])
    key = engine_key(tmp_path)
    assert f"export AWS_ACCESS_KEY_ID={key.access_key_id}" in result.output
    assert f"export AWS_SECRET_ACCESS_KEY={key.secret_access_key}" in result.output
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566" in result.output


def test_haul_env_without_a_running_copy_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(main.app, ["--state", str(tmp_path), "env"])
    assert result.exit_code == 5
    assert "haul up" in result.output


def test_haul_up_refuses_a_zone_that_is_none_before_anything_starts(tmp_path: Path) -> None:
    words = ["--state", str(tmp_path / "copy"), "up", "--time-zone", "Mars/Sea"]
    result = CliRunner().invoke(main.app, words)
    assert result.exit_code == 2
    assert not (tmp_path / "copy").exists()
    assert "time_zone: this is no IANA time zone" in " ".join(result.output.split())
