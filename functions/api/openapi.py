"""docs/openapi.json, generated from the routes and the schemas of their documents.

    python -m functions.api.openapi        writes the file

A test compares the file with the code.
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
from functions.api.route import SIGNED_IN, Route
from functions.api.routes import ROUTES
from functions.people.accounts import ROLES

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
REF = "#/components/schemas/{model}"

Spec = dict[str, Any]
Kind = tuple[type[BaseModel], JsonSchemaMode]

ABOUT = f"""The jobs of a small hauling business, for its pages, the command line, and programs.

A body has at most {LARGEST_BODY // 1024} KiB. A browser's request from another site's page is
refused (`Sec-Fetch-Site`). Every response has `X-Request-Id`: the one that was sent, if it has 8 to
64 letters, digits, and dashes. Every error is a problem document (RFC 9457): decide by its `type`.
Members that are null are left out of responses."""

HEADERS: dict[str, Spec] = {
    "If-None-Match": {
        "description": "The ETag of an earlier response: 304 if nothing has changed since.",
        "schema": {"type": "string"},
    },
    "If-Match": {
        "description": "The job's `rev`, in quotes, that the change is based on. Not needed for "
        "notes, ETA, and load size.",
        "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,8}"$'},
    },
    "Idempotency-Key": {
        "description": "The same for every copy of a request, so that a retry changes nothing.",
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
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "key": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def to_text(spec: Spec) -> str:
    return json.dumps(spec, indent=2, ensure_ascii=False) + "\n"


def problems_of(route: Route) -> list[str]:
    """Every problem that `route` may response with, by its slug."""
    slugs = [*route.problems, *(each.problem for each in route.parameters.values())]
    if route.method != "GET":
        slugs.append("cross-site")
    if route.limit:
        slugs.append("too-many-requests")
    if route.roles is not None:
        slugs += ["signed-out", "wrong-key"]
    if route.roles not in (None, SIGNED_IN):
        slugs.append("not-allowed")
    if route.body:
        slugs += ["malformed", "too-large", "not-json", "invalid"]
    return list(dict.fromkeys([*slugs, "past-the-edge", "internal", "unavailable"]))


def _schemas() -> tuple[Spec, dict[Kind, Spec]]:
    """The components, and each document's reference to its own."""
    kinds: set[Kind] = {(ProblemDocument, "serialization")}
    for route in ROUTES:
        kinds |= {(model, "serialization") for model in route.responses.values() if model}
        if route.body:
            kinds.add((route.body, "validation"))
    ordered = sorted(kinds, key=lambda kind: (kind[0].__name__, kind[1]))
    names: Any
    names, definitions = models_json_schema(ordered, by_alias=True, ref_template=REF)
    return definitions["$defs"], names


def _operation(route: Route, names: dict[Kind, Spec]) -> Spec:
    operation: Spec = {
        "operationId": getattr(route.handler, "__name__", route.name),
        "summary": route.summary,
        "description": _who(route),
        "parameters": list(_parameters(route)),
        "responses": dict(_responses(route, names)),
        "security": _security(route),
    }
    if route.body:
        content = {"application/json": {"schema": names[route.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(route: Route) -> list[Spec]:
    if route.roles is None:
        return []
    return [{"session": []}, {"key": []}] if route.for_keys else [{"session": []}]


def _who(route: Route) -> str:
    if route.roles is None:
        each = "For everyone."
        limit = route.limit
        if limit:
            minutes = int(limit.window.total_seconds() // 60)
            each += f" At most {limit.most} times in {minutes} minutes from one address."
        return each
    person = "" if route.for_keys else ", not by an API key"
    return f"For {', '.join(role for role in ROLES if role in route.roles)}{person}."


def _parameters(route: Route) -> Iterator[Spec]:
    for name, parameter in route.parameters.items():
        schema = {"type": "string", "pattern": parameter.pattern}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query:
        for name, schema in route.query.model_json_schema()["properties"].items():
            plain = next((s for s in schema.get("anyOf", []) if s["type"] != "null"), schema)
            yield {"name": name, "in": "query", "required": False, "schema": plain}
    for name in route.headers:
        required = name == "Idempotency-Key" and route.roles is None
        yield {"name": name, "in": "header", "required": required, **HEADERS[name]}


def _responses(route: Route, names: dict[Kind, Spec]) -> Iterator[tuple[str, Spec]]:
    for status, model in sorted(route.responses.items()):
        response: Spec = {"description": _MEANING[status]}
        if model:
            schema = names[model, "serialization"]
            response["content"] = {"application/json": {"schema": schema}}
        yield str(status), response
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
    200: "Done, now or by an earlier copy of the request.",
    201: "Created.",
    202: "An early move: it is kept until the moves before it are made.",
    204: "Done.",
    304: "Nothing has changed since that ETag.",
}


if __name__ == "__main__":
    FILE.write_text(to_text(openapi()), encoding="utf-8")
