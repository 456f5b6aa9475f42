"""What many tests need and one process has once: a laptop copy of Haulway, and moto.

The copy is started with AUTH, so that permissions count. Fixtures of a session stand here and
nowhere else: imported into a second conftest, such a fixture would be made a second time.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.laptop import Laptop
from tests.moto_server import Moto, running

TTL_S = 20
"""How long a view may stay at the edge unless an invalidation takes it away."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A running copy: `.outputs`, `.client(service)`, `.edge_url`; invalidations take no time."""
    state: Path = tmp_path_factory.mktemp("haulway")
    ports, quiet = (free_port(), free_port()), lambda _: None
    with Laptop(state, *ports, lag_s=0.0, view_ttl_s=TTL_S, say=quiet) as laptop:
        yield laptop


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with running() as moto:
        yield moto
