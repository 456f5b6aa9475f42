"""Runs a whole copy of Haulway on a laptop: engine, stack, business, pages, edge.

The steps are those of a deployment to AWS, with the same template and another endpoint.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from deploy.bundle import bundle
from deploy.deployment import Deployment
from deploy.deployment_errors import Stopped
from deploy.target import Outputs
from deploy.template import build
from functions.aws.roster import DynamoAccounts
from functions.people.accounts import suggested_password
from local.aws import LocalSession, session_for
from local.edge import EdgeServer
from local.engine import EDGE_PORT, ENGINE_PORT, Engine, EngineFailed, check_port
from local.engine_key import REGION, private_folder, write_private
from local.first_sign_in import TENANT, FirstSignIn, usable, what_failed
from local.stages import edge_server, on_laptop
from statemachine.flows import flow_names

STAGE = "local"
SETUP_MARKER = "setting-up"
"""A file that exists from the first start until the whole stack is stored."""
FORMAT = "2"
"""Of the stored data: raised when a version can no longer read what the one before has written."""
SIGN_IN_S = 20.0

Report = Callable[[str], None]


@dataclass(frozen=True)
class Running:
    """`local.json`: how other programs find a running copy."""

    edge_url: str
    engine_url: str
    region: str
    stage: str
    bus_name: str
    jobs_bucket: str
    site_bucket: str
    distribution_id: str
    distribution_domain: str
    queue_urls: dict[str, str]
    state_machine_arns: dict[str, str]
    outputs: dict[str, str]
    pid: int

    def save(self, state: Path) -> None:
        write_private(state / "local.json", json.dumps(asdict(self), indent=2) + "\n")


@dataclass
class Laptop:
    """One copy of Haulway. `start` it, use it, `stop` it; `state` is the folder of its data."""

    state: Path
    edge_port: int = EDGE_PORT
    engine_port: int = ENGINE_PORT
    lag_s: float = 2.0
    report: Report = print
    caches: int = 1
    view_ttl_s: int = 60
    """How long the edge may cache a view without an invalidation."""
    engine: Engine = field(init=False)
    edge: EdgeServer | None = field(default=None, init=False)
    resume_error: str | None = field(default=None, init=False)
    """Why some jobs could not be resumed at the start; None if all were."""
    outputs: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.engine_port, self.state)

    @property
    def aws(self) -> LocalSession:
        return session_for(self.engine.address)

    def client(self, service: Any) -> Any:
        return self.aws.client(service)

    @property
    def edge_url(self) -> str:
        """With `localhost`, not 127.0.0.1: for it browsers store secure cookies without TLS."""
        return f"http://localhost:{self.edge_port}"

    def start(self) -> Running:
        """Raises EngineFailed, StackFailed, OSError; then nothing is left running."""
        private_folder(self.state)
        if self.edge_port == self.engine_port:
            both = f"--port and --engine-port are both {self.edge_port}"
            raise EngineFailed(f"{both}: choose two different ports")
        check_port(self.edge_port, "--port")
        existed = self._was_set_up()
        try:
            self.report("engine")
            self.engine.start()
            self._deploy()
            if existed:
                self.report("open jobs")
                self._resume_jobs()
        except BaseException:
            self.stop()
            raise
        running = self.running()
        running.save(self.state)
        return running

    def _was_set_up(self) -> bool:
        """Whether the folder has a complete copy. An incomplete one, whose first start was killed
        before it had any data, is deleted."""
        marker = self.state / SETUP_MARKER
        existed = (self.state / "engine").exists()
        if existed and marker.exists():
            for folder in ("engine", "s3"):
                shutil.rmtree(self.state / folder, ignore_errors=True)
            existed = False
        form = self.state / "format"
        if existed and not (form.exists() and form.read_text(encoding="utf-8") == FORMAT):
            raise EngineFailed(
                f"the copy in {self.state} was made by an earlier version of Haulway, and its data "
                "cannot be read any more: move the folder away and start again, or name another "
                "folder with `haul --state`"
            )
        if not existed:
            write_private(form, FORMAT)
            marker.touch()
        return existed

    def stop(self) -> None:
        if self.edge:
            self.edge.stop()
        self.engine.stop()
        (self.state / "local.json").unlink(missing_ok=True)

    def __enter__(self) -> "Laptop":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def running(self) -> Running:
        prefix, out = self.outputs["MachinePrefix"], self.outputs
        urls = {name.removesuffix("Url"): url for name, url in out.items() if name.endswith("Url")}
        return Running(
            edge_url=self.edge_url,
            engine_url=self.engine.url,
            region=REGION,
            stage=STAGE,
            bus_name=out["BusName"],
            jobs_bucket=out["JobsBucket"],
            site_bucket=out["SiteBucket"],
            distribution_id=out["DistributionId"],
            distribution_domain=out["DistributionDomain"],
            queue_urls=urls,
            state_machine_arns={name: f"{prefix}{name}" for name in flow_names()},
            outputs=out,
            pid=os.getpid(),
        )

    def _deploy(self) -> None:
        """The steps of any deployment, without verification jobs, to start faster."""

        @contextmanager
        def edge(outputs: Outputs) -> Iterator[str]:
            self.report("checkpoint")
            self.engine.save()
            (self.state / SETUP_MARKER).unlink(missing_ok=True)
            self.report("edge")
            address = self.engine.address
            server = edge_server(address, outputs, self.edge_port, self.lag_s, self.caches)
            self.edge = server.start()
            yield server.url

        here = {"EdgeUrl": self.edge_url, "ViewTtlSeconds": str(self.view_ttl_s)}
        target = on_laptop(STAGE, self.engine.address, edge, here)
        deployment = Deployment(target, self.report, flows=(), goes_back=False)
        try:
            self.outputs = dict(deployment.deploy(build(bundle(), target.artifacts.bucket)))
        except Stopped:  # the next start finishes the deployment
            raise KeyboardInterrupt from None

    def first_sign_in(self) -> FirstSignIn:
        """The account with the roles dispatcher and ops that the first start creates. Checks that
        its password works."""
        path = self.state / "sign-in.json"
        if path.exists():
            stored = FirstSignIn(**json.loads(path.read_text(encoding="utf-8")))
        else:
            stored = FirstSignIn("dispatcher", suggested_password())
            document = {"account": stored.account, "password": stored.password}
            write_private(path, json.dumps(document))
        written = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        accounts = DynamoAccounts(self.client("dynamodb"), self.outputs["CrewRosterTable"])
        return usable(stored, written, accounts, self._signs_in)

    def _signs_in(self, first: FirstSignIn) -> bool | None:
        """None if the answer is neither yes nor no: too slow, or too many attempts."""
        request_body = {"account": first.account, "password": first.password, "tenant": TENANT}
        site = f"http://127.0.0.1:{self.edge_port}"
        try:
            answer = httpx.post(
                f"{site}/api/session",
                json=request_body,
                timeout=SIGN_IN_S,
            )
        except httpx.HTTPError:
            return None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return False
        return True if answer.is_success else None

    def _resume_jobs(self) -> None:
        """Let the watchdog start a new execution for every open job: none survives the engine.

        An error does not stop the copy: the watchdog runs again every minute, and
        `self.resume_error` has the reason.
        """
        try:
            answer = self.client("lambda").invoke(
                FunctionName=self.outputs["WatchJobsFunction"],
                Payload=json.dumps({"ask_executions": True}).encode(),
            )
            report = answer["Payload"].read().decode()
        except (BotoCoreError, ClientError) as error:
            self.resume_error = f"{error}"
            return
        self.resume_error = what_failed(report, bool(answer.get("FunctionError")))
