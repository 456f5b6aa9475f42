"""One laptop copy of Haulway for every test that needs the real engine; started once, with AUTH."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.laptop import Laptop


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A running copy: `.outputs`, `.client(service)`, `.edge_url`; invalidations take no time."""
    state: Path = tmp_path_factory.mktemp("haulway")
    with Laptop(state, free_port(), free_port(), lag_s=0.0, say=lambda _: None) as laptop:
        yield laptop
