"""MiniStack as a child process: started, waited for, stopped; its state kept in a folder."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

REGION = "us-east-1"
EDGE_PORT, ENGINE_PORT = 8080, 4566
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_S = 30.0
STOP_S = 20.0
UNBOUNDED = "0"
"""The template bounds each function by itself. A bound over all of them would refuse batches of the
queues, which the engine then hides for their whole visibility timeout."""


class EngineFailed(Exception):
    """The engine did not start; the text says where its log is."""


@dataclass
class Engine:
    """One running MiniStack. Use it as a context manager, or `start` and `stop` it."""

    port: int
    state: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.state / "engine.log"

    def start(self) -> "Engine":
        """Raises EngineFailed where it does not answer in time, or the port is taken."""
        if self._answers():
            raise EngineFailed(
                f"port {self.port} is in use; stop what runs there or choose --engine-port"
            )
        self.state.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise EngineFailed(f"the engine did not start; its log is {self.log}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End the engine; it writes its state on the way out."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

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
            **CREDENTIALS,
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "LAMBDA_ACCOUNT_CONCURRENCY": UNBOUNDED,
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "STATE_DIR": str((self.state / "engine").absolute()),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str((self.state / "s3").absolute()),
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
        }
