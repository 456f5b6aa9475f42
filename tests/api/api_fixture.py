"""The API with fake ports in memory. Requests come in as Function URL events from CloudFront."""

import base64
import copy
import gzip
import hashlib
import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.api.dependencies import Api
from functions.api.request import COOKIE
from functions.api.router import resolver
from functions.business.change_settings import ChangeSettings
from functions.business.set_logo import SetLogo
from functions.jobs.advance import AdvanceJob
from functions.jobs.create import CreateJob
from functions.jobs.edit import EditJob
from functions.jobs.take_slot import TakeSlot
from functions.messages.office_texts import SendOfficeText
from functions.messages.read_conversation import ReadConversation
from functions.messages.sms_once import SmsOnce
from functions.messages.text_now import SendTextNow
from functions.ops.dead_letters import DeadLetterService
from functions.ops.explain_job import ExplainJob
from functions.ops.overview import OpsOverview
from functions.ops.wiring import Ops
from functions.people.accounts import Account, Passwords, Role
from functions.people.api_keys import KeyCheck
from functions.people.assign_crew import AssignCrew
from functions.people.crew_location import ShareLocation
from functions.people.invitations import Invitations
from functions.people.known_devices import KnownDevices
from functions.people.manage_people import ManagePeople
from functions.people.rate_limits import Limit
from functions.people.sessions import KeyRing, Sessions, SigningKey, SigningKeys
from functions.people.sign_in import SignIn
from functions.photos.add_photo import AddPhoto
from functions.protocol.edge_secret import HEADER, EdgeCheck, EdgeSecrets
from functions.protocol.ports import Stored, Unavailable
from functions.repair.repair_deliveries import RepairDeliveries
from functions.repair.watch import WatchJobs
from functions.views.board import PublishBoard
from functions.views.job_index import IndexJob
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.views.views import Board, card_of, view_of
from tests.support.builders import NOON
from tests.support.business_fakes import FakeLogos, FakeSettingsStore
from tests.support.fakes import (
    Bucket,
    FakeBoards,
    FakeBus,
    FakeCrewLocations,
    FakeExecutions,
    FakeInvalidationCounter,
    FakeJobs,
    FakeLinkEnds,
    FakeLog,
    FakePhotos,
    FakeStuck,
    FakeTenants,
    FakeViews,
    no_pause,
)
from tests.support.faults import Faults
from tests.support.index_fakes import FakeJobIndex
from tests.support.message_fakes import (
    FakeConversations,
    FakeDelayedMessages,
    FakeDeliveries,
    FakeEndpoints,
    FakeMetrics,
    FakePhoneRecords,
    FakeSentTexts,
    FakeSmsProvider,
)
from tests.support.ops_fakes import (
    FakeDeadLetterQueues,
    FakeExecutionCounts,
    FakeExecutionRuns,
    FakeHistory,
    FakeInvalidationTimes,
    FakeOpsRecords,
)
from tests.support.roster_fakes import FakeAccounts, FakeApiKeys, FakeReservations, FakeRoster
from tests.support.slot_fakes import FakeSlots, slots_on_fakes

EDGE = "https://edge.test"
PASSWORD = "correct horse battery"
EDGE_SECRET = "the secret of the edge, 32 letters"
TENANT = "main"
BOARD_CHANNEL = "c" * 32


class FakeLimits:
    def __init__(self) -> None:
        self.taken: dict[tuple[str, str], tuple[int, datetime]] = {}

    def take(self, limit: Limit, key: str, now: datetime) -> bool:
        taken, ends = self.taken.get((limit.name, key), (0, now))
        if ends <= now:
            taken, ends = 0, now + limit.window
        if taken >= limit.most:
            return False
        ends = now + limit.window if limit.slides else ends
        self.taken[limit.name, key] = taken + 1, ends
        return True

    def clear(self, limit: Limit, key: str) -> None:
        self.taken.pop((limit.name, key), None)

    def wait(self, limit: Limit, key: str, now: datetime) -> timedelta:
        taken, ends = self.taken.get((limit.name, key), (0, now))
        return max(timedelta(), ends - now) if taken >= limit.most else timedelta()


class FakeEndedSessions:
    def __init__(self) -> None:
        self.until: dict[str, datetime] = {}

    def add(self, name: str, until: datetime) -> None:
        self.until[name] = until

    def has(self, name: str) -> bool:
        return name in self.until


class FakeKeyStore:
    def __init__(self, *kids: str) -> None:
        self.keys = SigningKeys(keys=tuple(a_key(kid) for kid in kids or ("first",)))
        self.reads = 0
        self.down = False

    def read(self) -> SigningKeys:
        self.reads += 1
        if self.down:
            raise Unavailable("down")
        return self.keys

    def write(self, keys: SigningKeys) -> None:
        self.keys = keys


class FakeEdgeSecrets:
    def __init__(self, current: str = EDGE_SECRET) -> None:
        self.content = EdgeSecrets(current=current)
        self.reads = 0

    def read(self) -> EdgeSecrets:
        self.reads += 1
        return self.content

    def write(self, content: EdgeSecrets) -> None:
        self.content = content


def a_key(kid: str) -> SigningKey:
    return SigningKey(kid=kid, key=hashlib.sha256(kid.encode()).hexdigest())


class FakeBoardCopies:
    def __init__(self, boards: FakeBoards) -> None:
        self.boards = boards

    def latest(self, tenant: str) -> Stored[Board]:
        return self.boards.read(tenant) or Stored(Board(), '"none"')


class CheapPasswords(Passwords):
    """Fast hashing; records every verification."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "verified", [])

    verified: list[bool]

    def hash(self, password: str) -> str:
        self.check(password)
        return hashlib.sha256(password.encode()).hexdigest()

    def match(self, password_hash: str | None, password: str) -> bool:
        self.verified.append(password_hash is not None)
        return password_hash == hashlib.sha256(password.encode()).hexdigest()


@dataclass(frozen=True)
class ApiReply:
    """A response as a client sees it."""

    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def slug(self) -> str:
        """The problem's slug; empty if the response is not a problem."""
        if self.headers.get("content-type") != "application/problem+json":
            return ""
        return str(self.json["type"]).removeprefix("/problems/")


@dataclass
class ApiBackend:
    """The API's Lambda function with fake ports. Tests set `now`."""

    faults: Faults = field(default_factory=Faults)
    passwords: Passwords = field(default_factory=CheapPasswords)
    now: datetime = NOON
    shows_docs: bool = False

    def __post_init__(self) -> None:
        self.bucket, self.site = Bucket(self.faults), Bucket(self.faults)
        self.jobs, self.views = FakeJobs(self.bucket), FakeViews(self.site)
        self.boards, self.index = FakeBoards(self.bucket), FakeJobIndex(self.faults)
        self.tenants = FakeTenants(
            self.bucket,
            *(BusinessSettings(tenant=t, name="Haulway") for t in ("main", "other")),
        )
        self.bus, self.executions = FakeBus(self.faults), FakeExecutions(self.faults)
        self.accounts, self.limits = FakeAccounts(), FakeLimits()
        self.roster, self.claims = FakeRoster(), FakeReservations(self.faults)
        self.keys, self.log, self.metrics = FakeKeyStore(), FakeLog(), FakeMetrics()
        self.conversations = FakeConversations(self.bucket)
        self.numbers, self.provider = FakePhoneRecords(self.bucket), FakeSmsProvider(self.faults)
        self.sent_texts, claims = FakeSentTexts(self.faults), itertools.count(1)
        self.texts_once = SmsOnce(
            FakeDeliveries(self.bucket), self.provider, self.metrics, self.log,
            lambda: f"claim-{next(claims)}", self.sent_texts, no_pause,
        )  # fmt: skip
        self.photos = FakePhotos(self.bucket, self.site)
        self.locations = FakeCrewLocations(self.faults)
        self.dead_letter_queues = FakeDeadLetterQueues(self.faults)
        self.invalidations = FakeInvalidationTimes(self.faults)
        self.execution_counts = FakeExecutionCounts()
        self.slot_sheets = FakeSlots(self.faults)
        slots = slots_on_fakes(self.jobs, self.tenants, self.slot_sheets, self.roster)
        self.ops = self._ops(slots)
        self.tokens = (f"{number:022}" for number in itertools.count(1))
        ids, ring = itertools.count(1), KeyRing(self.keys)
        self.ended_sessions = FakeEndedSessions()
        self.api_keys = FakeApiKeys()
        change_settings = ChangeSettings(FakeSettingsStore(self.bucket), no_pause)
        text_now = SendTextNow(self.numbers, self.texts_once, no_pause)
        dependencies = Api(
            edge=EdgeCheck(FakeEdgeSecrets()),
            jobs=self.jobs,
            boards=FakeBoardCopies(self.boards),
            board_channel=lambda tenant: BOARD_CHANNEL if tenant == TENANT else None,
            index=self.index,
            sent_texts=self.sent_texts,
            views=self.views,
            tenants=self.tenants,
            change_settings=change_settings,
            set_logo=SetLogo(FakeLogos(self.site), change_settings),
            slots=slots,
            create=CreateJob(
                self.jobs,
                self.views,
                self.executions,
                self.tenants,
                slots,
                lambda: next(self.tokens),
                no_pause,
            ),
            advance=AdvanceJob(self.jobs, self.executions, self.bus, slots, FakeLog(), no_pause),
            edit=EditJob(self.jobs, self.views, self.bus, self.assign, slots, no_pause),
            accounts=self.accounts,
            roster=self.roster,
            add_photo=AddPhoto(self.jobs, self.views, self.bus, self.photos, pause=no_pause),
            share_location=ShareLocation(self.locations),
            read_conversation=ReadConversation(
                self.conversations, self.numbers, FakeDeliveries(self.bucket), no_pause
            ),
            send_office_text=lambda: SendOfficeText(self.conversations, text_now, no_pause),
            send_text_now=lambda: text_now,
            sign_in=SignIn(self.accounts, self.limits, self.passwords),
            sessions=Sessions(ring, self.accounts, self.ended_sessions),
            keys=KeyCheck(self.api_keys, self.accounts),
            people=ManagePeople(self.accounts),
            invitations=Invitations(ring, self.accounts, self.passwords),
            devices=KnownDevices(ring),
            limits=self.limits,
            edge_url=lambda: EDGE,
            new_id=lambda: f"api-{next(ids)}",
            ops=lambda: self.ops,
            log=self.log,
            metrics=self.metrics,
            shows_docs=self.shows_docs,
        )
        self.use(dependencies)

    @property
    def assign(self) -> AssignCrew:
        return AssignCrew(self.accounts, self.roster, self.claims, self.jobs, self.tenants)

    def _ops(self, slots: TakeSlot) -> Ops:
        """What ops use, with the same fake ports."""
        deliveries = FakeDeliveries(self.bucket)
        watch = WatchJobs(
            self.jobs,
            self.views,
            self.executions,
            self.bus,
            self.tenants,
            PublishBoard(self.jobs, self.boards, IndexJob(self.index, no_pause), no_pause),
            FakeStuck(self.bucket),
            RepairDeliveries(
                deliveries,
                FakeEndpoints(self.bucket),
                FakeDelayedMessages(),
                FakeDelayedMessages(),
                self.bus,
                self.metrics,
                self.log,
                no_pause,
            ),
            slots,
            FakeLinkEnds(self.bucket),
            self.metrics,
            dict,
            no_pause,
            logos=FakeLogos(self.site),
        )
        return Ops(
            OpsOverview(
                self.jobs,
                FakeBoardCopies(self.boards),
                FakeOpsRecords(self.bucket),
                FakeInvalidationCounter(),
                self.execution_counts,
                self.dead_letter_queues,
                paths_a_month=1000,
            ),
            ExplainJob(
                self.jobs,
                FakeHistory(self.bucket, self.site),
                self.invalidations,
                deliveries,
                FakeExecutionRuns(self.executions, NOON),
                FakeStuck(self.bucket),
                lambda tenant, job_id: watch.missing(tenant, job_id, self.now),
            ),
            DeadLetterService(self.dead_letter_queues),
            lambda tenant, job_id: watch.repair(tenant, job_id, self.now),
            self.jobs.open_jobs,
        )

    def use(self, dependencies: Api) -> None:
        self.dependencies = dependencies
        self.app = resolver(dependencies, lambda: self.now)

    def other_container(self, dependencies: Api) -> "ApiBackend":
        """Another container on the same ports, with its own dependencies."""
        other = copy.copy(self)
        other.use(dependencies)
        return other

    def add_account(self, account: str, *roles: Role, tenant: str = TENANT) -> Account:
        made = Account(
            tenant=tenant,
            account=account,
            name=account.title(),
            roles=roles or ("dispatcher",),
            password_hash=self.passwords.hash(PASSWORD),
            password_since=NOON - timedelta(days=1),
        )
        self.accounts.add(made)
        return made

    def token(self, account: str, tenant: str = TENANT) -> str:
        """The session cookie's value after a sign-in."""
        known = self.accounts.known[tenant, account]
        return self.dependencies.sessions.begin(known, self.now)[0]

    def store(self, job: Job) -> Job:
        """Stores the job's object, view, and card."""
        flow = load_flow(job.flow)
        self.jobs.create(job)
        self.views.write(digest_of(job.token), view_of(job, flow), None)
        self.publish(job)
        return job

    def publish(self, *jobs: Job) -> None:
        """Puts the jobs on their tenant's board and into the index, as `publish_board` does."""
        tenant = jobs[0].tenant
        stored = self.boards.read(tenant)
        cards = [card_of(job, load_flow(job.flow)) for job in jobs]
        board = (stored.value if stored else Board()).merged(cards)
        self.boards.overwrite(tenant, board)
        for job in jobs:
            IndexJob(self.index, no_pause)(job)

    def job(self, job_id: str, tenant: str = TENANT) -> Job:
        return self.jobs.read(tenant, job_id).value

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: str | None = None,
        cookie: str | None = None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        tenant: str = TENANT,
    ) -> ApiReply:
        """Sends one request. `body` is sent as JSON, bytes unchanged; `by` is the account."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = b"" if body is None else sent
        extra = {"content-type": "application/json"} if body is not None else {}
        token = self.token(by, tenant) if by else cookie
        event = an_event(method, path, sent, extra | (headers or {}), token, query)
        return self.resolve(event)

    def resolve(self, event: dict[str, Any]) -> ApiReply:
        answer = self.app.resolve(event, LambdaContext())
        body = answer["body"] or ""
        if answer["isBase64Encoded"]:
            body = gzip.decompress(base64.b64decode(body)).decode()
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return ApiReply(answer["statusCode"], headers, answer.get("cookies", []), body)

    def state(self) -> dict[str, bytes]:
        """Everything that is stored, and every announced fact."""
        facts = {f"fact {n}": repr(fact).encode() for n, fact in enumerate(self.bus.facts)}
        people = {
            f"account {of}": repr(known).encode() for of, known in self.accounts.known.items()
        }
        days = {f"day {of}": repr(day).encode() for of, day in self.roster.known.items()}
        places = {
            f"place {of}": repr(place).encode() for of, place in self.locations.stored.items()
        }
        return self.bucket.objects | self.site.objects | facts | people | days | places


def an_event(
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    token: str | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Payload format 2.0 of a Function URL behind CloudFront."""
    seen = {"cloudfront-viewer-address": "203.0.113.7:46532", "x-forwarded-for": "203.0.113.7"}
    seen[HEADER] = EDGE_SECRET
    event: dict[str, Any] = {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": seen | (headers or {}),
        "requestContext": {
            "requestId": "3f1c5a52-6b0e-4a55-8a3c-1d2f6a0c9f10",
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "70.132.1.1"},
        },
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode(),
    }
    if token is not None:
        event["cookies"] = [f"{COOKIE}={token}"]
    if query:
        event["queryStringParameters"] = query
    return event
