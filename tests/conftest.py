"""What many tests need and one process has once: a laptop copy of Haulway, and moto.

The copy is started with AUTH, so that permissions count. Fixtures of a session stand here and
nowhere else: imported into a second conftest, such a fixture would be made a second time.
"""

import gc
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from functions.aws.business_settings import S3SettingsStore
from functions.business.change_settings import COMMAND_LINE, ChangeSettings
from local.laptop import Laptop
from statemachine.business.business_values import WEEKDAYS
from tests.support.aws_calls import check_all_clients
from tests.support.moto_server import Moto, running

NEEDS = {"stack": "engine", "browser": "browser", "moto": "moto"}
"""By fixture, the mark by which its tests can be left out."""

LONGEST_FIRST = (
    "e2e/test_deploy.py", "e2e/test_permissions.py", "e2e/test_deploy_recovery.py",
    "e2e/test_jobs.py", "e2e/", "pages/", "functions/test_protocol_on_engine.py",
)  # fmt: skip
"""Files are handed out in this order, so that at the end no worker is alone with a long one."""

hypothesis.settings.register_profile(
    "suite", derandomize=True, deadline=None, max_examples=60, database=None
)
hypothesis.settings.register_profile("chance", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))

gc.set_threshold(50_000, 20, 20)
"""A sixth of the suite's CPU time was garbage collection: what it collects is of modules, which
stay, and of tests, which are small."""

TTL_S = 20
"""How long a view may stay at the edge unless an invalidation takes it away."""


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for fixture in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])
    items.sort(key=_turn)  # stable: within a file the order stays


def pytest_collection_finish() -> None:
    gc.freeze()  # thousands of tests and modules, which no collection needs to look at again


def _turn(item: pytest.Item) -> int:
    path = item.nodeid.removeprefix("tests/")
    found = (turn for turn, start in enumerate(LONGEST_FIRST) if path.startswith(start))
    return next(found, len(LONGEST_FIRST))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A running copy: `.outputs`, `.client(service)`, `.edge_url`; invalidations take no time."""
    state: Path = tmp_path_factory.mktemp("haulway")
    ports, quiet = (free_port(), free_port()), lambda _: None
    with Laptop(state, *ports, lag_s=0.0, view_ttl_s=TTL_S, report=quiet) as laptop:
        make_room(laptop)
        yield laptop


def make_room(laptop: Laptop) -> None:
    """Windows that many tests book "now" would be full at some hours, and closed on Sundays."""
    settings = S3SettingsStore(laptop.client("s3"), laptop.outputs["JobsBucket"])
    every_window = dict.fromkeys(("08:00", "12:00", "16:00"), 100)
    hours = [{"start": "08:00", "end": "19:00"}]
    wanted = {
        "opening_hours": dict.fromkeys(WEEKDAYS, hours),
        "slots_by_weekday": dict.fromkeys(WEEKDAYS, every_window),
    }
    ChangeSettings(settings)("main", wanted, COMMAND_LINE, datetime.now(UTC))


@pytest.fixture(scope="session", autouse=True)
def calls_are_checked() -> Iterator[None]:
    """No test makes a call that AWS would refuse, although the engine or moto may take it."""
    with check_all_clients():
        yield


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    with running() as moto:
        yield moto
