"""Starts the engine's Python workers as forks of a snapshot (`local/function_snapshot.py`).

A worker started by itself takes most of a second of CPU time and 60 MB, nearly all of it for
imports; a fork shares them. On macOS workers are started by themselves, because its system
libraries do not survive a fork (https://github.com/python/cpython/issues/77906, read 2026-11-28).
"""

import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

KEPT_SNAPSHOTS = 4
"""Of the bundles used last. A deployment uses two, the new and the former one."""
READ_AT_IMPORT = "POWERTOOLS_"
"""What a library reads when it is imported; our own modules read nothing then."""
WORKER_SCRIPT = "_worker.py"
CAN_FORK = sys.platform != "darwin"
ANSWERS_IN_S = 60.0
"""How long a snapshot may take for a fork; the first one waits for all imports."""


def fork_workers(lambda_runtime: Any) -> None:
    """Let MiniStack start its Python workers as forks, where that is possible."""
    if CAN_FORK:
        workers = WorkerStarter()
        lambda_runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": workers.start})


class SnapshotFailed(Exception):
    """The snapshot ended or does not answer; the engine's log says why."""


class ForkedWorker:
    """What MiniStack uses of `subprocess.Popen`, for a process that is not this one's child."""

    returncode = 0  # unknown; MiniStack asks only whether there is one

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "w", buffering=1)
        self.stdout, self.stderr = os.fdopen(stdout), os.fdopen(stderr)

    def poll(self) -> int | None:
        return self.returncode if self._has_ended(within_s=0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout or 0)
        return self.returncode

    def _has_ended(self, within_s: float | None) -> bool:
        """An object of its own for each call: two threads may not use one at the same time."""
        ended = select.poll()
        ended.register(self.stdout, 0)  # tells only that no process has the other end any more
        return bool(ended.poll(None if within_s is None else within_s * 1000))

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class Snapshot:
    """The process of one bundle, and the socket that it listens to."""

    def __init__(self, archive: Path, variables: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWERS_IN_S)
        folder = tempfile.mkdtemp(prefix="haulway-snapshot-")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", __package__ + ".function_snapshot",
                 str(theirs.fileno()), str(archive), folder],
                env={**inherited, **variables},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )  # fmt: skip

    def fork(self, script: str, cwd: str, environment: Mapping[str, str]) -> ForkedWorker:
        """Raises SnapshotFailed."""
        request = {"script": script, "cwd": cwd, "environment": dict(environment)}
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (
            os.pipe() for _ in range(3)
        )
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [stdin, stdout, stderr])
            pid = self._socket.recv(16)
        except OSError:
            pid = b""
        for theirs in (stdin, stdout, stderr):
            os.close(theirs)
        if not pid:
            for ours in (to_stdin, from_stdout, from_stderr):
                os.close(ours)
            raise SnapshotFailed(str(SnapshotFailed.__doc__))
        return ForkedWorker(int(pid), to_stdin, from_stdout, from_stderr)

    def close(self) -> None:
        """Its workers continue."""
        self._socket.close()
        self.process.kill()  # it may hang
        self.process.wait()


class WorkerStarter:
    """In place of `subprocess.Popen`. Keeps a snapshot of each bundle that was used lately."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.snapshots: OrderedDict[str, Snapshot] = OrderedDict()

    def start(self, words: list[str], **options: Any) -> Any:
        if not (words[0] == sys.executable and words[-1].endswith(WORKER_SCRIPT)):
            return subprocess.Popen(words, **options)
        archive, environment = Path(words[-1]).with_name("code.zip"), options["env"]
        variables = {k: v for k, v in environment.items() if k.startswith(READ_AT_IMPORT)}
        key = hashlib.sha256(archive.read_bytes() + json.dumps(variables).encode()).hexdigest()
        with self._lock:
            snapshot = self.snapshots.pop(key, None) or Snapshot(archive, variables)
            try:
                worker = snapshot.fork(words[-1], options["cwd"], environment)
            except SnapshotFailed:
                snapshot.close()
            else:
                self._keep(key, snapshot)
                return worker
        # Not for the function's caller to notice: a call that fails costs its message minutes.
        return subprocess.Popen(words, **options)

    def _keep(self, key: str, snapshot: Snapshot) -> None:
        self.snapshots[key] = snapshot
        if len(self.snapshots) > KEPT_SNAPSHOTS:
            self.snapshots.popitem(last=False)[1].close()

    def close(self) -> None:
        """The workers continue."""
        while self.snapshots:
            self.snapshots.popitem()[1].close()
