"""Where a stage is: on AWS, or on the laptop engine. Deployments differ only in their target."""

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
"""As in the template. No hyphens, because IAM policies permit names such as
`haulway-production-*`, which would include a stage `production-eu`."""


class BadStageName(DeployFailed):
    """The name is not allowed for a stage; the text has the rule."""


def stage_prefix(outputs: Outputs) -> str:
    """The beginning of the names of the stage's resources, such as `haulway-production-`."""
    return outputs["MachinePrefix"].rpartition(":")[2]


@dataclass(frozen=True)
class Target:
    """`edge` gives the address through which customers reach a stack with these outputs."""

    stage: str
    session: Any
    account: str
    region: str
    edge: Callable[[Outputs], AbstractContextManager[str]]
    where: str = "aws"
    poll_s: float = 5.0
    patience_s: float = 300.0
    """The time limit for pages to arrive at the edge, and for a verification job to end."""
    parameters: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises BadStageName."""
        if not STAGE_NAME.fullmatch(self.stage):
            raise BadStageName(
                f"{self.stage!r} cannot be the name of a stage: write a lowercase letter, then up "
                "to 20 lowercase letters or digits, such as productioneu for production-eu; with a "
                "hyphen, production would have permissions in it"
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
        stage, session, account, session.region_name, distribution_url, parameters=parameters or {}
    )


@contextmanager
def distribution_url(outputs: Outputs) -> Iterator[str]:
    yield f"https://{outputs['DistributionDomain']}"
