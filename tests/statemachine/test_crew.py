"""Who may be a job's crew together."""

import pytest

from events import Assignment
from statemachine.rules.crew_edit import crew_fault


def crew(*named: str) -> list[Assignment]:
    """Each as `role=member`."""
    return [
        Assignment.model_validate(dict(zip(("role", "member"), each.split("="), strict=True)))
        for each in named
    ]


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ((), None),
        (("driver=mike", "first_mate=fay", "first_mate=ben", "supervisor=sue"), None),
        (("driver=mike", "driver=dina"), "only helpers may be several"),
        (("supervisor=sue", "supervisor=sam"), "only helpers may be several"),
        (("first_mate=fay", "first_mate=fay"), "named twice"),
        (("driver=mike", "supervisor=mike"), None),
    ],
)
def test_a_crew_has_several_helpers_and_one_of_each_other_role(
    named: tuple[str, ...], fault: str | None
) -> None:
    found = crew_fault(crew(*named))
    assert found is None if fault is None else fault in str(found)
