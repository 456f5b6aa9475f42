"""docs/openapi.json: generated from the code, complete, and consistent."""

import json
import re
from typing import Any

import pytest

from functions.api.openapi import FILE, problems_of, to_text
from functions.api.problems import PROBLEMS, slug_of
from functions.api.route import Route
from functions.api.routes import ROUTES
from functions.people.accounts import ROLES
from statemachine.rules.lifecycle import EXPLANATIONS
from tests.api.document import document


def test_the_file_matches_the_code() -> None:
    """If it fails, run `python -m functions.api.openapi`."""
    assert FILE.read_text(encoding="utf-8") == to_text(document())


def test_the_file_has_every_route_once() -> None:
    documented = [
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
    ]
    routes = [(route.method, re.sub(r"<(\w+)>", r"{\1}", route.path)) for route in ROUTES]
    assert sorted(documented) == sorted(routes)


def test_operation_ids_are_unique() -> None:
    ids = [op["operationId"] for path in document()["paths"].values() for op in path.values()]
    assert len(set(ids)) == len(ids) == len(ROUTES)


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    if isinstance(node, list):
        return set().union(*(references(value) for value in node))
    return set()


def test_every_reference_resolves_and_every_schema_is_used() -> None:
    spec = document()
    schemas = {f"#/components/schemas/{name}" for name in spec["components"]["schemas"]}
    assert references(spec) == schemas


def test_no_schema_is_named_after_its_module() -> None:
    assert [name for name in document()["components"]["schemas"] if "__" in name] == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_problem_of_a_route_is_known(route: Route) -> None:
    assert set(problems_of(route)) <= set(PROBLEMS)
    assert not {PROBLEMS[slug][0] for slug in problems_of(route)} & set(route.responses)


def test_every_reason_to_refuse_a_move_is_a_problem() -> None:
    assert {slug_of(why) for why in EXPLANATIONS} <= set(PROBLEMS)


def test_a_route_that_moves_a_job_names_every_reason_to_refuse_it() -> None:
    moving = [route for route in ROUTES if "overtaken" in route.problems]
    assert len(moving) == 3
    for route in moving:
        assert {slug_of(why) for why in EXPLANATIONS} <= set(route.problems), route.name


ONLY_BY_PEOPLE = ("/api/people", "/api/keys", "/api/business/texts/test")


def test_every_operation_lists_its_roles() -> None:
    said = {route.name: openapi_description(route) for route in ROUTES if route.roles}
    for route in ROUTES:
        if route.roles:
            by_person = route.path.startswith(ONLY_BY_PEOPLE)
            roles = ", ".join(role for role in ROLES if role in route.roles)
            person = ", not by an API key" if by_person else ""
            assert said[route.name] == f"For {roles}{person}."


def openapi_description(route: Route) -> str:
    path = re.sub(r"<(\w+)>", r"{\1}", route.path)
    return str(document()["paths"][path][route.method.lower()]["description"])


def test_the_file_contains_no_secrets() -> None:
    assert "password_hash" not in json.dumps(document())
