"""The Lambda function behind `/api/*`: a Function URL that only answers CloudFront.

Powertools does the routing; our code does the validation. Powertools' own (`enable_validation`)
adds little to the import (20 ms of CPU to 240, see bench/api.py), but it runs before the caller is
authenticated, accepts a form or a list where an object is required, and answers 500 to a body that
is not UTF-8.
"""

import uuid
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver

from functions.api.dependencies import Api
from functions.aws.api_keys import DynamoApiKeys
from functions.aws.board_channels import S3BoardChannels
from functions.aws.board_copies import S3BoardCopies
from functions.aws.business_settings import S3SettingsStore
from functions.aws.container import (
    HasIndex,
    OpsNames,
    client,
    credentials,
    log,
    once,
    one_attempt,
    read_settings,
)
from functions.aws.conversations import S3Conversations
from functions.aws.crew_locations import DynamoCrewLocations
from functions.aws.ended_sessions import DynamoEndedSessions
from functions.aws.eventbridge import EventBridgeBus
from functions.aws.invalidation_usage import public_views
from functions.aws.job_index import DynamoJobIndex
from functions.aws.logos import S3Logos
from functions.aws.messages import S3Deliveries, S3PhoneRecords
from functions.aws.metrics import LogMetrics
from functions.aws.photos import S3Photos
from functions.aws.rate_limits import DynamoLimits
from functions.aws.roster import DynamoAccounts
from functions.aws.roster_days import DynamoRoster
from functions.aws.s3_stores import S3Jobs, S3Tenants
from functions.aws.secrets import SecretStore
from functions.aws.sent_texts import DynamoSentTexts
from functions.aws.site_address import StoredEdgeAddress, StoredParameter
from functions.business.change_settings import ChangeSettings
from functions.business.set_logo import SetLogo
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.messages.office_texts import SendOfficeText
from functions.messages.read_conversation import ReadConversation
from functions.messages.text_now import SendTextNow
from functions.people.accounts import Passwords
from functions.people.api_keys import KeyCheck
from functions.people.crew_location import ShareLocation
from functions.people.invitations import Invitations
from functions.people.known_devices import KnownDevices
from functions.people.manage_people import ManagePeople
from functions.people.sessions import KeyRing, Sessions, SigningKeys
from functions.people.sign_in import SignIn
from functions.photos.add_photo import AddPhoto
from functions.protocol.edge_secret import EdgeCheck, EdgeSecrets
from functions.wiring.assign_crew import assign_crew_of
from functions.wiring.executions import executions_of
from functions.wiring.sms_once import TextingSettings, sms_once_of
from functions.wiring.take_slot import take_slot_of

if TYPE_CHECKING:
    from functions.ops.wiring import Ops
from functions.api.router import resolver


class Settings(OpsNames, HasIndex, TextingSettings):
    session_keys: str
    edge_secret: str
    uploads_host: str
    """The host name under which the edge reaches the jobs bucket."""
    edge_url: str = ""
    """Where customers reach us, if the deployment knows it; otherwise the parameter has it."""
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
    conversations = S3Conversations(s3, settings.jobs_bucket)
    numbers = S3PhoneRecords(s3, settings.jobs_bucket)
    executions = executions_of(settings)
    bus = EventBridgeBus(client("events"), settings.bus_name)
    accounts = DynamoAccounts(dynamodb, settings.crew_roster)
    limits = DynamoLimits(dynamodb, settings.crew_roster)
    slots = take_slot_of(settings, jobs, tenants)
    photos = S3Photos(
        client("s3"),
        jobs_bucket=settings.jobs_bucket,
        site_bucket=settings.site_bucket,
        uploads_host=settings.uploads_host,
        credentials=credentials(),
    )
    secrets = client("secretsmanager")
    keys = KeyRing(SecretStore(secrets, settings.session_keys, SigningKeys))
    ended = DynamoEndedSessions(dynamodb, settings.crew_roster)
    change_settings = ChangeSettings(
        S3SettingsStore(s3, settings.jobs_bucket), shared_number=settings.sms_origination
    )
    text_now = cache(lambda: SendTextNow(numbers, sms_once_of(settings, s3, settings.jobs_bucket)))
    api = Api(
        edge=EdgeCheck(SecretStore(secrets, settings.edge_secret, EdgeSecrets)),
        jobs=jobs,
        boards=S3BoardCopies(s3, settings.jobs_bucket),
        board_channel=S3BoardChannels(s3, settings.jobs_bucket).read,
        index=DynamoJobIndex(dynamodb, settings.job_index),
        sent_texts=DynamoSentTexts(dynamodb, settings.job_index),
        views=views,
        tenants=tenants,
        change_settings=change_settings,
        set_logo=SetLogo(S3Logos(client("s3"), settings.site_bucket), change_settings),
        slots=slots,
        create=CreateJob(
            jobs=jobs, views=views, executions=executions, tenants=tenants, slots=slots
        ),
        advance=AdvanceJob(jobs=jobs, executions=executions, bus=bus, slots=slots, log=log),
        edit=EditJob(
            jobs=jobs,
            views=views,
            bus=bus,
            crew=assign_crew_of(settings, jobs, tenants),
            slots=slots,
            task_tokens=executions,
        ),
        accounts=accounts,
        roster=DynamoRoster(dynamodb, settings.crew_roster),
        add_photo=AddPhoto(jobs=jobs, views=views, bus=bus, photos=photos, task_tokens=executions),
        share_location=ShareLocation(DynamoCrewLocations(dynamodb, settings.crew_roster)),
        read_conversation=ReadConversation(
            conversations, numbers, S3Deliveries(s3, settings.jobs_bucket)
        ),
        send_office_text=lambda: SendOfficeText(conversations, text_now()),
        send_text_now=text_now,
        sign_in=SignIn(accounts=accounts, limits=limits, passwords=Passwords()),
        sessions=Sessions(keys=keys, accounts=accounts, ended=ended),
        keys=KeyCheck(DynamoApiKeys(dynamodb, settings.crew_roster), accounts),
        people=ManagePeople(accounts),
        invitations=Invitations(keys, accounts, Passwords()),
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
    def ops() -> "Ops":
        from functions.ops.wiring import ops_of  # only requests of ops pay for this import

        distribution = StoredParameter(client("ssm"), settings.distribution_parameter)
        return ops_of(client, one_attempt, settings, lambda: distribution.value)

    return cache(ops)


def _edge_address(settings: Settings) -> Any:
    if settings.edge_url:
        return lambda: settings.edge_url.rstrip("/")
    stored = StoredEdgeAddress(client("ssm"), settings.edge_url_parameter)
    return lambda: stored.url


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return wire().resolve(event, context)
