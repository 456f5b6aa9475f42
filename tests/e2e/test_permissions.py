"""Every permission is needed: without any single statement, something fails."""

import re
from collections.abc import Callable

import pytest

from deploy.bundle import ROOT
from local.laptop import Laptop
from tests.e2e.support.function_copy import Function, Statement, a_copy
from tests.e2e.support.permission_jobs import open_business
from tests.e2e.support.permission_scenarios import SCENARIOS, Act

NOT_SHOWN = {
    "TellsMissingFromForbidden": "AWS answers 403 for a missing key if the caller may not list the "
    "bucket; the engine answers 404",
    "TellsMissingViews": "the same",
    "WriteDays": "the same actions as others on the same table; the engine knows no conditions on "
    "keys, so tests/deploy/test_keys.py holds them to what is asked",
    "Location": "the same",
    "EndSessions": "the same",
    "ApiKeys": "the same",
    "WriteAccounts": "the same",
    "ReadRoster": "the same",
    "CountAttempts": "the same",
    "CountedPaths": "the same",
    "TakeSlots": "the same",
    "ListSlots": "the same",
    "PushHints": "the engine checks who signed a hint, not whether its role may send it",
    "ReplyReminders": "needed only after a provider of texts was busy, which the engine never is",
}
"""By statement: what the engine does not tell apart. docs/deploy.md has the same table."""

KEPT = {
    "ReadEdgeAddress", "ReadEdgeSecret", "ReadSigningKeys", "ReadInvalidationUsage",
    "NoteSpentBudget", "OpsCountExecutions", "FindDeadLetters",
    "ListsEndpoints",
}  # fmt: skip
"""By statement: what a container reads once and then keeps, for a while at least."""

SURPLUS = {
    "Sid": "Surplus", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::no/*"
}  # fmt: skip


@pytest.fixture(scope="module")
def business(stack: Laptop) -> Laptop:
    open_business(stack)
    return stack


@pytest.mark.engine
@pytest.mark.parametrize("name", SCENARIOS)
def test_without_any_single_statement_something_fails(business: Laptop, name: str) -> None:
    with a_copy(business, name) as function:
        for prepare in SCENARIOS[name]:
            prepare(function)()
        assert needless(function) == []


@pytest.mark.engine
def test_an_unneeded_statement_is_found(business: Laptop) -> None:
    with a_copy(business, "rotate-keys", SURPLUS) as function:
        assert needless(function) == ["Surplus"]


def test_every_function_of_the_template_has_a_scenario() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"FunctionName: !Sub \"haulway-\$\{Stage\}-(.+)\"", template)) == set(
        SCENARIOS
    )


def test_what_the_engine_does_not_check_is_documented() -> None:
    document = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for sid in NOT_SHOWN:
        assert f"`{sid}`" in document
        assert f"Sid: {sid}" in template


def needless(function: Function) -> list[str]:
    """The statements that no act needs. Which act needed the last one is asked first, for what
    belongs together stands together in the template.
    """
    found, acts = [], list(SCENARIOS[function.name])
    for policy, statement in list(function.statements()):
        if statement["Sid"] in NOT_SHOWN:
            continue
        twice = (*acts, *acts)  # the copy's own watchdog may have done the work of the first
        needs = (each for each in twice if _fails_without(function, each, policy, statement))
        needed_by = next(needs, None)
        if needed_by is None:
            found.append(statement["Sid"])
        acts.sort(key=lambda each: each is not needed_by)
    return found


def _fails_without(
    function: Function, prepare: Callable[[Function], Act], policy: str, statement: Statement
) -> bool:
    """Prepared with all permissions, called without the statement."""
    act = prepare(function)
    if statement["Sid"] in KEPT:
        function.restart()
    with function.without(policy, statement):
        return not _works(act)


def _works(act: Act) -> bool:
    try:
        act()
    except AssertionError:
        return False
    return True
