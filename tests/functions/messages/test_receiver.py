"""The example receiver of docs/messages.md accepts our webhooks, and the page is correct."""

import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cli.commands import hooks
from docs.examples.receiver import serve
from functions.messages.endpoints import TYPES, new_secret
from functions.messages.webhook_client import SafeWebhookClient
from functions.messages.webhook_delivery import signed_headers
from functions.messages.webhook_schedule import SCHEDULE_S
from statemachine.job.deliveries import OUTCOMES
from statemachine.messages.sms_parts import SMS_ROOM

SECRET = new_secret()
PAGE = (Path(__file__).parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")
BODY = b'{"type":"job.moved","timestamp":"2026-11-21T12:00:00.000Z","data":{"seq":1}}'


class RunningReceiver:
    def __init__(self) -> None:
        self.acted: list[dict[str, Any]] = []
        self.server = serve(0, SECRET, self.acted.append)

    def post(self, headers: dict[str, str], body: bytes = BODY) -> int:
        url = f"http://127.0.0.1:{self.server.server_port}/hook"
        return SafeWebhookClient(allow_local=True).post(url, body, headers, 5).status


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    running = RunningReceiver()
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,))
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


def signed(webhook_id: str = "msg_1", secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    at = datetime.now(timezone.utc) - timedelta(seconds=age_s)
    return signed_headers((secret,), webhook_id, BODY, at)


def test_the_receiver_acts_on_each_fact_once(receiver: RunningReceiver) -> None:
    assert [receiver.post(signed()) for _ in range(2)] == [204, 204]
    assert [told["data"] for told in receiver.acted] == [{"seq": 1}]


def test_the_receiver_refuses_forged_changed_or_old_webhooks(receiver: RunningReceiver) -> None:
    forged, old = signed(secret=new_secret()), signed(age_s=600)
    assert [receiver.post(forged), receiver.post(signed(), BODY + b" "), receiver.post(old)] == [
        401, 401, 401,
    ]  # fmt: skip
    assert receiver.acted == []


def test_the_receiver_accepts_a_webhook_while_its_secret_is_rotated(
    receiver: RunningReceiver,
) -> None:
    at = datetime.now(timezone.utc)
    assert receiver.post(signed_headers((new_secret(), SECRET), "msg_1", BODY, at)) == 204


def test_the_page_names_every_fact_field_and_outcome() -> None:
    assert dict(re.findall(r"\| `(\w+)` \| `([\w.]+)` \|", PAGE)) == TYPES
    rooms = {name: int(room) for name, room in re.findall(r"\| `\{(\w+)\}` \|.*\| (\d+) \|", PAGE)}
    assert rooms == SMS_ROOM
    assert [word for word in (*OUTCOMES, "held", "waiting") if f"`{word}`" not in PAGE] == []


def test_the_page_has_the_schedule_of_tries() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    (line,) = re.findall(r"\| tries \| (.*) \|", PAGE)
    assert tuple(int(n) * units[u] for n, u in re.findall(r"(\d+) (s|min|h)\b", line)) == SCHEDULE_S


def test_the_commands_of_the_page_exist() -> None:
    group: Any = get_command(hooks.app)
    named = set(re.findall(r"haul hooks (\w+)", PAGE))
    assert named <= set(group.commands)
    assert {"add", "list", "test", "rotate", "disable", "log", "replay"} == set(group.commands)
