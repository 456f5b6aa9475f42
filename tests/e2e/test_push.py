"""Hints on the engine: a page that listens shows a move at once; a stranger learns a number."""

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
import pytest
from playwright.sync_api import Browser, Page
from wsproto.events import TextMessage

from local.edge_websocket import EngineSocket, NotAccepted
from local.laptop import Laptop
from statemachine.values.ids import digest_of, hint_channel
from tests.e2e.support.jobs import booking, exist, jobs_of, move, put
from tests.pages.browser import PHONE, expect_status, sign_in, visitor

pytestmark = pytest.mark.engine

OWN_VIEW = re.compile(r"/t/[0-9a-f]{32}\.json$")
"""What a poll asks for; a hint is followed with `?rev=`."""
WAIT_S = 30
T = TypeVar("T")


@pytest.fixture(scope="module")
def key(stack: Laptop) -> dict[str, str]:
    settings = httpx.get(f"{stack.edge_url}/shared/push.json").json()
    return {"host": settings["host"], "x-api-key": settings["api_key"]}


class Listener:
    def __init__(self, socket: EngineSocket, key: dict[str, str]) -> None:
        self._socket, self._texts, self._key = socket, socket.texts(), key

    async def ask(self, **message: Any) -> Any:
        self._socket.send(TextMessage(json.dumps(message)))
        return await self.hear()

    async def hear(self) -> Any:
        """The next message; None if the connection is closed."""
        text = await asyncio.wait_for(anext(self._texts, None), WAIT_S)
        return None if text is None else json.loads(text)

    async def subscribe(self, channel: str) -> str:
        asked = {"id": channel, "channel": channel, "authorization": self._key}
        answer = await self.ask(type="subscribe", **asked)
        return str(answer["type"])


@asynccontextmanager
async def listening(stack: Laptop, key: dict[str, str]) -> AsyncIterator[Listener]:
    header = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
    protocols = ["aws-appsync-event-ws", f"header-{header}"]
    socket = await EngineSocket.open(stack.edge_url, "localhost", protocols, "")
    try:
        listener = Listener(socket, key)
        assert (await listener.ask(type="connection_init"))["type"] == "connection_ack"
        yield listener
    finally:
        socket.close()


def heard(stack: Laptop, key: dict[str, str], act: Callable[[Listener], Awaitable[T]]) -> T:
    async def whole() -> T:
        async with listening(stack, key) as listener:
            return await act(listener)

    return asyncio.run(whole())


def a_job(stack: Laptop, number: int) -> tuple[str, str]:
    """A job's id and the token of its link."""
    request = booking(number, prefix="push")
    put(stack, "JobRequested", [request])
    exist(stack, [request["job_id"]])
    job = jobs_of(stack).read("main", request["job_id"]).value
    return job.job_id, job.token


def test_a_hint_tells_a_number_and_nothing_else(stack: Laptop, key: dict[str, str]) -> None:
    job_id, token = a_job(stack, 1)

    async def act(listener: Listener) -> Any:
        await listener.subscribe(f"/hints/{hint_channel(digest_of(token))}")
        await asyncio.to_thread(put, stack, "JobMoveRequested", [move(job_id, "confirm")])
        return await listener.hear()

    message = heard(stack, key, act)
    hint = json.loads(message["event"])
    assert list(hint) == ["rev"]
    assert isinstance(hint["rev"], int)


@pytest.mark.parametrize("channel", ["/hints/*", "/*", "/hints/*/*", f"/hints/{'0' * 31}*"])
def test_no_one_listens_to_all_channels(stack: Laptop, key: dict[str, str], channel: str) -> None:
    assert heard(stack, key, lambda one: one.subscribe(channel)) == "subscribe_error"


def test_no_one_publishes_from_outside(stack: Laptop, key: dict[str, str]) -> None:
    signed = {"host": key["host"], "Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    event = {"channel": f"/hints/{'0' * 32}", "events": ['{"rev": 9}']}

    async def act(listener: Listener) -> Any:
        return await listener.ask(type="publish", id="1", authorization=signed, **event)

    assert heard(stack, key, act) is None


def test_no_one_listens_with_a_wrong_key(stack: Laptop, key: dict[str, str]) -> None:
    wrong = key | {"x-api-key": "da2-wrong"}
    with pytest.raises((AssertionError, NotAccepted)):
        heard(stack, wrong, lambda one: one.subscribe(f"/hints/{'0' * 32}"))


def messages_to(page: Page) -> list[str]:
    """The types of the messages that the page hears, which grows."""
    heard: list[str] = []

    def keep(frame: str | bytes) -> None:
        heard.append(json.loads(frame)["type"])

    page.on("websocket", lambda one: one.on("framereceived", keep))
    return heard


def wait_for(page: Page, heard: list[str], kind: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while kind not in heard:
        assert time.monotonic() < deadline, f"only heard {heard}"
        page.wait_for_timeout(50)


@pytest.mark.browser
def test_a_page_that_listens_shows_a_move_without_a_poll(browser: Browser, stack: Laptop) -> None:
    job_id, token = a_job(stack, 2)
    with visitor(browser, PHONE) as customer:
        page = customer.page()
        heard = messages_to(page)
        page.goto(f"{stack.edge_url}/track/{token}")
        expect_status(page, "pending_pickup", WAIT_S)
        wait_for(page, heard, "subscribe_success")
        page.route(OWN_VIEW, lambda route: route.abort())
        put(stack, "JobMoveRequested", [move(job_id, "confirm")])
        expect_status(page, "ready_for_pickup", WAIT_S)


@pytest.mark.browser
def test_a_dispatchers_page_hears_that_the_board_has_changed(
    browser: Browser, stack: Laptop
) -> None:
    job_id, _ = a_job(stack, 3)
    dispatcher = stack.first_sign_in()
    with visitor(browser) as office:
        page = office.page()
        heard = messages_to(page)
        page.goto(f"{stack.edge_url}/dispatch/")
        sign_in(page, dispatcher.account, dispatcher.password)
        wait_for(page, heard, "subscribe_success")
        put(stack, "JobMoveRequested", [move(job_id, "confirm")])
        wait_for(page, heard, "data")
