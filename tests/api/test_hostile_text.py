"""Hostile text in every text field of every input: never a 5xx; stored exactly, or refused.

The fields are found in the schemas, so that a new field is tested without a new test.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cli.data.roster_csv import BadRow, read_people
from events import JobEditRequested, JobMoveRequested, JobRequested
from functions.api.routes import ROUTES
from statemachine.values.readable_text import line_of_text, note_text
from tests.api.api_fixture import ApiBackend
from tests.api.test_roles import BODIES, MATCHES, path_of
from tests.support.builders import SOON, a_booking, a_job, a_request, an_edit

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
"""Fields that store what people write; the others are ids, numbers, dates, or enumerations."""
STORE_NO_TEXT = {"POST /api/business/texts/preview", "POST /api/business/texts/test"}


BESIDE: dict[str, Any] = {"customer": {"name": "Ada"}, "place": {"address": "1 A St"}}


def text_fields(schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> Iterator[str]:
    """The paths of all fields that may be text, from the JSON schema."""
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
    """A copy of `document` with `value` at `path`; missing parents are created."""
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


def is_stored(api: ApiBackend, text: str) -> bool:
    written = json.dumps(text, ensure_ascii=False).encode()
    names = {each.name for each in api.accounts.known.values()}
    names |= {each.name for each in api.api_keys.known.values()}
    return text in names or any(written in stored for stored in api.bucket.objects.values())


DOORS = [
    (route, path) for route in ROUTES if route.body is not None for path in fields_of(route.body)
]


@pytest.mark.parametrize(
    ("route", "path"), DOORS, ids=[f"{route.name} {path}" for route, path in DOORS]
)
def test_hostile_text_at_the_api_is_stored_exactly_or_refused(
    route: Any, path: str, api: ApiBackend
) -> None:
    status = "pending_pickup" if "/confirm" in route.path else "ready_for_pickup"
    api.store(a_job(status, schedule=SOON))
    before = dict(api.bucket.objects)
    by, taken = "olive", 0
    is_free = path in FREE and route.name not in STORE_NO_TEXT
    for number, text in enumerate(HOSTILE):
        api.bucket.objects = dict(before)
        api.limits.taken.clear()
        api.accounts.known.pop(("main", "nell"), None)
        headers = {"idempotency-key": f"key-{number:06}", "if-match": '"2"'}
        headers |= MATCHES.get(route.name, {})
        body = with_value(BODIES[route.name], path, text)
        got = api.send(route.method, path_of(route.name), body, by=by, headers=headers)
        assert got.status < 500, (text, got)
        if got.status < 300 and is_free:
            assert is_stored(api, normalized(path, text)), (text, got)
            taken += 1
    assert taken > 5 or not is_free


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
def test_hostile_text_on_the_bus_is_refused_or_can_be_stored(
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
def test_hostile_text_in_a_roster_file_is_only_a_bad_row(text: str, column: int) -> None:
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
def test_an_incomplete_character_is_malformed_json(body: bytes, api: ApiBackend) -> None:
    api.store(a_job())
    got = api.send("PATCH", "/api/jobs/261121-7k3m2q", body, by="dana")
    assert got.status == 400
    assert got.slug == "malformed"
