"""The API's reference for people to read without a server: `docs/api.md`, from `docs/openapi.json`.

python -m docs.api_reference
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Spec = dict[str, Any]
DOCS = Path(__file__).parent
PAGE = DOCS / "api.md"

TOP = """\
# The API

Generated from [`openapi.json`](openapi.json) by `python -m docs.api_reference`; a test keeps them
in step. To try requests, start `make up` and open <http://localhost:8080/api/docs>: Swagger UI has
the same document there. On AWS that page is off.

How to read it: each route has its roles, parameters, body, and responses. Errors are problem
documents (RFC 9457): decide by their `type`, which is `/problems/` and the word in the list. The
documents are below the routes.
"""
BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "pattern": "matches `{}`",
    "default": "default `{}`",
}


def render(spec: Spec) -> str:
    """The page for an OpenAPI document."""
    parts = [TOP, spec["info"]["description"], "", "## Routes", ""]
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            parts += _route(f"{method.upper()} {path}", operation)
    parts += ["## Documents", ""]
    for name, schema in spec["components"]["schemas"].items():
        parts += _document(name, schema)
    return "\n".join(parts).rstrip() + "\n"


def _route(name: str, operation: Spec) -> Iterator[str]:
    summary = operation["summary"].rstrip(".")
    yield from (f"### `{name}`", "", f"{summary}: {operation['description']}", "")
    if operation.get("parameters"):
        rows = (
            (f"`{each['name']}`", each["in"], _type(each["schema"]), _text(each))
            for each in operation["parameters"]
        )
        yield from _table("parameter | in | type | meaning", rows)
    body = operation.get("requestBody")
    if body:
        yield from (f"Body: {_content(body)}.", "")
    responses = operation["responses"].items()
    answers = ((code, _content(each), _text(each)) for code, each in responses)
    yield from _table("response | document | meaning", answers)


def _content(part: Spec) -> str:
    schemas = [each.get("schema", {}) for each in part.get("content", {}).values()]
    return ", ".join("problem" if "allOf" in each else _type(each) for each in schemas) or "–"


def _document(name: str, schema: Spec) -> Iterator[str]:
    yield from (f"### {name}", "")
    if schema.get("description"):
        yield from (schema["description"], "")
    needed = schema.get("required", [])
    rows = (
        (f"`{field}`", _type(each), "yes" if field in needed else "no", _text(each))
        for field, each in schema.get("properties", {}).items()
    )
    if "properties" in schema:
        yield from _table("field | type | required | meaning", rows)
    else:
        yield from (_type(schema), "")


def _type(schema: Spec) -> str:
    """A schema in words, with a link where it is a document of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key] if each != {"type": "null"})
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        kind = f"list of {_type(schema.get('items', {}))}"
    elif isinstance(schema.get("additionalProperties"), dict):
        kind = f"object of {_type(schema['additionalProperties'])}"
    limits = [
        text.format(str(schema[key]).lower() if isinstance(schema[key], bool) else schema[key])
        for key, text in BOUNDS.items()
        if key in schema
    ]
    return ", ".join([kind, *filter(None, [schema.get("format")]), *limits]).replace("|", "\\|")


def _text(part: Spec) -> str:
    return " ".join(part.get("description", "").split()).replace("|", "\\|")


def _table(heads: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {heads} |"
    yield "|" + "---|" * len(heads.split(" | "))
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def stored() -> Spec:
    spec: Spec = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    return spec


if __name__ == "__main__":
    PAGE.write_text(render(stored()), encoding="utf-8")
