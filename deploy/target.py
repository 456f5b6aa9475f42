"""A stage somewhere: AWS, or the laptop engine. The steps of a deployment ask nothing else."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from deploy.artifacts import Artifacts, bucket_name
from deploy.leases import ONCE, S3Leases
from deploy.lock import Leases
from deploy.stack import DeployFailed, Stack

Outputs = Mapping[str, str]


STAGE_NAME = re.compile(r"[a-z][a-z0-9]{0,20}")
"""As the template has it. Whatever permits by name ends with a hyphen and a star, as
`haulway-production-*`: a stage `production-eu` beside it would be permitted too."""


class BadStageName(DeployFailed):
    """No stage can have that name; the text says which it could have."""


def stage_prefix(outputs: Outputs) -> str:
    """What the names of everything in the stage begin with, as `haulway-production-`."""
    return outputs["MachinePrefix"].rpartition(":")[2]


@dataclass(frozen=True)
class Target:
    """`edge` opens the way through which customers reach a stack with these outputs."""

    stage: str
    session: Any
    account: str
    region: str
    edge: Callable[[Outputs], AbstractContextManager[str]]
    where: str = "aws"
    poll_s: float = 5.0
    patience_s: float = 300.0
    """How long pages may take to arrive at the edge, and a canary to come to its end."""
    parameters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises BadStageName."""
        if not STAGE_NAME.fullmatch(self.stage):
            raise BadStageName(
                f"a stage cannot be named {self.stage!r}: write a letter, then up to 20 letters or "
                "digits, all small and without hyphens, as productioneu for production-eu; with a "
                "hyphen, production could reach into it"
            )

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @property
    def artifacts(self) -> Artifacts:
        return Artifacts(self.client("s3"), bucket_name(self.account))

    @property
    def leases(self) -> Leases:
        return S3Leases(self.session.client("s3", config=ONCE), bucket_name(self.account))

    @property
    def stack(self) -> Stack:
        return Stack(self.client("cloudformation"), self.stage, self.poll_s)

    @property
    def on_aws(self) -> bool:
        return self.where == "aws"


def on_aws(stage: str, session: Any, parameters: dict[str, str] | None = None) -> Target:
    account = session.client("sts").get_caller_identity()["Account"]
    return Target(
        stage, session, account, session.region_name, own_address, parameters=parameters or {}
    )


@contextmanager
def own_address(outputs: Outputs) -> Iterator[str]:
    yield f"https://{outputs['DistributionDomain']}"
