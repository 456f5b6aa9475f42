"""Checks flow files: every fault with its line and reason, as `haul flow check` prints them."""

import json
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from statemachine.flow_machine import FlowFlaw, JsonPath, flow_flaws
from statemachine.flows import Flow, Status
from statemachine.job.job import LATE, SUPERSEDED
from statemachine.messages.sms_parts import FIELD, GSM_7, SMS_ROOM
from statemachine.values.values import LANGUAGES

SMS_LONGEST = 2 * 153
"""Two parts; each part of a long SMS holds 153 characters of GSM-7."""
CONTRAST = 4.5
"""Against white, for text: WCAG 2.2, 1.4.3."""

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\],:"]+')


class FlowFault(NamedTuple):
    """Why a file is refused, and the line to look at."""

    line: int
    reason: str


def check_file(path: Path) -> list[FlowFault]:
    """Every fault of the flow file."""
    try:
        return check_text(path.read_bytes().decode("utf-8"), name=path.stem)
    except UnicodeDecodeError as error:
        return [FlowFault(error.object.count(b"\n", 0, error.start) + 1, "not UTF-8")]


def check_text(text: str, name: str | None = None) -> list[FlowFault]:
    """Every fault in the text of a flow file; `name` is the name of the file without `.json`."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return [FlowFault(error.lineno, f"not JSON: {error.msg}")]
    paths = list(_paths(text))
    twice = sorted(_keys_twice(paths))
    return twice or sorted(_located(flaw, dict(paths)) for flaw in _flaws(text, name))


def _paths(text: str) -> Iterator[tuple[JsonPath, int]]:
    """The path and line of every key and item in a well-formed JSON text."""
    tokens = ((m[0], text.count("\n", 0, m.start()) + 1) for m in TOKEN.finditer(text))
    opening, line = next(tokens)
    yield (), line
    yield from _inside((), opening, tokens)


def _inside(
    path: JsonPath, opening: str, tokens: Iterator[tuple[str, int]]
) -> Iterator[tuple[JsonPath, int]]:
    if opening not in ("{", "["):
        return
    items = takewhile(lambda token: token[0] not in ("}", "]"), tokens)
    for number, (token, line) in enumerate(items):
        here = (*path, json.loads(token) if opening == "{" else number)
        yield here, line
        value = next(tokens)[0] if opening == "{" else token
        yield from _inside(here, value, tokens)


def _keys_twice(paths: list[tuple[JsonPath, int]]) -> Iterator[FlowFault]:
    seen: set[JsonPath] = set()
    for path, line in paths:
        if path in seen:
            yield FlowFault(line, f"the key {path[-1]!r} is there twice")
        seen.add(path)


def _located(flaw: FlowFlaw, lines: dict[JsonPath, int]) -> FlowFault:
    """The fault on the line of its path, or of the nearest parent that is in the file."""
    holders = (flaw.path[:length] for length in range(len(flaw.path), -1, -1))
    return FlowFault(next(lines[path] for path in holders if path in lines), flaw.reason)


def _flaws(text: str, name: str | None) -> list[FlowFlaw]:
    try:
        flow = Flow.model_validate_json(text, strict=True)
    except ValidationError as error:
        return [_of_shape(problem) for problem in error.errors(include_url=False)]
    return [*_misnamed(flow, name), *flow_flaws(flow), *_of_statuses(flow), *_of_texts(flow)]


def _of_shape(problem: ErrorDetails) -> FlowFlaw:
    path = problem["loc"]
    key = next((part for part in reversed(path) if isinstance(part, str)), "flow")
    match problem["type"]:
        case "missing":
            return FlowFlaw(path, f"the key {key!r} is missing")
        case "extra_forbidden":
            return FlowFlaw(path, f"unknown key {key!r}")
        case _:
            return FlowFlaw(path, f"{key}: {problem['msg'].removeprefix('Value error, ')}")


def _misnamed(flow: Flow, name: str | None) -> Iterator[FlowFlaw]:
    if name not in (None, flow.name):
        yield FlowFlaw(("name",), f"the file of the flow {flow.name!r} cannot be named {name!r}")


def _of_statuses(flow: Flow) -> Iterator[FlowFlaw]:
    colours: dict[str, str] = {}
    for number, status in enumerate(flow.statuses):
        twin = colours.setdefault(status.colour, status.name)
        if twin != status.name:
            reason = f"colour: {status.colour} is also the colour of {twin!r}"
            yield FlowFlaw(("statuses", number, "colour"), reason)
        if status.name in (SUPERSEDED, LATE):
            reason = f"name: {status.name!r} is reserved for executions"
            yield FlowFlaw(("statuses", number, "name"), reason)
        for key, reason in (*_of_colour(status), *_of_polling(status)):
            yield FlowFlaw(("statuses", number, *key), reason)


def _of_colour(status: Status) -> Iterator[FlowFlaw]:
    contrast = 1.05 / (_luminance(status.colour) + 0.05)
    if contrast < CONTRAST:
        reason = f"colour: {status.colour} on white has contrast {contrast:.1f}, below {CONTRAST}"
        yield FlowFlaw(("colour",), reason)


def _luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _of_polling(status: Status) -> Iterator[FlowFlaw]:
    if status.limit_minutes is not None and status.poll_s > status.limit_minutes * 60:
        yield FlowFlaw(
            ("poll_s",), "poll_s: longer than the status may last, so a tracking page may miss it"
        )


def _of_texts(flow: Flow) -> Iterator[FlowFlaw]:
    for path, text in flow.texts:
        for language in LANGUAGES:
            for reason in faults_of_text(text.get(language)):
                yield FlowFlaw((*path, language), f"sms.{language}: {reason}")


def faults_of_text(text: str) -> Iterator[str]:
    """Why the wording of an SMS cannot be used."""
    fields, words = FIELD.findall(text), FIELD.sub("", text)
    for field in fields:
        if field not in SMS_ROOM:
            yield f"unknown field {{{field}}}; the fields are {', '.join(SMS_ROOM)}"
    if set(words) & set("{}"):
        yield "a brace without its partner"
    elif strangers := sorted(set(words) - GSM_7):
        yield f"{' '.join(strangers)} is not in the GSM-7 alphabet and more than doubles the cost"
    if len(words) + sum(SMS_ROOM.get(field, 0) for field in fields) > SMS_LONGEST:
        yield f"with every field filled, it is longer than {SMS_LONGEST} characters (two parts)"
