"""What each function ought to be able to do, so that every one of its permissions is used."""

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from functions.accounts import Passwords, Role, new_account
from functions.aws.hooks import S3Endpoints, S3Numbers
from functions.aws.roster import DynamoAccounts
from functions.aws.stores import S3Tenants, S3Views
from functions.numbers import change_number
from functions.write_view import write_view
from local.laptop import Laptop
from statemachine.flows import load_flow
from statemachine.identity import digest_of
from statemachine.job import Customer, Early, Job
from statemachine.tenants import NEVER_QUIET, TenantSettings
from tests.api.office import an_event
from tests.builders import DISPATCHER, a_job
from tests.e2e.business import booking, jobs_of, move, stamp
from tests.e2e.privilege import Function
from tests.functions.making import left_behind, waited_for
from tests.hook_fakes import an_endpoint

TENANT = "privilege"
"""A business of its own: its jobs are written as they are needed and not booked."""
NOBODY = {"tenant": TENANT, "job_id": "261121-zzzzzz"}
UNREADABLE = {"no": "request"}
PASSWORD = "correct horse battery"
LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"

Act = Callable[[], None]
"""What the function is asked to do, once everything it needs has been prepared."""


def open_business(stack: Laptop) -> None:
    bucket = stack.outputs["JobsBucket"]
    settings = TenantSettings(tenant=TENANT, business="Least", quiet=NEVER_QUIET, time_zone="UTC")
    S3Tenants(stack.client("s3"), bucket).add(settings)
    accounts = DynamoAccounts(stack.client("dynamodb"), stack.outputs["CrewRosterTable"])
    hired: tuple[Role, ...] = ("dispatcher", "ops")
    accounts.add(new_account(TENANT, "dana", "Dana", hired, PASSWORD, _now(), Passwords()))


def books(create: Function) -> Act:
    def act() -> None:
        create.asked(booking(uuid.uuid4().int % 32768) | {"tenant": TENANT})
        create.delivered(UNREADABLE)

    return act


def advances(advance: Function) -> Act:
    waiting = _kept(advance.stack, waited_for(_new(), _fresh()))
    ended = _kept(advance.stack, _new("completed"))
    return lambda: advance.delivered(
        _asks(waiting, "confirm"),
        _asks(waiting, "reopen", reason="refused", expected_rev=1),
        _asks(ended, "reopen", reason="wrong address"),
        move(NOBODY["job_id"], "confirm", _fresh()) | NOBODY,
    )


def edits(edit: Function) -> Act:
    job = _kept(edit.stack, _new())
    about = _asks(job, "x")
    del about["move"]
    return lambda: edit.delivered(
        {**about, "changes": {"note": "mind the dog"}},
        {**about, **NOBODY, "changes": {"note": "no such job"}},
    )


def waits(register: Function) -> Act:
    job = _kept(register.stack, _new("ready_for_pickup"))
    about = {
        **_ref(job), "seq": 1, "execution": f"{TENANT}-{job.job_id}-g9", "retry": 0,
        "settles": True,
        "entered_at": "2030-01-01T00:00:00Z", "token": _fresh(),
    }  # fmt: skip
    return lambda: register.asked(about)


def settles(settle: Function) -> Act:
    job = _kept(settle.stack, _new())
    return lambda: settle.asked({**_ref(job), "seq": 0})


def publishes(publish: Function) -> Act:
    job = _kept(publish.stack, _new())
    return lambda: publish.delivered({**_ref(job), "rev": 1}, {**NOBODY, "rev": 1})


def forgets(forget: Function) -> Act:
    job = _kept(forget.stack, _new())

    def act() -> None:
        forget.delivered({**_ref(job), "rev": uuid.uuid4().int % 10**9})
        forget.delivered({**NOBODY, "rev": 1})

    return act


def rotates(rotate: Function) -> Act:
    return lambda: rotate.asked({})


def texts(send: Function) -> Act:
    """To one who wants texts and to one who said STOP, which is noted on the job."""
    phone, stopped = _a_phone(), _a_phone()
    job = _kept(send.stack, _new(customer=Customer(name="Ada", phone=phone)))
    other = _kept(send.stack, _new(customer=Customer(name="Bob", phone=stopped)))
    change_number(_numbers(send.stack), TENANT, stopped, lambda number: number.stop(_now()))

    def act() -> None:
        send.delivered({**_ref(job), "seq": 0}, {**_ref(other), "seq": 0}, UNREADABLE)
        assert _texts_to(send.stack, phone)
        assert not _texts_to(send.stack, stopped)

    return act


def receives(receive: Function) -> Act:
    """A text that is a note, one that wants an answer, and one that cannot be understood."""
    phone, job = _a_phone(), _kept(receive.stack, _new())
    known = _numbers(receive.stack)
    change_number(known, TENANT, phone, lambda number: number.texted(job.job_id, None))

    def act() -> None:
        receive.received(_inbound(phone, "The gate is open"), _inbound(phone, "HELP"), UNREADABLE)
        assert _texts_to(receive.stack, phone)

    return act


def fans_out(fan_out: Function) -> Act:
    """To an endpoint that is switched off: what would go there is noted and nobody is called."""
    _endpoint(fan_out.stack, "ep_off", state="disabled")
    fact = {**NOBODY, "seq": 0, "recorded_at": stamp(), "event_id": _fresh()}
    return lambda: fan_out.received({"detail-type": "JobCreated", "detail": fact}, UNREADABLE)


def delivers(deliver: Function) -> Act:
    """To one that has failed for so long that it is paused, which is announced."""
    endpoint, slow = f"ep_{uuid.uuid4().hex[:10]}", deliver.environment["SLOW_QUEUE_ARN"]
    long_ago = _now() - timedelta(days=30)
    _endpoint(
        deliver.stack, endpoint, url="http://127.0.0.1:9/", created_at=long_ago,
        failing_since=long_ago,
    )  # fmt: skip
    due = {
        "tenant": TENANT, "endpoint": endpoint, "about": NOBODY["job_id"], "mark": _fresh(),
        "type": "job.created", "timestamp": stamp(), "data": {}, "due_at": stamp(),
    }  # fmt: skip
    return lambda: deliver.delivered(due, UNREADABLE, queue_arn=slow)


def watches(watch: Function) -> Act:
    """One job to be rung, one to be started, one to be asked about, one to be let go."""
    stack, now = watch.stack, _now()
    soon, late, long_ago = (now - timedelta(seconds=s) for s in (60, 600, 3 * 86_400))
    early = Early(
        event_id=_fresh(), actor=DISPATCHER, move="complete", occurred_at=late, until=soon
    )
    rung = left_behind(_new("ready_for_pickup"), _fresh()).with_(early=(early,))
    _open(stack, _since(rung, soon))
    _open(stack, _since(_new(), soon))
    _open(stack, _since(_new(), late))
    over = _new("completed")
    over = _since(over.with_(execution=over.execution.with_(seq=over.seq)), long_ago)
    _open(stack, over)
    write_view(S3Views(stack.client("s3"), stack.outputs["SiteBucket"], 60), over, _flow(over))

    def act() -> None:
        watch.asked({})
        watch.delivered(UNREADABLE)

    return act


def answers(api: Function) -> Act:
    """Somebody signs in, takes down a job, moves and changes others, and looks at the board."""
    waiting = _kept(api.stack, waited_for(_new(), _fresh()))
    view = S3Views(api.stack.client("s3"), api.stack.outputs["SiteBucket"], 60)
    write_view(view, waiting, _flow(waiting))
    whose = {"cloudfront-viewer-address": f"203.0.113.{secrets.randbelow(255)}:{4096}"}

    def ask(method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex} | whose
        answer = api.asked(an_event(method, path, sent, headers, token))
        assert answer["statusCode"] < 300 or answer["statusCode"] == 409, answer
        return answer

    def act() -> None:
        person = {"account": "dana", "password": PASSWORD, "tenant": TENANT}
        cookie = ask("POST", "/api/session", person)["cookies"][0]
        token = cookie.partition("=")[2].partition(";")[0]
        ask("POST", "/api/jobs", {"customer_name": "Ada", "location": "1 Quay"}, token)
        ask("GET", "/api/jobs", None, token)
        moves = f"/api/jobs/{waiting.job_id}/moves"
        ask("POST", moves, {"move": "confirm"}, token)
        refused = ask("POST", moves, {"move": "reopen", "expected_rev": 1}, token)
        assert refused["statusCode"] == 409, refused
        ask("PATCH", f"/api/jobs/{waiting.job_id}", {"note": "mind the dog"}, token)
        ask("GET", f"/api/track/{digest_of(waiting.token)}")

    return act


SCENARIOS: dict[str, Callable[[Function], Act]] = {
    "api": answers,
    "create-job": books,
    "advance-job": advances,
    "edit-job": edits,
    "register-wait": waits,
    "settle-job": settles,
    "publish-board": publishes,
    "forget-at-edge": forgets,
    "send-messages": texts,
    "receive-sms": receives,
    "fan-out-facts": fans_out,
    "deliver-webhooks": delivers,
    "watch-jobs": watches,
    "rotate-keys": rotates,
}


def _new(status: str | None = None, **values: Any) -> Job:
    """A job of this minute that nobody has booked."""
    job_id = f"{_now():%y%m%d}-{''.join(secrets.choice(LETTERS) for _ in range(6))}"
    own = {"tenant": TENANT, "job_id": job_id, "event_id": _fresh(), "created_at": _now()}
    nameless = {"customer": Customer(name="Nobody"), "token": secrets.token_urlsafe(16)}
    return a_job(status, **{**own, **nameless, **values})


def _since(job: Job, at: datetime) -> Job:
    return job.with_(entered_at=at, execution=job.execution.with_(since=at))


def _kept(stack: Laptop, job: Job) -> Job:
    jobs_of(stack).create(job)
    return job


def _open(stack: Laptop, job: Job) -> None:
    jobs_of(stack).mark_open(TENANT, _kept(stack, job).job_id)


def _ref(job: Job) -> dict[str, str]:
    return {"tenant": TENANT, "job_id": job.job_id}


def _asks(job: Job, name: str, **more: Any) -> dict[str, Any]:
    return move(job.job_id, name, _fresh(), **more) | _ref(job)


def _flow(job: Job) -> Any:
    return load_flow(job.flow)


def _numbers(stack: Laptop) -> S3Numbers:
    return S3Numbers(stack.client("s3"), stack.outputs["JobsBucket"])


def _endpoint(stack: Laptop, endpoint_id: str, **values: Any) -> None:
    endpoints = S3Endpoints(stack.client("s3"), stack.outputs["JobsBucket"])
    if endpoints.read(TENANT, endpoint_id) is None:
        past = {"created_at": _now() - timedelta(days=1)} | values
        endpoints.write(an_endpoint(endpoint_id, tenant=TENANT, **past), None)


def _inbound(phone: str, body: str) -> dict[str, str]:
    text = {
        "originationNumber": phone, "destinationNumber": "+15555559999", "messageBody": body,
        "inboundMessageId": _fresh(),
    }  # fmt: skip
    return {"Message": json.dumps(text), "Timestamp": stamp()}


def _texts_to(stack: Laptop, phone: str) -> list[str]:
    answer = httpx.get(
        f"{stack.engine.url}/_ministack/sns/sms-messages", params={"phoneNumber": phone}
    )
    return [each["Message"] for each in answer.json()["sms_messages"].get(phone, [])]


def _a_phone() -> str:
    return f"+1555{secrets.randbelow(10**7):07}"


def _fresh() -> str:
    return uuid.uuid4().hex


def _now() -> datetime:
    return datetime.now(UTC)
