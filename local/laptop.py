"""The whole of Haulway on a laptop: engine, stack, tenant, pages, edge; each step is announced.

The steps are those of a deployment to AWS, from the same template; only the endpoint differs.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from deploy.bundle import bundle
from deploy.run import Deployment, Stopped
from deploy.stack import StackFailed
from deploy.target import Outputs
from deploy.template import build
from functions.aws.roster import DynamoAccounts
from functions.people.accounts import (
    AccountExists,
    Passwords,
    Role,
    new_account,
    suggested_password,
)
from local.aws import LocalSession, session_for
from local.edge import EdgeServer
from local.engine import EDGE_PORT, ENGINE_PORT, REGION, Engine
from local.stages import edge_of, on_laptop
from statemachine.flows import flow_names

FIRST_ROLES: tuple[Role, ...] = ("dispatcher", "ops")
STAGE = "local"

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
        """Written whole or not at all, so that a reader never sees half of it."""
        draft = state / "local.json.new"
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
        draft.replace(state / "local.json")


@dataclass(frozen=True)
class FirstSignIn:
    """The account a new copy begins with; kept in its folder, for its owner alone."""

    account: str
    password: str


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
    outputs: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.engine = Engine(self.engine_port, self.state)

    @property
    def aws(self) -> LocalSession:
        return session_for(self.engine.url)

    def client(self, service: Any) -> Any:
        return self.aws.client(service)

    @property
    def edge_url(self) -> str:
        """By name, not by number: browsers keep secure cookies for `localhost` without TLS."""
        return f"http://localhost:{self.edge_port}"

    def start(self) -> Running:
        """Raises EngineFailed, StackFailed, OSError (port taken); nothing is left running then."""
        known = (self.state / "engine").exists()
        try:
            self.say("engine")
            self.engine.start()
            self._deploy(checkpoint=not known)
            if known:
                self.say("open jobs")
                self._continue()
        except BaseException:
            self.stop()
            raise
        running = self.running()
        running.save(self.state)
        return running

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

    def _deploy(self, checkpoint: bool) -> None:
        """The steps of any deployment. No canary: the first job of the day is soon enough here."""

        @contextmanager
        def edge(outputs: Outputs) -> Iterator[str]:
            if checkpoint:
                self.say("checkpoint")
                self.engine.stop()
                self.engine.start()
            self.say("edge")
            server = edge_of(self.engine.url, outputs, self.edge_port, self.lag_s, self.caches)
            self.edge = server.start()
            yield server.url

        here = {"EdgeUrl": self.edge_url, "ViewTtlSeconds": str(self.view_ttl_s)}
        target = on_laptop(STAGE, self.engine.url, edge, here)
        deployment = Deployment(target, self.say, flows=(), goes_back=False)
        try:
            self.outputs = dict(deployment.deploy(build(bundle(), target.artifacts.bucket)))
        except Stopped:  # nothing to decide here: the next start finishes it
            raise KeyboardInterrupt from None

    def first_sign_in(self) -> FirstSignIn:
        """A dispatcher who may also see the works; made at the first start, the same ever after."""
        path = self.state / "sign-in.json"
        if path.exists():
            return FirstSignIn(**json.loads(path.read_text(encoding="utf-8")))
        made = FirstSignIn("dispatcher", suggested_password())
        accounts = DynamoAccounts(self.client("dynamodb"), self.outputs["CrewRosterTable"])
        now = datetime.now(timezone.utc)
        account = new_account(
            "main", made.account, "Dispatcher", FIRST_ROLES, made.password, now, Passwords()
        )
        try:
            accounts.add(account)
        except AccountExists:  # the note was lost, the account was not
            accounts.set_password("main", made.account, Passwords().hash(made.password), now)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as note:
            json.dump(asdict(made), note)
        return made

    def _continue(self) -> None:
        """No execution outlives the engine; the watchdog gives every open job a successor."""
        answer = self.client("lambda").invoke(
            FunctionName=self.outputs["WatchJobsFunction"],
            Payload=json.dumps({"ask_executions": True}).encode(),
        )
        report = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise StackFailed(f"the watchdog failed: {report.decode()[:500]}")
