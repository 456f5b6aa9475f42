"""The doctor: what it takes for the same, and that one check that fails does not end the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deploy import doctor
from deploy.doctor import Finding, Patient, examine, in_step
from statemachine.asl import render
from statemachine.flows import load_flow


def deployed() -> Any:
    """The state machine of `haul` as CloudFormation fills it in."""
    text = render(load_flow("haul"))
    for name in ("SettleJobArn", "RegisterWaitArn", "BusName"):
        text = text.replace(f"${{{name}}}", f"arn:aws:lambda:us-east-1:1:function:{name}:live")
    return json.loads(text)


OURS = json.loads(render(load_flow("haul")))


def test_a_state_machine_whose_names_are_filled_in_is_in_step() -> None:
    assert in_step(OURS, deployed())


def test_a_state_machine_that_waits_for_another_time_is_out_of_step() -> None:
    other = deployed()
    del other["States"]["completed"]["TimeoutSeconds"]
    assert not in_step(OURS, other)
    other["States"]["completed"]["TimeoutSeconds"] = 61
    assert not in_step(OURS, other)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("${A}", "anything", True),
        ("${A}", "", False),
        ("a ${B} c", "a b c", True),
        ("a ${B} c", "a b d", False),
        ("a.c", "abc", False),
        ([1, "${A}"], [1, "x"], True),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (True, "true", False),
    ],
)
def test_only_what_is_to_be_filled_in_may_differ(ours: Any, theirs: Any, same: bool) -> None:
    assert in_step(ours, theirs) is same


def test_a_check_that_cannot_be_made_is_bad_and_the_others_are_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken_part(patient: Patient) -> Iterator[Finding]:
        raise OSError("no way there")

    def well(patient: Patient) -> Iterator[Finding]:
        yield Finding("the rest", True)

    monkeypatch.setattr(doctor, "CHECKS", (broken_part, well))
    assert list(examine(None, {}, "", 45)) == [
        Finding("broken part: cannot be checked", False, "OSError: no way there"),
        Finding("the rest", True),
    ]
