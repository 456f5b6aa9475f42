"""One Chromium for the tests of a module that show pages, and an edge that behaves."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from local.laptop import Laptop
from tests.pages.browser import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def calm(stack: Laptop) -> Iterator[Laptop]:
    """The copy with an edge that behaves; what a test does to the edge is undone."""
    assert stack.edge is not None
    yield stack
    stack.edge.controls.lag_s, stack.edge.controls.losing = 0.0, frozenset()
