"""What is wrong in which field of a document, for the person who wrote it."""

import re
from collections.abc import Iterator

from pydantic import ValidationError

from statemachine.schedule.roster import CLOCK_PATTERN, DATE_PATTERN
from statemachine.values.values import JOB_ID_PATTERN, NAME_PATTERN, PHONE_PATTERN

WRITTEN_AS = {
    PHONE_PATTERN: "write it with the country code, as +15555550123",
    NAME_PATTERN: "use lowercase letters, digits, and _, beginning with a letter, as maria_2",
    CLOCK_PATTERN: "write it as 07:00",
    DATE_PATTERN: "write it as 2026-11-22",
    JOB_ID_PATTERN: "job ids look like 261121-7k3m2q",
}
"""By pattern, how to write the value."""
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)


def field_errors(error: ValidationError, names_keys: bool = False) -> Iterator[str]:
    """Where and what, but nothing that the sender wrote: it may be a name or a phone number.

    So an unknown key is reported by its parent. `names_keys` names the key itself, for the sender,
    and only if it looks like the name of a field.
    """
    for problem in error.errors(include_input=False, include_url=False):
        if problem["type"] == "extra_forbidden" and names_keys:
            yield _unknown_key(problem["loc"])
            continue
        place = problem["loc"][:-1] if problem["type"] == "extra_forbidden" else problem["loc"]
        where = ".".join(str(part) for part in place) or "event"
        plain = WRITTEN_AS.get(problem.get("ctx", {}).get("pattern", ""))
        yield f"{where}: {plain or problem['msg'].removeprefix('Value error, ')}"


def _unknown_key(loc: tuple[int | str, ...]) -> str:
    *place, key = map(str, loc)
    named = key if PLAIN_KEY.fullmatch(key) else "a field"
    return f"{'.'.join((*place, named))}: unknown field; check its name, or leave it out"
