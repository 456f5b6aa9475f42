"""The Lambda behind `/api/*`: a Function URL that only CloudFront may call.

Powertools routes; checking is ours. Its own validation (`enable_validation`) costs little at import
(20 ms of CPU beside 240, see bench/api.py), but it runs before anybody has asked who is there,
takes a form or a list where an object is wanted, and makes a 500 of a body that is no UTF-8.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from functions.advance_job import AdvanceJob
from functions.api.crew_cards import CrewCards
from functions.api.dependencies import Api
from functions.api.dispatch import dispatch
from functions.api.request import ApiRequest, request_of
from functions.api.routes import ROUTES, Route
from functions.aws.board_copies import S3BoardCopies
from functions.aws.business_settings import S3SettingsStore
from functions.aws.container import (
    HasRoster,
    OpsNames,
    client,
    credentials,
    log,
    one_attempt,
    read_settings,
    utc_now,
)
from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.ended_sessions import DynamoEndedSessions
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.metrics import LogMetrics
from functions.aws.photos import S3Photos
from functions.aws.roster import DynamoAccounts, DynamoLimits
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.signing_keys import SecretKeyStore
from functions.aws.site_address import NotedEdgeAddress, NotedParameter
from functions.aws.stepfunctions import StepFunctionsExecutions
from functions.business.change_settings import ChangeSettings
from functions.create_job import CreateJob
from functions.edit_job import EditJob, assign_crew
from functions.people.accounts import Passwords
from functions.people.crew_location import ShareLocation
from functions.people.known_devices import KnownDevices
from functions.people.sessions import KeyRing, Sessions
from functions.people.sign_in import SignIn
from functions.photos.add_photo import AddPhoto
from functions.protocol.batches import once

if TYPE_CHECKING:
    from functions.ops.wiring import Ops


class Settings(OpsNames, HasRoster):
    session_keys: str
    uploads_host: str
    """The jobs bucket by the name under which the edge asks it."""
    edge_url: str = ""
    """Where customers reach us, if the deployment knows; else it is noted in the parameter."""
    edge_url_parameter: str
    distribution_parameter: str
    api_docs: str = "off"


@once
def wire() -> LambdaFunctionUrlResolver:
    settings = read_settings(Settings)
    s3, dynamodb = one_attempt("s3"), client("dynamodb")
    jobs = S3Jobs(s3, settings.jobs_bucket)
    views = public_views(s3, settings)
    tenants = S3Tenants(s3, settings.jobs_bucket)
    executions = StepFunctionsExecutions(
        client("stepfunctions"), settings.machine_prefix, settings.machine_alias
    )
    bus = EventBridgeBus(client("events"), settings.bus_name)
    accounts = DynamoAccounts(dynamodb, settings.crew_roster)
    limits = DynamoLimits(dynamodb, settings.crew_roster)
    photos = S3Photos(
        client("s3"),
        settings.jobs_bucket,
        settings.site_bucket,
        settings.uploads_host,
        credentials(),
    )
    keys = KeyRing(SecretKeyStore(client("secretsmanager"), settings.session_keys))
    ended = DynamoEndedSessions(dynamodb, settings.crew_roster)
    api = Api(
        jobs=jobs,
        boards=S3BoardCopies(s3, settings.jobs_bucket),
        crews=CrewCards(jobs),
        views=views,
        tenants=tenants,
        change_settings=ChangeSettings(S3SettingsStore(s3, settings.jobs_bucket)),
        create=CreateJob(jobs, views, executions, tenants),
        advance=AdvanceJob(jobs, executions, bus),
        edit=EditJob(
            jobs, views, bus, assign_crew(settings, jobs, tenants), task_tokens=executions
        ),
        accounts=accounts,
        roster=DynamoRoster(dynamodb, settings.crew_roster),
        add_photo=AddPhoto(jobs, views, bus, photos, task_tokens=executions),
        share_location=ShareLocation(DynamoCrewLocations(dynamodb, settings.crew_roster)),
        sign_in=SignIn(accounts, limits, Passwords()),
        sessions=Sessions(keys, accounts, ended),
        devices=KnownDevices(keys),
        limits=limits,
        edge_url=_edge_address(settings),
        new_id=lambda: f"api-{uuid.uuid4()}",
        ops=_ops(settings),
        log=log,
        metrics=LogMetrics(),
        shows_docs=settings.api_docs == "on",
    )
    return resolver(api)


def _ops(settings: Settings) -> "Callable[[], Ops]":
    def made() -> "Ops":
        from functions.ops.wiring import ops_of  # only ops pay for importing it

        ssm = client("ssm")
        distribution = NotedParameter(ssm, settings.distribution_parameter)
        return ops_of(client, one_attempt, settings, lambda: distribution.value)

    return cache(made)


def _edge_address(settings: Settings) -> Any:
    if settings.edge_url:
        return lambda: settings.edge_url.rstrip("/")
    noted = NotedEdgeAddress(client("ssm"), settings.edge_url_parameter)
    return lambda: noted.url


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


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return wire().resolve(event, context)
