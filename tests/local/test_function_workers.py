"""Workers forked from a snapshot: each like one that was started by itself."""

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local import function_workers
from local.function_workers import CAN_FORK, ForkedWorker, WorkerStarter

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="workers are forked on Linux")

ROOM = """
import logging, os, sys
events = []
handler = logging.StreamHandler(sys.stdout)
stage = os.environ.get("POWERTOOLS_STAGE")
"""
LAMBDA = "from functions.rooms import room\nimport functions.rooms.room\n"
WARM_UP = """
from functions.rooms import room
def warm_up(): room.warm = True
"""
SCRIPT = """
import importlib, json, os, sys
answers, sys.stdout = sys.stdout, sys.stderr
room = sys.modules.get("functions.rooms.room")
for line in sys.stdin:
    print(json.dumps(eval(line)), file=answers, flush=True)
"""
"""Like MiniStack's: answers on standard output, everything else on standard error."""


class World:
    """A folder for workers, and what starts them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.starter, self.started = folder, WorkerStarter(), list[Any]()
        self._numbers = itertools.count()

    def worker(self, room: str = ROOM, *, environment: dict[str, str] | None = None) -> Any:
        own = self.folder / f"worker-{next(self._numbers)}"
        (own / "code").mkdir(parents=True)
        files = {
            "functions/__init__.py": "",
            "functions/rooms/__init__.py": "",
            "functions/rooms/room.py": room,
            "functions/hello.py": LAMBDA,
            "functions/aws/__init__.py": "",
            "functions/aws/warm_up.py": WARM_UP,
        }
        with zipfile.ZipFile(own / "code.zip", "w") as archive:
            for name, text in files.items():
                archive.writestr(zipfile.ZipInfo(name), text)
        (own / "_worker.py").write_text(SCRIPT)
        worker = self.starter.start(
            [sys.executable, str(own / "_worker.py")],
            cwd=str(own / "code"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={"PATH": os.environ["PATH"], **(environment or {})},
        )
        self.started.append(worker)
        return worker


def asked(worker: Any, expression: str) -> Any:
    worker.stdin.write(f"{expression}\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the root user")
    world = World(tmp_path)
    yield world
    world.starter.close()
    for worker in world.started:
        worker.kill()
        worker.wait(10)
        for pipe in (worker.stdin, worker.stdout, worker.stderr):
            pipe.close()


def test_the_code_is_imported_but_for_the_lambda_file(world: World) -> None:
    imported = asked(world.worker(), "sorted(n for n in sys.modules if n.startswith('functions'))")
    assert "functions.rooms.room" in imported
    assert "functions.hello" not in imported


def test_what_each_worker_would_do_first_is_done_before_the_fork(world: World) -> None:
    assert asked(world.worker(), "room.warm") is True


def test_a_worker_starts_cold_if_that_fails(world: World) -> None:
    frozen = "class Room: __slots__ = ()\nimport sys; sys.modules[__name__] = Room()\n"
    assert asked(world.worker(frozen), "room is None") is False


def test_a_worker_has_its_own_environment_folder_and_script(world: World) -> None:
    first = world.worker(environment={"TABLE": "one", "ONLY": "first"})
    second = world.worker(environment={"TABLE": "two"})
    about = "[os.environ.get('TABLE'), os.environ.get('ONLY'), os.getcwd(), sys.argv]"
    folders = [str(world.folder / name) for name in ("worker-0", "worker-1")]
    assert asked(first, about) == [
        "one",
        "first",
        f"{folders[0]}/code",
        [f"{folders[0]}/_worker.py"],
    ]
    assert asked(second, about) == ["two", None, f"{folders[1]}/code", [f"{folders[1]}/_worker.py"]]


def test_what_one_worker_did_is_unknown_to_the_next(world: World) -> None:
    first = world.worker()
    assert asked(first, "room.events.append('seen') or room.events") == ["seen"]
    assert asked(world.worker(), "room.events") == []
    assert asked(first, "room.events") == ["seen"]


def test_random_numbers_differ_between_workers(world: World) -> None:
    numbers = [asked(world.worker(), "__import__('random').random()") for _ in range(3)]
    assert len(set(numbers)) == 3


def test_a_logger_made_at_import_writes_to_the_worker_s_log(world: World) -> None:
    workers = [world.worker(), world.worker()]
    for number, worker in enumerate(workers):
        asked(worker, f"room.handler.stream.write('from {number}\\n') and print('printed')")
    lines = [[worker.stderr.readline().strip() for _ in range(2)] for worker in workers]
    assert lines == [["from 0", "printed"], ["from 1", "printed"]]


def test_variables_that_libraries_read_at_import_have_their_own_snapshot(world: World) -> None:
    stages = ("one", "two", "one")
    workers = [world.worker(environment={"POWERTOOLS_STAGE": stage}) for stage in stages]
    assert [asked(worker, "room.stage") for worker in workers] == list(stages)


def test_code_that_cannot_be_imported_is_for_the_worker_to_report(world: World) -> None:
    assert asked(world.worker("raise SystemError"), "room is None") is True


def test_the_root_key_is_not_in_a_worker_s_memory_of_its_start(world: World) -> None:
    started = asked(world.worker(), "open('/proc/self/environ').read()")
    assert "PATH" in started
    assert "root user" not in started


def test_a_worker_ends_when_it_is_stopped_or_its_input_ends(world: World) -> None:
    stopped, ended, running = (world.worker() for _ in range(3))
    stopped.terminate()
    ended.stdin.close()
    assert stopped.wait(10) == 0
    assert ended.wait(10) == 0
    assert stopped.poll() == 0
    assert ended.poll() == 0
    assert running.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(0.01)
    stopped.terminate()  # and nothing happens to a process that may have its number now


def test_only_the_bundles_used_last_have_a_snapshot(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function_workers, "KEPT_SNAPSHOTS", 1)
    former = world.worker("events = ['former']")
    assert asked(world.worker("events = ['new']"), "room.events") == ["new"]
    assert asked(world.worker("events = ['former']"), "room.events") == ["former"]
    assert asked(former, "room.events") == ["former"]
    assert len(world.starter.snapshots) == 1


def test_a_worker_whose_snapshot_has_died_is_started_by_itself(world: World) -> None:
    """MiniStack would answer an error with the end of all of the function's workers, whose messages
    are then hidden for minutes."""
    world.worker()
    (snapshot,) = world.starter.snapshots.values()
    os.kill(snapshot.process.pid, signal.SIGKILL)
    snapshot.process.wait()
    alone = world.worker()
    assert isinstance(alone, subprocess.Popen)
    assert asked(alone, "room is None") is True
    assert isinstance(world.worker(), ForkedWorker)


def test_a_snapshot_that_hangs_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_workers, "ANSWERS_IN_S", 0.2)
    hangs = "import signal; signal.pause()\n"
    assert isinstance(world.worker(hangs), subprocess.Popen)
    assert not world.starter.snapshots


def test_nothing_is_forked_from_a_process_with_threads(world: World) -> None:
    """What another thread had locked would stay locked in the fork."""
    starts_one = "import threading; threading.Thread(target=input, daemon=True).start()\n"
    waits = starts_one.replace("input", "threading.Event().wait")
    assert isinstance(world.worker(waits), subprocess.Popen)


def test_threads_may_ask_at_the_same_time_whether_a_worker_has_ended(world: World) -> None:
    worker = world.worker()

    def waits() -> int:
        return int(worker.wait(10))

    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(waits) for _ in range(4)]
        asked_meanwhile = {worker.poll() for _ in range(100)}
        worker.terminate()
        assert [each.result() for each in waiting] == [0] * 4
    assert asked_meanwhile == {None}


def test_other_programs_are_started_as_ever(world: World) -> None:
    with world.starter.start([sys.executable, "-c", "pass"]) as process:
        assert isinstance(process, subprocess.Popen)


MINISTACK = """
import io, zipfile
from local.function_workers import ForkedWorker, fork_workers
from ministack.core import lambda_runtime

fork_workers(lambda_runtime)
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("hello.py", "def handler(event, context): return event + 1")
arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
config = {"FunctionName": "hello", "FunctionArn": arn, "Handler": "hello.handler"}
worker = lambda_runtime.Worker("hello", config, code.getvalue())
print(worker.invoke(1, "a request")["result"], type(worker._proc).__name__)
worker.kill()
"""


def test_ministack_starts_its_workers_in_this_way(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", MINISTACK],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert answer.stdout.split() == ["2", "ForkedWorker"]
