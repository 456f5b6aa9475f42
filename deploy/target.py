"""A stage somewhere: AWS, or the laptop engine. The steps of a deployment ask nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from deploy.artifacts import Artifacts, bucket_name
from deploy.stack import Stack

Outputs = Mapping[str, str]


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

    def client(self, service: str) -> Any:
        return self.session.client(service)

    @property
    def artifacts(self) -> Artifacts:
        return Artifacts(self.client("s3"), bucket_name(self.account))

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
