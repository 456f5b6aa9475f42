"""Who an edit puts on the job. Pure."""

from collections.abc import Callable, Iterator, Sequence

from statemachine.job.job import Assigned
from statemachine.rules.edit_request import CrewRequest


def crew_fault(crew: Sequence[CrewRequest]) -> str | None:
    """Why these people are no crew: there may be several helpers, and one of each other role."""
    alone = [wanted.role for wanted in crew if wanted.role != "first_mate"]
    if len(set(alone)) < len(alone):
        return "two people have the same role; only helpers may be several"
    places = [(wanted.role, wanted.member) for wanted in crew]
    if len(set(places)) < len(places):
        return "someone is named twice in one role; name each person once"
    return None


def crew_of(crew: Sequence[CrewRequest], name_of: Callable[[str], str]) -> Iterator[Assigned]:
    """`name_of` gives a member's first name."""
    for wanted in crew:
        first_name = name_of(wanted.member)
        yield Assigned(role=wanted.role, member=wanted.member, first_name=first_name)
