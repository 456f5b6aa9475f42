"""The API's reference says what the OpenAPI document says."""

from docs.api_reference import PAGE, render, stored


def test_the_reference_is_the_one_generated_from_the_openapi_document() -> None:
    stored_page = PAGE.read_text(encoding="utf-8")
    assert stored_page == render(stored()), "run: python -m docs.api_reference"


def test_every_route_and_every_document_has_its_heading() -> None:
    page, spec = render(stored()), stored()
    routes = {f"### `{m.upper()} {path}`" for path, ops in spec["paths"].items() for m in ops}
    documents = {f"### {name}" for name in spec["components"]["schemas"]}
    assert routes | documents <= set(page.splitlines())
