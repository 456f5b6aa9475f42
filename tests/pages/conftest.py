"""One Chromium for each file of page tests and one stub for all; each test starts without data.

Playwright's event loop ends with its browser, so that later tests can have their own loops.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import axe_script, chromium
from tests.pages.stub_api import StubServer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def serving() -> Iterator[StubServer]:
    with StubServer() as stub:
        yield stub


@pytest.fixture
def stub(serving: StubServer) -> StubServer:
    serving.reset().poll_s = 2
    return serving


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_script()
