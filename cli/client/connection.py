"""Connects to a deployment: the copy on this laptop, or a stage on AWS."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.output.output import NotRunning
from deploy.stack import outputs
from local.aws import LocalSession
from local.engine_key import EngineAddress, running_engine


@dataclass(frozen=True)
class Connection:
    """A running deployment: the outputs of its stack, and clients for its services."""

    outputs: dict[str, str]
    edge_url: str
    session: Any

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def one_attempt(self, service: str, patience_s: float = 60) -> Any:
        """A client that does not retry: conditional writes must not be sent twice."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=patience_s)
        return self.session.client(service, config=config)


def connect(state: Path, stage: str | None) -> Connection:
    """The stage on AWS if one is named, else the copy on this laptop. Raises NotRunning."""
    return on_aws(stage) if stage else on_laptop(state)


def engine_on_laptop(state: Path) -> EngineAddress:
    """The engine of the copy that runs in that folder. Raises NotRunning."""
    try:
        return running_engine(state)
    except FileNotFoundError:
        raise NotRunning(
            f"no copy is running in {state}: start one with `haul up`, name another "
            "folder with --state or HAUL_STATE, or name a stage on AWS with --stage"
        ) from None


def on_laptop(state: Path) -> Connection:
    session = LocalSession(engine_on_laptop(state))
    running = json.loads((state / "local.json").read_text(encoding="utf-8"))
    return Connection(running["outputs"], running["edge_url"], session)


def on_aws(stage: str) -> Connection:
    import boto3  # only stages on AWS need the user's own configuration

    try:
        session = boto3.Session()
        found = outputs(session.client("cloudformation"), stage)
    except (BotoCoreError, ClientError) as error:
        raise NotRunning(f"stage {stage!r} on AWS cannot be read: {error}") from error
    return Connection(found, f"https://{found['DistributionDomain']}", session)
