"""Hostile text in every text field of every door: never an error of ours, kept exactly or refused.

Fields are found in the schemas themselves, so that a new one is tried without a new test.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cli.output.roster_csv import BadRow, read_people
from events import JobEditRequested, JobMoveRequested, JobRequested
from functions.api.routes import ROUTES
from statemachine.bounds import line_of_text, note_text
from tests.api.api_fixture import Office
from tests.api.test_roles import BODIES, MATCHES, path_of
from tests.support.builders import a_booking, a_job, a_request, an_edit

HOSTILE = (
    "A\0B",
    "\x1b]52;c;cm0gLXJm\x07",
    "\x1b[2J\x1b[1;31mred",
    "\x9b31m",
    "\u202eevil\u202c",
    "\u2066x\u2069",
    "\u200b\u200b",
    "a\u200bb",
    "\ufeff",
    "\U000e0041\U000e0042",
    "\ufffe",
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}%7B%s",
    "[link=http://x]bold[/]",
    "'; DROP TABLE jobs; --",
    "a\r\nSet-Cookie: x=y",
    "👩\u200d🔧 Zoë 李 نور 𝒜",
    "Jose\u0301",
    "z" + "\u0335" * 60,
    "٣٤٥",
    "../../etc/passwd",
    "   ",
    "\n",
    "",
    "x" * 5000,
    "🚚" * 300,
)
FREE = {
    "customer_name",
    "location",
    "notes",
    "name",
    "address",
    "what",
    "note",
    "reason",
    "customer.name",
    "place.address",
    "place.gate_code",
}
"""Fields that keep what people write; the others are ids, numbers, dates or one of a list."""


BESIDE: dict[str, Any] = {"customer": {"name": "Ada"}, "place": {"address": "1 A St"}}


def text_fields(schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> Iterator[str]:
    """The paths of all members that may be a text, by the JSON schema."""
    schema = whole["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for each in schema.get("anyOf", ()) or schema.get("oneOf", ()):
        yield from text_fields(each, whole, at)
    if schema.get("type") == "string" or "const" in schema or "enum" in schema:
        yield at
    if schema.get("type") == "array":
        yield from text_fields(schema["items"], whole, f"{at}.0") if "items" in schema else ()
    for name, member in schema.get("properties", {}).items():
        yield from text_fields(member, whole, f"{at}.{name}".lstrip("."))


def fields_of(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema(by_alias=True)
    return sorted(set(text_fields(schema, schema)) - {""})


def with_value(document: Any, path: str, value: str) -> Any:
    """A copy of `document` with `value` at `path`; what leads there is made."""
    step, _, rest = path.partition(".")
    if not step:
        return value
    if step == "0":
        return [with_value(document[0] if document else {}, rest, value)]
    inner = (document or {}).get(step) or BESIDE.get(step, {})
    return {**(document or {}), step: with_value(inner, rest, value)}


def normalized(path: str, text: str) -> str:
    lines = path.rpartition(".")[2] in ("notes", "what", "note", "reason")
    return note_text(text) if lines else line_of_text(text)


def is_kept(office: Office, text: str) -> bool:
    written = json.dumps(text, ensure_ascii=False).encode()
    return any(written in stored for stored in office.bucket.objects.values())


DOORS = [
    (route, path) for route in ROUTES if route.body is not None for path in fields_of(route.body)
]


@pytest.mark.parametrize(
    ("route", "path"), DOORS, ids=[f"{route.name} {path}" for route, path in DOORS]
)
def test_no_text_at_the_api_is_an_error_of_ours_and_what_is_taken_is_kept(
    route: Any, path: str, office: Office
) -> None:
    office.keep(a_job("pending_pickup" if "/confirm" in route.path else "ready_for_pickup"))
    before = dict(office.bucket.objects)
    by, taken = "olive", 0
    for number, text in enumerate(HOSTILE):
        office.bucket.objects = dict(before)
        office.limits.taken.clear()
        headers = {"idempotency-key": f"key-{number:06}", "if-match": '"2"'}
        headers |= MATCHES.get(route.name, {})
        body = with_value(BODIES[route.name], path, text)
        got = office.ask(route.method, path_of(route.name), body, by=by, headers=headers)
        assert got.status < 500, (text, got)
        if got.status < 300 and path in FREE:
            assert is_kept(office, normalized(path, text)), (text, got)
            taken += 1
    assert taken > 5 or path not in FREE


BUS: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "JobRequested": (JobRequested, json.loads(a_booking().model_dump_json())),
    "JobMoveRequested": (
        JobMoveRequested,
        json.loads(a_request(a_job(), "confirm").model_dump_json(exclude_none=True)),
    ),
    "JobEditRequested": (
        JobEditRequested,
        json.loads(an_edit(a_job(), note="x").model_dump_json(exclude_none=True)),
    ),
}


@pytest.mark.parametrize("name", BUS)
def test_no_text_on_the_bus_is_more_than_a_refusal_and_what_is_taken_can_be_stored(
    name: str,
) -> None:
    model, proper = BUS[name]
    for path in fields_of(model):
        for text in HOSTILE:
            try:
                taken = model.model_validate(with_value(proper, path, text))
            except ValidationError:
                continue
            again = model.model_validate_json(taken.model_dump_json())
            assert again == taken, (path, text)
            if path.removeprefix("changes.") in FREE:
                written = json.dumps(normalized(path, text), ensure_ascii=False)
                assert written in taken.model_dump_json(), (path, text)


@pytest.mark.parametrize("text", [text for text in HOSTILE if '"' not in text])
@pytest.mark.parametrize("column", range(5))
def test_no_text_in_a_roster_file_is_more_than_a_bad_row(text: str, column: int) -> None:
    cells = ["maria", "Maria", "+15555550123", "m@example.com", "driver"]
    cells[column] = text
    row = ",".join(f'"{cell}"' for cell in cells)
    try:
        people = read_people(f"account,name,phone,email,roles\n{row}\n")
    except BadRow:
        return
    if column == 1:
        assert [person.name for person in people.values()] == [line_of_text(text)]


@pytest.mark.parametrize("body", [b'{"note": "\\ud800"}', b'{"note": "\xed\xa0\x80"}'])
def test_half_a_character_is_no_json(body: bytes, office: Office) -> None:
    office.keep(a_job())
    got = office.ask("PATCH", "/api/jobs/261121-7k3m2q", body, by="dana")
    assert (got.status, got.slug) == (400, "malformed")
