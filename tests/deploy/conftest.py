"""The template as CloudFormation gets it."""

import json
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from deploy.template import build


class _NoPolicies:
    def load(self) -> dict[str, str]:
        return {}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """The template as CloudFormation gets it from SAM."""
    built = build(b"code", "bucket")
    template = json.loads(built.contents[built.release.template])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        translated: dict[str, Any] = transform(template, {}, _NoPolicies())
    found: dict[str, Any] = translated["Resources"]
    return found
