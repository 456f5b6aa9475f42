"""Powertools' router with the table of routes in it."""

from collections.abc import Callable
from datetime import datetime

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from functions.api.dependencies import Api
from functions.api.dispatch import dispatch
from functions.api.request import ApiRequest, request_of
from functions.api.route import Route
from functions.api.routes import ROUTES
from functions.protocol.clock import utc_now


def resolver(api: Api, clock: Callable[[], datetime] = utc_now) -> LambdaFunctionUrlResolver:
    """Powertools' router with our table in it."""
    app = LambdaFunctionUrlResolver()

    def asked(parameters: dict[str, str]) -> ApiRequest:
        return request_of(app.current_event.raw_event, parameters, clock())

    def add(route: Route) -> None:
        def answer(**parameters: str) -> Response[str]:
            return dispatch(api, route, asked(parameters))

        app.route(route.path, method=route.method)(answer)

    for route in (*ROUTES, *_documentation(api)):
        add(route)

    @app.not_found
    def nowhere(error: NotFoundError) -> Response[str]:
        return dispatch(api, None, asked({}))

    return app


def _documentation(api: Api) -> tuple[Route, ...]:
    if not api.shows_docs:
        return ()
    from functions.api.docs_page import DOCS  # on AWS no one pays for importing it

    return DOCS
