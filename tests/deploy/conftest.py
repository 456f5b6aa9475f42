"""The template as CloudFormation gets it."""

from typing import Any

import pytest

from docs import deploy_role


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return deploy_role.resources()
