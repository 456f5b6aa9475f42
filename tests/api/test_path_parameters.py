"""Malformed values in a path are unknown things, whatever S3 or DynamoDB would say about them."""

import pytest

from functions.api.route import PARAMETERS, Route
from functions.api.routes import ROUTES
from tests.api.api_fixture import ApiBackend
from tests.api.test_roles import BODIES, PATH_VALUES
from tests.support.builders import a_job

MALFORMED = ("a" * 1100, "+12065550100", "0" * 1100, "A", "٢٠٢٦-١١-٢٢", "a%0A")
CELLS = [(route, name) for route in ROUTES for name in route.parameters]


@pytest.mark.parametrize(("route", "name"), CELLS, ids=lambda each: getattr(each, "name", each))
def test_a_malformed_parameter_is_refused_before_anything_is_read(
    api: ApiBackend, route: Route, name: str
) -> None:
    api.store(a_job("ready_for_pickup"))
    before = api.state()
    for wrong in MALFORMED:
        path = route.path
        for each, value in (PATH_VALUES | {name: wrong}).items():
            path = path.replace(f"<{each}>", value)
        got = api.send(route.method, path, BODIES.get(route.name), by="olive")
        assert got.slug == PARAMETERS[name].problem, (wrong[:20], got)
    assert api.state() == before


def test_a_number_for_texts_is_no_business(api: ApiBackend) -> None:
    api.bucket.objects["directory/+12065550100.json"] = b'{"tenant": "main"}'
    assert api.send("GET", "/api/businesses/+12065550100").slug == "unknown-business"
    assert api.send("GET", "/api/businesses/+12065550100/slots").slug == "unknown-business"
