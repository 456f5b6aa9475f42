"""An independent linter of the Amazon States Language has nothing against the state machines."""

import json
from typing import Any

import pytest
from statelint.linter import Linter

from statemachine.asl import render
from statemachine.flows import flow_names, load_flow


def linted(definition: dict[str, Any]) -> list[str]:
    return list(Linter().validate(definition))


def definition_of(flow: str) -> dict[str, Any]:
    """With fractions where the linter allows no whole number; the language allows both."""
    return json.loads(render(load_flow(flow)), object_hook=_with_fractions)  # type: ignore[no-any-return]  # JSON


def _with_fractions(found: dict[str, Any]) -> dict[str, Any]:
    if "BackoffRate" in found:
        found["BackoffRate"] = float(found["BackoffRate"])
    return found


@pytest.mark.parametrize("flow", flow_names())
def test_a_definition_is_correct(flow: str) -> None:
    assert linted(definition_of(flow)) == []


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("Next", None, 'does not have required field "Next"'),
        ("Next", "nowhere", 'No state found named "nowhere"'),
        ("Tiemout", 3, 'Field "Tiemout" not allowed'),
        ("Retry", [{"ErrorEquals": ["x"], "IntervalSeconds": -1}], "allowed floor is 0"),
    ],
)
def test_the_linter_finds_a_mistake(field: str, value: object, said: str) -> None:
    definition = definition_of("haul")
    first = definition["States"][definition["StartAt"]]
    if value is None:
        del first[field]
    else:
        first[field] = value
    assert said in "\n".join(linted(definition))
