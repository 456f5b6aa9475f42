"""What the function of the API must be able to do for dispatchers, crews, and ops."""

import base64
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx

from functions.aws.job_index import DynamoJobIndex
from functions.aws.messages import S3Deliveries
from functions.aws.s3_stores import S3Stuck, S3Views
from functions.aws.secrets import SecretStore
from functions.protocol.edge_secret import HEADER, EdgeSecrets
from functions.protocol.ports import StuckJob
from functions.views.job_index import IndexJob
from functions.views.write_view import write_view
from local.laptop import Laptop
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job
from statemachine.values.ids import digest_of
from tests.api.api_fixture import an_event
from tests.e2e.support.function_copy import Function
from tests.e2e.support.jobs import jobs_of, stamp
from tests.e2e.support.permission_jobs import (
    DESK,
    PASSWORD,
    TENANT,
    a_text,
    driver,
    fresh,
    kept,
    new,
    now,
    ref,
    tomorrow,
    with_signed_in_driver,
)
from tests.functions.creation import waited_for
from tests.support.pictures import a_phone_photo, a_png

RAW = a_phone_photo()


@dataclass
class FunctionClient:
    """Calls the function as CloudFront does, from its own IP address."""

    api: Function
    token: str | None = None

    def __post_init__(self) -> None:
        self.address = f"203.0.113.{secrets.randbelow(255)}:4096"

    def sign_in(self) -> "FunctionClient":
        who = {"account": DESK, "password": PASSWORD, "tenant": TENANT}
        answer = self._answer("POST", "/api/session", who)
        assert answer["statusCode"] == 200, answer
        self.token = answer["cookies"][0].partition("=")[2].partition(";")[0]
        return self

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The document; raises AssertionError for any other answer."""
        answer = self._answer(method, path, body, **headers)
        assert answer["statusCode"] < 300, answer
        return json.loads(answer["body"] or "null")

    def refused(self, method: str, path: str, body: Any, status: int = 409) -> None:
        answer = self._answer(method, path, body)
        assert answer["statusCode"] == status, answer

    def _answer(self, method: str, path: str, body: Any, **more: str) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
        headers |= {"cloudfront-viewer-address": self.address, HEADER: edge_secret(self.api.stack)}
        named = {name.replace("_", "-"): value for name, value in more.items()}
        path, _, query = path.partition("?")
        asked = dict(parse_qsl(query))
        return self.api.asked(an_event(method, path, sent, headers | named, self.token, asked))


def edge_secret(stack: Laptop) -> str:
    store = SecretStore(stack.client("secretsmanager"), stack.outputs["EdgeSecretArn"], EdgeSecrets)
    return store.read().current


SESSIONS: dict[str, FunctionClient] = {}
"""By the function's role. A sign-in is slow on purpose; `dispatches` has one in each run."""


def a_session(api: Function) -> FunctionClient:
    if api.role not in SESSIONS:
        SESSIONS[api.role] = FunctionClient(api).sign_in()
    return SESSIONS[api.role]


def dispatches(api: Function) -> Callable[[], None]:
    """Sign in, create a job, move and edit others, read the board, and search all jobs."""
    waiting = kept(api.stack, waited_for(new(), fresh()))
    planned = kept(api.stack, new(schedule=tomorrow(), crew=()))
    crew = {"note": "mind the dog", "crew": [driver(api.stack)]}
    view = S3Views(api.stack.client("s3"), api.stack.outputs["SiteBucket"], 60)
    write_view(view, waiting, load_flow(waiting.flow), now())
    index = DynamoJobIndex(api.stack.client("dynamodb"), api.stack.outputs["JobIndexTable"])
    IndexJob(index)(planned)

    def act() -> None:
        client = FunctionClient(api).sign_in()
        client.ask("POST", "/api/jobs", {"customer_name": "Ada", "location": "1 Quay"})
        client.ask("GET", "/api/jobs")
        assert client.ask("GET", "/api/jobs?scope=all")["jobs"]
        moves = f"/api/jobs/{waiting.job_id}/moves"
        client.ask("POST", moves, {"move": "confirm"})
        client.refused("POST", moves, {"move": "reopen", "expected_rev": 1})
        client.ask("PATCH", f"/api/jobs/{planned.job_id}", crew, if_match='"1"')
        client.ask("GET", "/api/crew")
        client.ask("GET", f"/api/track/{digest_of(waiting.token)}")
        rev = client.ask("GET", f"/api/jobs/{waiting.job_id}")["rev"]
        link = {"link": "replace"}
        client.ask("PATCH", f"/api/jobs/{waiting.job_id}", link, if_match=f'"{rev}"')
        assert view.read(digest_of(waiting.token)) is None
        client.ask("DELETE", "/api/session")
        client.refused("GET", "/api/session", None, status=401)

    return act


def converses(api: Function) -> Callable[[], None]:
    """Read the conversation with a job's customer, text them, and mark it as read."""
    phone = f"+1555{uuid.uuid4().int % 10**7:07}"
    job = kept(api.stack, new(customer=Customer(name="Ada", phone=phone)))
    client = a_session(api)

    def act() -> None:
        found = client.ask("GET", f"/api/jobs/{job.job_id}/conversation")
        path = f"/api/conversations/{found['conversation']}"
        text = {"text": "Ten minutes", "job_id": job.job_id}
        assert client.ask("POST", f"{path}/messages", text)["state"] == "sent"
        client.ask("PUT", f"{path}/read", {"seq": 1})
        assert client.ask("GET", "/api/conversations")["conversations"]

    return act


def works(api: Function) -> Callable[[], None]:
    """Plan a day and reset it; send a photo and a crew location."""
    client = a_session(api)
    job = kept(api.stack, with_signed_in_driver(new("in_progress")))
    over = kept(api.stack, with_signed_in_driver(new("cancelled")))
    view = S3Views(api.stack.client("s3"), api.stack.outputs["SiteBucket"], 60)
    write_view(view, job, load_flow(job.flow), now())
    day, path = f"/api/crew/{DESK}/days/{now():%Y-%m-%d}", f"/api/jobs/{job.job_id}"
    here = {"latitude": 37.775, "longitude": -122.42, "occurred_at": stamp()}

    def act() -> None:
        client.ask("PUT", day, {"hours": []})
        client.ask("DELETE", day)
        _photographs(client, path)
        client.refused("POST", f"/api/jobs/{over.job_id}/photos", _a_photo(), status=422)
        client.ask("PUT", f"{path}/location", here)
        client.ask("GET", f"/api/track/{digest_of(job.token)}/location")
        client.ask("DELETE", f"{path}/location")

    return act


def _photographs(client: FunctionClient, path: str) -> None:
    """The upload goes through the edge, to the address that the function has presigned."""
    request_body = _a_photo()
    announced = client.ask("POST", f"{path}/photos", request_body)
    upload = announced["upload"]
    url = f"{client.api.stack.edge_url}{upload['url']}"
    assert httpx.put(url, content=RAW, headers=upload["headers"]).status_code == 200
    client.ask("POST", f"{path}/photos/{announced['photo_id']}", request_body)


def _a_photo() -> dict[str, Any]:
    return {
        "event_id": fresh(), "occurred_at": stamp(), "kind": "before", "media_type": "image/jpeg",
        "bytes": len(RAW),
    }  # fmt: skip


def oversees(api: Function) -> Callable[[], None]:
    """Read the overview and a timeline, repair a job, and handle dead letters."""
    client = a_session(api)
    job_id = client.ask("POST", "/api/jobs", {"customer_name": "Ada", "location": "1 Quay"})[
        "job_id"
    ]
    job = jobs_of(api.stack).read(TENANT, job_id).value
    _trouble(api, job)
    again, away = _dead_letter(api, job), _dead_letter(api, job)

    def act() -> None:
        for path in ("/api/ops", f"/api/ops/jobs/{job_id}"):
            incomplete = client.ask("GET", path)["incomplete"]
            assert incomplete == [], incomplete
        client.ask("POST", f"/api/ops/jobs/{job_id}/repair")
        letters = "/api/ops/dead-letters/publish_board"
        found = {letter["message_id"] for letter in client.ask("GET", letters)["messages"]}
        assert {again, away} <= found
        for what, message_id in (("redrive", again), ("discard", away)):
            request_body = {"message_ids": [message_id]}
            assert client.ask("POST", f"{letters}/{what}", request_body)["done"] == 1

    return act


def owns(api: Function) -> Callable[[], None]:
    """The owner changes a setting, twice, reads who changed what, and sets a logo."""
    desk = a_session(api)

    def act() -> None:
        for name in ("Less", "Least"):
            version = desk.ask("GET", "/api/business")["version"]
            desk.ask("PATCH", "/api/business", {"name": name}, if_match=f'"{version}"')
        changes = desk.ask("GET", "/api/business/history")["changes"][:2]
        assert [change["version"] for change in changes] == [version + 1, version]
        image = base64.b64encode(a_png()).decode()
        assert desk.ask("PUT", "/api/business/logo", {"image": image})["logo"]["width"] > 0

    return act


def _trouble(api: Function, job: Job) -> None:
    """A delivery about the job, and a record that it is stuck."""
    s3, bucket = api.stack.client("s3"), api.stack.outputs["JobsBucket"]
    S3Deliveries(s3, bucket).create(a_text(job, now()).end("sent", now()))
    S3Stuck(s3, bucket).add(StuckJob(**ref(job), why="keeps_failing", since=now()))


def _dead_letter(api: Function, job: Job) -> str:
    """A dead letter that is harmless when it is redriven: the board reads the job again."""
    body = {"detail-type": "JobMoved", "detail": {**ref(job), "rev": 1}}
    sent = api.stack.client("sqs").send_message(
        QueueUrl=api.stack.outputs["BoardDeadLettersUrl"], MessageBody=json.dumps(body)
    )
    return str(sent["MessageId"])
