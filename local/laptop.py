"""The whole of Haulway on a laptop: engine, stack, tenant, pages, edge; each step is announced.

The steps are those of a deployment to AWS, from the same template; only the endpoint differs.
"""

import hashlib
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
from deploy.deployment import Deployment, Stopped
from deploy.target import Outputs
from deploy.template import build
from functions.aws.roster import DynamoAccounts
from functions.people.accounts import suggested_password
from local.aws import LocalSession, session_for
from local.edge import EdgeServer
from local.engine import EDGE_PORT, ENGINE_PORT, REGION, Engine, EngineFailed, check_port
from local.engine_key import private_folder, write_private
from local.first_sign_in import TENANT, FirstSignIn, usable, what_failed
from local.stages import edge_of, on_laptop
from statemachine.flows import flow_names

STAGE = "local"
SETTING_UP = "setting-up"
"""A file that is there from the first start until all of the stack is stored."""
SIGN_IN_S = 20.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Running:
    """`local.json`: where a running copy is found by other programs."""

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
    """One copy of Haulway. `start` it, use it, `stop` it; its state stays in `state`."""

    state: Path
    edge_port: int = EDGE_PORT
    engine_port: int = ENGINE_PORT
    lag_s: float = 2.0
    say: Say = print
    caches: int = 1
    view_ttl_s: int = 60
    """How long the edge may keep a view that no invalidation reaches."""
    engine: Engine = field(init=False)
    edge: EdgeServer | None = field(default=None, init=False)
    unwell: str | None = field(default=None, init=False)
    """What could not be brought back at the start; None where everything was."""
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
        """By name, not by number: browsers keep secure cookies for `localhost` without TLS."""
        return f"http://localhost:{self.edge_port}"

    def start(self) -> Running:
        """Raises EngineFailed, StackFailed, OSError; nothing is left running then."""
        private_folder(self.state)
        if self.edge_port == self.engine_port:
            both = f"--port and --engine-port are both {self.edge_port}"
            raise EngineFailed(f"{both}: choose two different ports")
        check_port(self.edge_port, "--port")
        known = self._was_set_up()
        try:
            self.say("engine")
            self.engine.start()
            self._deploy()
            if known:
                self.say("open jobs")
                self._continue()
        except BaseException:
            self.stop()
            raise
        running = self.running()
        running.save(self.state)
        return running

    def _was_set_up(self) -> bool:
        """Whether this folder holds a whole copy; half of one, killed on its first day before
        anything could be told to it, is deleted and made from the beginning."""
        setting_up = self.state / SETTING_UP
        known = (self.state / "engine").exists()
        if known and setting_up.exists():
            for half in ("engine", "s3"):
                shutil.rmtree(self.state / half, ignore_errors=True)
            known = False
        if not known:
            setting_up.touch()
        return known

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
        """The steps of any deployment. No canary: the first job of the day is soon enough here."""

        @contextmanager
        def edge(outputs: Outputs) -> Iterator[str]:
            self.say("checkpoint")
            self.engine.save()
            (self.state / SETTING_UP).unlink(missing_ok=True)
            self.say("edge")
            address = self.engine.address
            server = edge_of(address, outputs, self.edge_port, self.lag_s, self.caches)
            self.edge = server.start()
            yield server.url

        here = {"EdgeUrl": self.edge_url, "ViewTtlSeconds": str(self.view_ttl_s)}
        target = on_laptop(STAGE, self.engine.address, edge, here)
        deployment = Deployment(target, self.say, flows=(), goes_back=False)
        try:
            self.outputs = dict(deployment.deploy(build(bundle(), target.artifacts.bucket)))
        except Stopped:  # nothing to decide here: the next start finishes it
            raise KeyboardInterrupt from None

    def first_sign_in(self) -> FirstSignIn:
        """A dispatcher who may also see the works, made at the first start. Its password is tried
        before it is told."""
        path = self.state / "sign-in.json"
        if path.exists():
            noted = FirstSignIn(**json.loads(path.read_text(encoding="utf-8")))
        else:
            noted = FirstSignIn("dispatcher", suggested_password())
            write_private(path, json.dumps({"account": noted.account, "password": noted.password}))
        written = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        accounts = DynamoAccounts(self.client("dynamodb"), self.outputs["CrewRosterTable"])
        return usable(noted, written, accounts, self._signs_in)

    def _signs_in(self, told: FirstSignIn) -> bool | None:
        """None where the answer is neither yes nor no: too slow, or too many tries."""
        request_body = {"account": told.account, "password": told.password, "tenant": TENANT}
        site = f"http://127.0.0.1:{self.edge_port}"
        try:
            answer = httpx.post(
                f"{site}/api/session",
                content=(body := json.dumps(request_body).encode()),
                headers={
                    "content-type": "application/json",
                    "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
                },
                timeout=SIGN_IN_S,
            )
        except httpx.HTTPError:
            return None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return False
        return True if answer.is_success else None

    def _continue(self) -> None:
        """No execution outlives the engine; the watchdog gives every open job a successor.

        Whatever is the matter with one job, or with the round itself, the copy starts: the
        watchdog comes again, and `self.unwell` says what it could not do.
        """
        try:
            answer = self.client("lambda").invoke(
                FunctionName=self.outputs["WatchJobsFunction"],
                Payload=json.dumps({"ask_executions": True}).encode(),
            )
            report = answer["Payload"].read().decode()
        except (BotoCoreError, ClientError) as error:
            self.unwell = f"{error}"
            return
        self.unwell = what_failed(report, bool(answer.get("FunctionError")))
