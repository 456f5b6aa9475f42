"""Stages on the laptop engine: as many as one likes, side by side, each with an edge of its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from deploy.target import Outputs, Target
from local.aws import session_for
from local.edge import EdgeConfig, EdgeServer
from local.engine import REGION
from local.engine_key import EngineAddress

ACCOUNT = "000000000000"
POLL_S = 0.1
PATIENCE_S = 60.0

Edge = Callable[[Outputs], AbstractContextManager[str]]


def on_laptop(
    stage: str,
    engine: EngineAddress,
    edge: Edge | None = None,
    parameters: dict[str, str] | None = None,
) -> Target:
    """A stage of that engine. Without an `edge` of its own it is verified through a passing one."""

    @contextmanager
    def passing(outputs: Outputs) -> Iterator[str]:
        with edge_of(engine, outputs) as server:
            yield server.url

    return Target(
        stage=stage,
        session=session_for(engine),
        account=ACCOUNT,
        region=REGION,
        edge=edge or passing,
        where="laptop",
        poll_s=POLL_S,
        patience_s=PATIENCE_S,
        parameters=parameters or {},
    )


def edge_of(
    engine: EngineAddress, outputs: Outputs, port: int = 0, lag_s: float = 0.0, caches: int = 1
) -> EdgeServer:
    """An edge in front of the stage with these outputs, not started yet; port 0 is any free one."""
    return EdgeServer(
        EdgeConfig(
            listen_port=port,
            engine_url=engine.url,
            distribution_id=outputs["DistributionId"],
            distribution_domain=outputs["DistributionDomain"],
            region=REGION,
            access_key_id=engine.key.access_key_id,
            secret_access_key=engine.key.secret_access_key,
            lag_s=lag_s,
            caches=caches,
        )
    )
