"""docs/openapi.json, made from the table of routes and the documents' own schemas.

    python -m functions.api.openapi        writes it again

A test compares the file with what the code says.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.api.problems import MEDIA_TYPE, PROBLEMS
from functions.api.request import COOKIE, LARGEST_BODY
from functions.api.response_models import ProblemDocument
from functions.api.routes import PARAMETERS, ROUTES, SIGNED_IN, Route
from functions.people.accounts import ROLES

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
REF = "#/components/schemas/{model}"

Spec = dict[str, Any]
Kind = tuple[type[BaseModel], JsonSchemaMode]

ABOUT = f"""The jobs of a small hauling business, for its pages, the command line and programs.

A request with a body carries `x-amz-content-sha256`, the hex SHA-256 of that body: the edge signs
it. Bodies are at most {LARGEST_BODY // 1024} KiB. Browsers are refused when another site's page
asks (`Sec-Fetch-Site`). Every answer has `X-Request-Id`: the one that was sent, if it is 8 to 64
letters, digits and dashes. Every no is a problem document (RFC 9457): decide by its `type`.
Members that are null are left out of answers."""

HEADERS: dict[str, Spec] = {
    "If-None-Match": {
        "description": "The ETag of an earlier answer: 304 where nothing has changed since.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "description": "The job's `rev` in quotes that the change was decided on. Not needed for "
        "notes, ETA and load size.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
    },
    "Idempotency-Key": {
        "description": "The same for every copy of a request, so that a retry does nothing twice.",
        "schema": {"type": "string", "pattern": "^[!-~]{8,128}$"},
    },
}


def openapi() -> Spec:
    """The document, as OpenAPI 3.1."""
    schemas, names = _schemas()
    paths: dict[str, Spec] = defaultdict(dict)
    for route in ROUTES:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        paths[path][route.method.lower()] = _operation(route, names)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Haulway", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def to_text(spec: Spec) -> str:
    return json.dumps(spec, indent=2, ensure_ascii=False) + "\n"


def problems_of(route: Route) -> list[str]:
    """Every problem that `route` may answer with, by its slug."""
    slugs = list(route.refusals)
    if route.method != "GET":
        slugs.append("cross-site")
    if route.limit:
        slugs.append("too-many-requests")
    if route.who is not None:
        slugs.append("signed-out")
    if route.who not in (None, SIGNED_IN):
        slugs.append("not-allowed")
    if route.body:
        slugs += ["malformed", "too-large", "not-json", "invalid"]
    return list(dict.fromkeys([*slugs, "internal", "unavailable"]))


def _schemas() -> tuple[Spec, dict[Kind, Spec]]:
    """The components, and how each document refers to its own."""
    kinds: set[Kind] = {(ProblemDocument, "serialization")}
    for route in ROUTES:
        kinds |= {(model, "serialization") for model in route.answers.values() if model}
        if route.body:
            kinds.add((route.body, "validation"))
    ordered = sorted(kinds, key=lambda kind: (kind[0].__name__, kind[1]))
    names: Any
    names, definitions = models_json_schema(ordered, by_alias=True, ref_template=REF)
    return definitions["$defs"], names


def _operation(route: Route, names: dict[Kind, Spec]) -> Spec:
    operation: Spec = {
        "operationId": getattr(route.does, "__name__", route.name),
        "summary": route.summary,
        "description": _who(route),
        "parameters": list(_parameters(route)),
        "responses": dict(_responses(route, names)),
        "security": [] if route.who is None else [{"session": []}],
    }
    if route.body:
        content = {"application/json": {"schema": names[route.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _who(route: Route) -> str:
    if route.who is None:
        each = "For everybody."
        limit = route.limit
        if limit:
            minutes = int(limit.window.total_seconds() // 60)
            each += f" At most {limit.most} times in {minutes} minutes from one address."
        return each
    return f"For {', '.join(role for role in ROLES if role in route.who)}."


def _parameters(route: Route) -> Iterator[Spec]:
    for name in re.findall(r"<(\w+)>", route.path):
        schema = {"type": "string", "pattern": PARAMETERS[name]}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query:
        for name, schema in route.query.model_json_schema()["properties"].items():
            plain = next((s for s in schema.get("anyOf", []) if s["type"] != "null"), schema)
            yield {"name": name, "in": "query", "required": False, "schema": plain}
    for name in route.headers:
        required = name == "Idempotency-Key" and route.who is None
        yield {"name": name, "in": "header", "required": required, **HEADERS[name]}


def _responses(route: Route, names: dict[Kind, Spec]) -> Iterator[tuple[str, Spec]]:
    for status, model in sorted(route.answers.items()):
        answer: Spec = {"description": _MEANING[status]}
        if model:
            schema = names[model, "serialization"]
            answer["content"] = {"application/json": {"schema": schema}}
        yield str(status), answer
    by_status: dict[int, list[str]] = defaultdict(list)
    for slug in problems_of(route):
        by_status[PROBLEMS[slug][0]].append(slug)
    for status, slugs in sorted(by_status.items()):
        types = {"properties": {"type": {"enum": [f"/problems/{slug}" for slug in slugs]}}}
        schema = {"allOf": [names[ProblemDocument, "serialization"], types]}
        sentences = "; ".join(f"`{slug}`: {PROBLEMS[slug][1]}" for slug in slugs)
        content = {MEDIA_TYPE: {"schema": schema}}
        yield str(status), {"description": f"{sentences}.", "content": content}


_MEANING = {
    200: "Done, or done before.",
    201: "Made.",
    202: "It came before its turn and is kept, waiting for the moves before it.",
    204: "Done.",
    304: "Nothing has changed since that ETag.",
}


if __name__ == "__main__":
    FILE.write_text(to_text(openapi()), encoding="utf-8")
