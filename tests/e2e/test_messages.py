"""Hooks on the real engine: texts at its SMS inspector, webhooks at receivers of our own."""

import json
import os
import signal
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from functions.aws.messages import S3Deliveries
from functions.aws.s3_stores import S3Tenants, to_bytes
from functions.messages.deliveries import change, delivery_log
from local.laptop import Laptop
from statemachine.business.business import NEVER_QUIET, BusinessSettings, QuietHours
from statemachine.job.deliveries import Delivery
from statemachine.messages.sms_texts import HOW_TO_STOP
from statemachine.messages.sms_wording import DAYS, MONTHS
from statemachine.values.values import Language
from tests.conftest import free_port
from tests.e2e.support.jobs import booking, haul, jobs_of, move, put, until

pytestmark = pytest.mark.engine

FORWARD = ("confirm", "start", "complete")


@pytest.fixture(scope="module")
def tenant(stack: Laptop) -> str:
    """A business without quiet hours, so that the test passes at night too."""
    name = f"t{uuid.uuid4().hex[:8]}"
    settings = BusinessSettings(tenant=name, name="Quick Haul", quiet=NEVER_QUIET, time_zone="UTC")
    S3Tenants(stack.client("s3"), stack.outputs["JobsBucket"]).add(settings)
    return name


def sms_to(stack: Laptop, phone: str) -> list[str]:
    answer = stack.engine.ask("GET", "/_ministack/sns/sms-messages", params={"phoneNumber": phone})
    by_number = answer.json()["sms_messages"]
    return [message["Message"] for message in by_number.get(phone, [])]


def window_in(days: int) -> dict[str, str]:
    """From 2 to 4 PM, so many days from now; a text promises nothing for the past."""
    day = f"{datetime.now(UTC) + timedelta(days):%Y-%m-%d}"
    return {"window_start": f"{day}T14:00:00Z", "window_end": f"{day}T16:00:00Z"}


def told(days: int, language: str) -> str:
    """How a text tells that window."""
    day = datetime.now(UTC) + timedelta(days)
    if language == "en":
        return f" for {day:%a}, {day:%b} {day.day}, 2:00-4:00 PM"
    names = DAYS["es"].split()[day.weekday()], MONTHS["es"].split()[day.month - 1]
    return f" para el {names[0]} {day.day} {names[1]}, 14:00-16:00"


def booked(
    stack: Laptop, tenant: str, number: int, phone: str | None = None, language: str = "en"
) -> str:
    request = booking(number, prefix="hks") | {"tenant": tenant}
    request["customer"] = {"name": "Jose Wong", "language": language}
    if phone:
        request["customer"]["phone"] = phone
    request["schedule"] = window_in(days=2)
    put(stack, "JobRequested", [request])
    job_id: str = request["job_id"]
    until(lambda: _exists(stack, tenant, job_id), bool)
    return job_id


def _exists(stack: Laptop, tenant: str, job_id: str) -> bool:
    return job_id in set(jobs_of(stack).all_ids(tenant))


def moved(stack: Laptop, tenant: str, job_id: str, name: str) -> None:
    why = {"tenant": tenant, "reason": "the gate is locked"}
    put(stack, "JobMoveRequested", [move(job_id, name) | why])


TEXTS = [
    "Quick Haul: Hola Jose, reservamos su recogida{window}. "
    "Responda SI si le viene bien. Detalles: {link}",
    "Quick Haul: Hola Jose, confirmamos su recogida{window}. Siga o cambie su servicio: {link}",
    "Quick Haul: Su equipo ya trabaja en su servicio. Vea el avance: {link}",
    "Quick Haul: Todo listo, Jose. ¡Gracias! Detalles: {link}",
]
"""A job from end to end; test_texts_table.py plays every text in both languages."""
CHANGES = [
    "Quick Haul: Hi Jose, your pickup was moved. It is now set{window}. Track or change it: {link}",
    "Quick Haul: Your crew is on the job now. Follow along: {link}",
    "Quick Haul: Hi Jose, our crew could not complete your pickup. "
    "We will contact you about a new time. Details: {link}",
]


def expected(
    stack: Laptop, job_id: str, tenant: str, language: str, texts: list[str], days: int = 2
) -> list[str]:
    noted = stack.client("ssm").get_parameter(Name="/haulway/local/edge-url")["Parameter"]["Value"]
    link = f"{noted}/track/{jobs_of(stack).read(tenant, job_id).value.token}"
    return [t.replace("{link}", link).replace("{window}", told(days, language)) for t in texts]


def first(texts: list[str], language: Language) -> list[str]:
    """With what the first text to a number says at its end."""
    return [f"{texts[0]} {HOW_TO_STOP.get(language)}", *texts[1:]]


def log_of(stack: Laptop, tenant: str, job_id: str) -> list[Delivery]:
    deliveries = S3Deliveries(stack.client("s3"), stack.outputs["JobsBucket"])
    return delivery_log(deliveries, tenant, job_id)


def test_a_job_through_four_statuses_sends_four_texts_word_for_word(
    stack: Laptop, tenant: str
) -> None:
    language: Language = "es"
    phone = "+15555550101"
    job_id = booked(stack, tenant, 1, phone, language)
    until(lambda: sms_to(stack, phone), lambda texts: len(texts) == 1)
    for count, name in enumerate(FORWARD, start=2):
        moved(stack, tenant, job_id, name)
        until(lambda: len(sms_to(stack, phone)), count.__eq__)
    texts = expected(stack, job_id, tenant, language, TEXTS)
    assert sms_to(stack, phone) == first(texts, language)
    log = until(lambda: log_of(stack, tenant, job_id), lambda log: all(d.ended for d in log))
    assert [(d.name.mark, d.state, d.to, len(d.attempts)) for d in log] == [
        (str(seq), "sent", f"•••{phone[-4:]}", 1) for seq in range(4)
    ]


def test_what_changes_after_it_was_told_is_told_and_a_way_back_repeats_nothing(
    stack: Laptop, tenant: str
) -> None:
    phone = "+15555550104"
    job_id = booked(stack, tenant, 8, phone)
    moved(stack, tenant, job_id, "confirm")
    until(lambda: any("{" not in t and "confirm" in t for t in sms_to(stack, phone)), bool)
    before = len(sms_to(stack, phone))
    edit = {"changes": {"schedule": window_in(days=4)}, "event_id": uuid.uuid4().hex}
    put(stack, "JobEditRequested", [move(job_id, "confirm") | {"tenant": tenant} | edit])
    for count, name in enumerate(("start", "no_access"), start=before + 1):
        until(lambda: len(sms_to(stack, phone)), count.__eq__)
        moved(stack, tenant, job_id, name)
    texts = until(lambda: sms_to(stack, phone)[before:], lambda texts: len(texts) == 3)
    assert texts == expected(stack, job_id, tenant, "en", CHANGES, days=4)


def answers(stack: Laptop, phone: str, body: str) -> None:
    """A text from that phone, as AWS End User Messaging SMS publishes it."""
    text = {
        "originationNumber": phone,
        "destinationNumber": "+15555559999",
        "messageKeyword": "K",
        "messageBody": body,
        "inboundMessageId": uuid.uuid4().hex,
    }
    topic = stack.outputs["InboundSmsTopic"]
    stack.client("sns").publish(TopicArn=topic, Message=json.dumps(text))


def test_a_customer_answers_yes_and_then_stop(stack: Laptop, tenant: str) -> None:
    phone = "+15555550102"
    job_id = booked(stack, tenant, 3, phone)
    until(lambda: sms_to(stack, phone), lambda texts: len(texts) == 1)
    answers(stack, phone, "Yes, ready!")
    read = lambda: jobs_of(stack).read(tenant, job_id).value  # noqa: E731 - one line, used once
    job = until(read, lambda job: job.status == "ready_for_pickup")
    assert job.ledger[0].actor.model_dump() == {"kind": "customer", "id": "sms"}
    until(lambda: sms_to(stack, phone), lambda texts: len(texts) == 2)
    answers(stack, phone, "Please stop texting me.")
    until(read, lambda job: job.texts_stopped)
    until(lambda: sms_to(stack, phone), lambda texts: "no more texts" in texts[-1])
    moved(stack, tenant, job_id, "start")
    log = until(lambda: log_of(stack, tenant, job_id), lambda log: len(log) == 3)
    assert log[-1].state == "dropped"
    assert log[-1].why == "opted_out"
    assert len(sms_to(stack, phone)) == 3


class Receiver:
    """A partner's server; `behave` gets the number of a fact's try and the handler, and answers."""

    def __init__(self, behave: Callable[[int, BaseHTTPRequestHandler], None]) -> None:
        self.got: dict[str, list[tuple[float, dict[str, str], bytes]]] = defaultdict(list)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                tries = receiver.got[headers["webhook-id"]]
                tries.append((time.time(), headers, body))
                behave(len(tries), self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()

    def facts(self, job_id: str) -> list[str]:
        """The ids of the webhooks about that job."""
        return [
            webhook_id
            for webhook_id, tries in self.got.items()
            if json.loads(tries[0][2])["data"]["job_id"] == job_id
        ]


def well(tries: int, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


class Flaky:
    """Every first try fails, by turns with 500, by silence, by hanging up; the second is taken."""

    def __init__(self) -> None:
        self.turn = 0

    def __call__(self, tries: int, handler: BaseHTTPRequestHandler) -> None:
        if tries > 1:
            well(tries, handler)
            return
        self.turn += 1
        if self.turn % 3 == 1:
            handler.send_response(500)
            handler.end_headers()
        elif self.turn % 3 == 2:
            handler.connection.recv(1)  # until the client hangs up
        handler.close_connection = True


def added(stack: Laptop, tenant: str, url: str) -> tuple[str, str]:
    said = haul(stack, "--tenant", tenant, "hooks", "add", url, "--json")
    assert said.returncode == 0, said.stderr
    made = json.loads(said.stdout)
    return made["endpoint"], made["secret"]


def test_a_flaky_receiver_gets_every_fact_under_one_id_and_a_healthy_one_is_undelayed(
    stack: Laptop, tenant: str
) -> None:
    with Receiver(well).running() as healthy, Receiver(Flaky()).running() as flaky:
        _, secret = added(stack, tenant, healthy.url)
        endpoint, flaky_secret = added(stack, tenant, flaky.url)
        job_id = booked(stack, tenant, 4)
        for name in FORWARD:
            moved(stack, tenant, job_id, name)
        until(lambda: healthy.facts(job_id), lambda facts: len(facts) == 4)
        log = until(
            lambda: log_of(stack, tenant, job_id),
            lambda log: len(log) == 8 and all(d.state == "sent" for d in log),
            60,
        )
        assert set(flaky.facts(job_id)) == set(healthy.facts(job_id))
        for webhook_id in healthy.facts(job_id):
            ((at, headers, body),) = healthy.got[webhook_id]
            assert Webhook(secret).verify(body, headers)["data"]["job_id"] == job_id
            tries = flaky.got[webhook_id]
            assert len(tries) >= 2
            assert all(Webhook(flaky_secret).verify(body, headers) for _, headers, body in tries)
            assert at < tries[-1][0]
        assert {len(d.attempts) for d in log if d.name.recipient != endpoint} == {1}
        _rotate_test_and_replay(stack, tenant, endpoint, flaky_secret, flaky, job_id)


def _rotate_test_and_replay(
    stack: Laptop, tenant: str, endpoint: str, old: str, receiver: Receiver, job_id: str
) -> None:
    """What `haul hooks` does with an endpoint, seen from the receiver."""
    hooks = ("--tenant", tenant, "hooks")
    new = json.loads(haul(stack, *hooks, "rotate", endpoint, "--json").stdout)["secret"]
    assert haul(stack, *hooks, "disable", endpoint).returncode == 0
    refused = haul(stack, *hooks, "test", endpoint)
    assert refused.returncode == 1, refused.stdout + refused.stderr
    receiver.got.clear()
    receiver.server.RequestHandlerClass.do_POST = _taking(receiver)  # type: ignore[attr-defined]
    assert haul(stack, *hooks, "test", endpoint).returncode == 0
    ((_, headers, body),) = next(iter(receiver.got.values()))
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    receiver.got.clear()
    assert "4 facts" in haul(stack, *hooks, "replay", endpoint, "--job", job_id, "--all").stdout
    until(lambda: receiver.facts(job_id), lambda facts: len(facts) == 4)
    shown = haul(stack, *hooks, "log", job_id).stdout
    assert shown.count("webhook") == 8
    assert "127.0.0.1" in haul(stack, *hooks, "list").stdout


def _taking(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def do_post(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        receiver.got[headers["webhook-id"]].append((time.time(), headers, body))
        well(1, handler)

    return do_post


def failing_at_first(tries: int, handler: BaseHTTPRequestHandler) -> None:
    if tries > 1:
        well(tries, handler)
        return
    handler.send_response(503)
    handler.send_header("Retry-After", "36000")
    handler.end_headers()


def ten_hours_pass(laptop: Laptop, tenant: str, job_id: str) -> None:
    """For what is held or waiting about the job: it is due since a while, and the night is over."""
    s3, bucket = laptop.client("s3"), laptop.outputs["JobsBucket"]
    tenants = S3Tenants(s3, bucket)
    awake = tenants.read(tenant).with_(quiet=NEVER_QUIET)
    s3.put_object(Bucket=bucket, Key=f"directory/{tenant}.json", Body=to_bytes(awake))
    deliveries, now = S3Deliveries(s3, bucket), datetime.now(UTC)
    for name in [d.name for d in deliveries.about(tenant, job_id) if d.due_at]:
        change(deliveries, name, lambda d: d.next(now, due_at=now - timedelta(minutes=5)))  # type: ignore[union-attr]


def a_round(laptop: Laptop) -> None:
    watchdog = laptop.outputs["WatchJobsFunction"]
    laptop.client("lambda").invoke(FunctionName=watchdog, Payload=b"{}")


def test_what_is_held_or_between_tries_is_sent_once_after_the_engine_was_killed(
    tmp_path: Path,
) -> None:
    ports, tenant, phone = (free_port(), free_port()), "night", "+15555550177"
    laptop = Laptop(tmp_path, *ports, lag_s=0, report=lambda _: None)
    with Receiver(failing_at_first).running() as receiver:
        laptop.start()
        try:
            _it_is_night(laptop, tenant)
            added(laptop, tenant, receiver.url)
            job_id = booked(laptop, tenant, 7, phone)
            until(
                lambda: {d.state for d in log_of(laptop, tenant, job_id)},
                lambda states: states == {"held", "waiting"},
            )
            assert laptop.engine.process is not None
            os.kill(laptop.engine.process.pid, signal.SIGKILL)
            laptop.engine.process.wait(20)
        finally:
            laptop.stop()
        with Laptop(tmp_path, *ports, lag_s=0, report=lambda _: None) as again:
            assert sms_to(again, phone) == []
            ten_hours_pass(again, tenant, job_id)
            for _ in range(3):  # however often the watchdog comes
                a_round(again)
            log = until(
                lambda: log_of(again, tenant, job_id), lambda log: {d.ended for d in log} == {True}
            )
            a_round(again)
            by_channel = {d.name.channel: d for d in log}
            tries_of = {channel: len(d.attempts) for channel, d in by_channel.items()}
            assert {d.state for d in log} == {"sent"}
            assert tries_of == {"sms": 1, "webhook": 2}
            assert len(sms_to(again, phone)) == 1
            ((webhook_id, tries),) = receiver.got.items()
            assert len(tries) == 2
            assert webhook_id == by_channel["webhook"].message_id


def _it_is_night(laptop: Laptop, tenant: str) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    night = QuietHours(
        begin=(now - timedelta(hours=1)).time(), end=(now + timedelta(hours=9)).time()
    )
    settings = BusinessSettings(tenant=tenant, name="Quick Haul", quiet=night, time_zone="UTC")
    S3Tenants(laptop.client("s3"), laptop.outputs["JobsBucket"]).add(settings)
