"""Stages on the laptop engine: any number, side by side, each with its own edge."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from deploy.target import Outputs, Target
from local.aws import session_for
from local.edge import EdgeConfig, EdgeServer
from local.engine_key import REGION, EngineAddress

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
    """A stage on that engine. Without `edge`, a temporary edge is started for verification."""

    @contextmanager
    def temporary_edge(outputs: Outputs) -> Iterator[str]:
        with edge_server(engine, outputs) as server:
            yield server.url

    return Target(
        stage=stage,
        session=session_for(engine),
        account=ACCOUNT,
        region=REGION,
        edge=edge or temporary_edge,
        where="laptop",
        poll_s=POLL_S,
        patience_s=PATIENCE_S,
        parameters=parameters or {},
    )


def edge_server(
    engine: EngineAddress, outputs: Outputs, port: int = 0, lag_s: float = 0.0, caches: int = 1
) -> EdgeServer:
    """An edge for the stage with these outputs, not started yet; port 0 is any free port."""
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
