"""The models of the protocol hold, and the checker finds every mistake put into them."""

import shutil

import pytest

from spec.check import MISTAKES, QUICK, Check, run_checker

pytestmark = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("gcc")), reason="needs spin and gcc"
)


@pytest.mark.parametrize("check", QUICK, ids=lambda check: check.title)
def test_every_state_of_the_model_keeps_its_properties(check: Check) -> None:
    found = run_checker(check)
    assert found.violated is None
    assert found.states > 1000


@pytest.mark.parametrize("check", MISTAKES, ids=lambda check: check.title)
def test_a_mistake_in_the_model_is_found(check: Check) -> None:
    assert run_checker(check).violated is not None
