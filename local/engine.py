"""The engine: MiniStack as a child process, with its state in a folder.

Only its owner may read the folder, and the engine listens only on this machine. Its temporary files
are in the folder too, and are deleted at every start and stop.
"""

import errno
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from local.engine_key import (
    HEADER,
    REGION,
    EngineAddress,
    EngineKey,
    engine_key,
    private_folder,
)
from local.engine_store import SAVE_PATH

EDGE_PORT, ENGINE_PORT = 8080, 4566
START_S = 30.0
STOP_S = 20.0
PREDECESSOR_S = 10.0
"""How long the engine of a killed `haul up` may take to end."""
NO_OTHER_PORTS = {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "USE_SSL": "0"}
"""Otherwise MiniStack opens a port for MQTT on all addresses."""
IDLE_S = "60"
"""After a burst each function keeps one worker; the others end. A new one is a fork."""
UNLIMITED = "0"
"""The template limits each function. With a limit for all of them, batches from queues would be
refused, and the engine then hides them for their whole visibility timeout."""


class EngineFailed(Exception):
    """The engine did not start; the text has the path of its log."""


@dataclass
class Engine:
    """One running MiniStack. Use it as a context manager, or `start` and `stop` it."""

    port: int
    state: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _lock: int | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def key(self) -> EngineKey:
        return engine_key(self.state)

    @property
    def address(self) -> EngineAddress:
        return EngineAddress(self.url, self.key)

    @property
    def temporary(self) -> Path:
        return self.state / "engine-tmp"

    @property
    def log(self) -> Path:
        return self.state / "engine.log"

    def start(self) -> "Engine":
        """Raises EngineFailed if it does not answer in time, or the port is in use."""
        private_folder(self.state)
        self._lock = _locked(self.state)
        check_port(self.port, "--engine-port")
        self._delete_temporary()
        private_folder(self.temporary)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.engine_process"],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                pass_fds=(self._lock,),
            )
        self.log.chmod(0o600)
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise EngineFailed(f"the engine did not start; see its log {self.log}")
            time.sleep(0.05)
        return self

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Request one of the engine's own paths, such as `/_ministack/sns/sms-messages`."""
        headers = {HEADER: self.key.secret_access_key}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=60, **options)

    def save(self) -> None:
        """Make it write all of its state now. Raises EngineFailed."""
        if not self.ask("POST", SAVE_PATH).is_success:
            raise EngineFailed(f"the engine could not store its state; see its log {self.log}")

    def stop(self) -> None:
        """Stop the engine. It writes its state before it ends."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self._delete_temporary()
        self.process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _delete_temporary(self) -> None:
        shutil.rmtree(self.temporary, ignore_errors=True)

    def __enter__(self) -> "Engine":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_ministack/health", timeout=1).is_success
        except httpx.HTTPError:
            return False

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        tools = Path(sys.executable).parent
        return {
            **inherited,
            **NO_OTHER_PORTS,
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_access_key,
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "LAMBDA_ACCOUNT_CONCURRENCY": UNLIMITED,
            "LAMBDA_WARM_TTL_SECONDS": IDLE_S,
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(self.temporary.absolute()),
            "PERSIST_STATE": "1",
            "STATE_DIR": str((self.state / "engine").absolute()),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str((self.state / "s3").absolute()),
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        }


def check_port(port: int, option: str) -> None:
    """Raises EngineFailed if the port of this machine cannot be used."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            raise EngineFailed(f"{option} {port}: ports go from 1 to 65535") from None
        except OSError as error:
            other = f"choose another with {option}, as {option} {_other(port)}"
            if error.errno == errno.EADDRINUSE:
                problem = f"port {port} is in use by another program: stop that program, or {other}"
                raise EngineFailed(problem) from error
            raise EngineFailed(f"port {port} cannot be used ({error.strerror}): {other}") from error


def _other(port: int) -> int:
    return port + 10 if 1024 <= port < 65_000 else 8090


def _locked(state: Path) -> int:
    """A lock on the folder. The engine's process inherits it and holds it as long as it lives."""
    lock = os.open(state / "engine.lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + PREDECESSOR_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise EngineFailed(
                    f"another `haul up` is running in {state}: stop it with Ctrl-C, or keep this "
                    "copy in its own folder with --state"
                ) from None
            time.sleep(0.1)
        else:
            return lock
