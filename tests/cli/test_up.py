"""`haul up`, its demo and `haul env`: what they leave alone, and what they survive."""

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

from cli import main
from cli.commands import demo, up
from cli.commands.demo import BOARD_WANTED, Demo
from local.engine_key import engine_key
from local.laptop import Laptop
from statemachine.flows import load_flow
from statemachine.views import Board, card_of
from tests.conftest import free_port
from tests.support.builders import NOON, a_job

HAUL = load_flow("haul")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """`haul up` is a whole process: it sets signals, the mask for new files, and its log."""
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


class Day(Demo):
    """A demo whose board is in memory; `moved` are the jobs it asked to move."""

    board: Board = Board()

    def _board(self) -> Board:
        return self.board


@pytest.fixture
def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    laptop: Any = SimpleNamespace(state=tmp_path, outputs={}, edge_url="", aws=None)
    made = Day(laptop, random.Random(1))
    moved: list[str] = []

    def book(place: object, request: object) -> dict[str, str]:
        job = a_job().with_(job_id=f"261121-{made.booked:06}")
        made.board = made.board.merged([card_of(job, HAUL)])
        return {"job_id": job.job_id}

    monkeypatch.setattr(demo, "book", book)
    monkeypatch.setattr(demo, "send", lambda place, request: moved.append(request.job_id))
    return SimpleNamespace(demo=made, moved=moved, laptop=laptop)


def a_visitors_job() -> Board:
    return Board().merged([card_of(a_job().with_(job_id="261121-vvvvvv"), HAUL)])


def test_the_demo_moves_its_own_jobs_and_no_visitor_s(day: Any) -> None:
    day.demo.board = a_visitors_job()
    for minute in range(60):
        day.demo.go_on(NOON + timedelta(minutes=minute))
    assert len(day.moved) > 40
    assert "261121-vvvvvv" not in day.moved


def test_the_demo_started_again_knows_which_jobs_are_its_own(day: Any) -> None:
    for minute in range(BOARD_WANTED + 1):
        day.demo.go_on(NOON + timedelta(minutes=minute))
    again = Day(day.laptop)
    own = {
        card.job_id for card in again._own(day.demo.board.merged(a_visitors_job().jobs.values()))
    }
    assert own == set(day.demo.board.jobs)


def test_a_step_of_the_demo_that_fails_does_not_end_haul_up() -> None:
    failing: Any = SimpleNamespace(go_on=lambda now: 1 / 0)
    up._go_on(failing)


class Started(Laptop):
    """A copy whose watchdog answers what a test says."""

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
        (({}, '{"looked_at": 2}'), None),
        (({"FunctionError": "Unhandled"}, '{"errorMessage": "not looked after: x"}'), "after: x"),
        (ReadTimeoutError(endpoint_url="http://127.0.0.1"), "Read timeout"),
    ],
)
def test_a_copy_starts_whatever_is_stored_in_one_job(
    answer: Any, told: str | None, tmp_path: Path
) -> None:
    laptop = Started(tmp_path)
    laptop.outputs = {"WatchJobsFunction": "watch"}
    laptop.answer = answer
    if isinstance(answer, tuple):
        body = answer[1].encode()
        laptop.answer = {**answer[0], "Payload": SimpleNamespace(read=lambda: body)}
    laptop._continue()
    assert (laptop.unwell is None) if told is None else (told in str(laptop.unwell))


def test_half_a_copy_that_was_killed_on_its_first_day_is_made_from_the_beginning(
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


def test_haul_up_names_the_port_that_is_taken_and_the_option_for_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        words = ["--state", str(tmp_path), "up", "--port", str(port)]
        result = CliRunner().invoke(main.app, words)
    said = " ".join(result.output.split())
    assert result.exit_code == 1
    assert f"port {port} is in use by another program: stop that program, or choose" in said
    assert "with --port" in said
    assert "Errno" not in said


def test_two_doors_at_one_port_and_a_folder_that_is_none_are_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = str(free_port())
    twice = ["--state", str(tmp_path / "copy"), "up", "--port", port, "--engine-port", port]
    nowhere = ["--state", str(tmp_path / "file" / "copy"), "up"]
    said = [
        " ".join(CliRunner().invoke(main.app, words).output.split()) for words in (twice, nowhere)
    ]
    assert f"--port and --engine-port are both {port}: choose two different ports" in said[0]
    assert "cannot be used (Not a directory): name another with --state" in said[1]


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
    assert (result.exit_code, (tmp_path / "copy").exists()) == (2, False)
    assert "time_zone: this is no IANA time zone" in " ".join(result.output.split())
