"""Every permission is needed: with any one statement taken away, something fails."""

import re

import pytest

from deploy.bundle import ROOT
from local.laptop import Laptop
from tests.e2e.privilege import Function, a_copy
from tests.e2e.privilege_acts import SCENARIOS, Act, open_business

NOT_SHOWN = {
    "TellsMissingFromForbidden": "AWS answers 403 for a missing key to whoever may not list the "
    "bucket; the engine answers 404",
    "TellsMissingViews": "the same",
}
"""By statement: what the engine does not tell apart. docs/deploy.md has the same table."""

KEPT = {"ReadEdgeAddress", "ReadSigningKeys"}
"""By statement: what a container reads once and then keeps."""

SURPLUS = {
    "Sid": "Surplus", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::no/*"
}  # fmt: skip


@pytest.fixture(scope="module")
def business(stack: Laptop) -> Laptop:
    open_business(stack)
    return stack


@pytest.mark.engine
@pytest.mark.parametrize("name", SCENARIOS)
def test_with_any_one_statement_taken_away_something_fails(business: Laptop, name: str) -> None:
    with a_copy(business, name) as function:
        SCENARIOS[name](function)()
        assert needless(function) == []


@pytest.mark.engine
def test_a_statement_that_nothing_needs_is_found_by_its_name(business: Laptop) -> None:
    with a_copy(business, "rotate-keys", SURPLUS) as function:
        assert needless(function) == ["Surplus"]


def test_every_function_of_the_template_has_a_scenario() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"FunctionName: !Sub \"haulway-\$\{Stage\}-(.+)\"", template)) == set(
        SCENARIOS
    )


def test_what_the_engine_does_not_show_is_written_down() -> None:
    document = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for sid in NOT_SHOWN:
        assert f"`{sid}`" in document
        assert f"Sid: {sid}" in template


def needless(function: Function) -> list[str]:
    found = []
    for policy, statement in list(function.statements()):
        if statement["Sid"] in NOT_SHOWN:
            continue
        act = SCENARIOS[function.name](function)
        if statement["Sid"] in KEPT:
            function.forget()
        with function.without(policy, statement):
            if _works(act):
                found.append(statement["Sid"])
    return found


def _works(act: Act) -> bool:
    try:
        act()
    except AssertionError:
        return False
    return True
