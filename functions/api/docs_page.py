"""Swagger UI for the API, where `API_DOCS` is on: on the laptop.

Swagger UI comes with Powertools. Its scripts and styles are separate routes, because the edge's
content security policy allows no inline script.
"""

from collections.abc import Callable
from pathlib import Path

import aws_lambda_powertools.event_handler.openapi as powertools_openapi

from functions.api.dependencies import Api
from functions.api.openapi import openapi, to_text
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, MediaBody
from functions.api.route import EVERYONE, Route

SWAGGER = Path(powertools_openapi.__path__[0]) / "swagger_ui"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Haulway API</title>
<link rel="stylesheet" href="/api/docs/swagger.css">
<div id="swagger"></div>
<script src="/api/docs/swagger.js"></script>
<script src="/api/docs/start.js"></script>
</html>
"""

START = """"use strict";
SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
});
"""


def _handler(media_type: str, text: Callable[[], str]) -> Callable[[Api, ApiRequest], ApiResponse]:
    return lambda _api, _request: ApiResponse(
        200, MediaBody(f"{media_type}; charset=utf-8", text()), compress=True
    )


def _file(name: str) -> str:
    return (SWAGGER / name).read_text(encoding="utf-8")


DOCS = tuple(
    Route(
        method="GET",
        path=path,
        summary="Documentation",
        roles=EVERYONE,
        handler=_handler(media_type, text),
        responses={200: None},
    )
    for path, media_type, text in (
        ("/api/openapi.json", "application/json", lambda: to_text(openapi())),
        ("/api/docs", "text/html", lambda: PAGE),
        ("/api/docs/start.js", "text/javascript", lambda: START),
        ("/api/docs/swagger.js", "text/javascript", lambda: _file("swagger-ui-bundle.min.js")),
        ("/api/docs/swagger.css", "text/css", lambda: _file("swagger-ui.min.css")),
    )
)
