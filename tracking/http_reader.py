"""The reader over HTTP: real requests, a real clock, and a storage between visits."""

import random as dice
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import httpx

from tracking.display import Display
from tracking.link import Link
from tracking.polling_policy import Policy
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep, Stop
from tracking.responses import Response
from tracking.saved_view import SavedView, ViewStorage, may_replace, saved_view_in

SLEPT_S = 1
"""If the wall clock gains more than this on the steady clock, the machine slept."""


class Clock:
    """Epoch milliseconds that never go back.

    It follows the steady clock, so that setting the wall clock does not change an age, and adds the
    time during which the machine slept, which steady clocks omit.
    """

    def __init__(
        self,
        wall_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_s, self._steady_s = wall_s, steady_s
        self._ahead_s = wall_s() - steady_s()

    def __call__(self) -> int:
        steady_s = self._steady_s()
        ahead_s = self._wall_s() - steady_s
        if ahead_s - self._ahead_s > SLEPT_S:
            self._ahead_s = ahead_s
        return int((steady_s + self._ahead_s) * 1000)


def follow(
    link: Link,
    *,
    policy: Policy | None = None,
    client: httpx.Client | None = None,
    memory: ViewStorage | None = None,
    clock: Callable[[], int] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[], float] = dice.random,
) -> Iterator[Display]:
    """Yields each state to show, as it changes, until there is nothing more to ask for.

    It ends when the job has ended (`current`, with a terminal view), with `not_found`, or with
    `gone`. `clock` gives whole epoch milliseconds. An error of `memory` is raised; without `memory`
    nothing is stored.
    """
    clock = clock or Clock()
    policy = policy or Policy()
    reader = Reader(clock(), policy, random, _recall(memory, link))
    last: Display | None = None
    with _open(client) as http:
        while True:
            if reader.shown != last:
                last = reader.shown
                yield last
            step = reader.step(clock())
            if isinstance(step, Stop):
                return
            if isinstance(step, Fetch):
                reader.receive(_get(http, link, step, policy), clock())
                _keep(memory, link, reader.remembered)
            else:
                sleep(_seconds(step))


def read_once(
    link: Link,
    *,
    policy: Policy | None = None,
    client: httpx.Client | None = None,
    memory: ViewStorage | None = None,
    clock: Callable[[], int] | None = None,
) -> Display:
    """The state to show after one request, without waiting or retrying.

    An unseen link that answers 404 is `preparing`, because one answer cannot tell it from
    `not_found`.
    """
    clock = clock or Clock()
    policy = policy or Policy()
    reader = Reader(clock(), policy, remembered=_recall(memory, link))
    step = reader.step(clock())
    assert isinstance(step, Fetch), "a new reader asks at once"
    with _open(client) as http:
        reader.receive(_get(http, link, step, policy), clock())
    _keep(memory, link, reader.remembered)
    return reader.shown


def _open(client: httpx.Client | None) -> AbstractContextManager[httpx.Client]:
    return httpx.Client() if client is None else nullcontext(client)


def _seconds(wait: Sleep) -> float:
    assert wait.ms is not None, "without signals there is always a next time"
    return wait.ms / 1000


def _recall(memory: ViewStorage | None, link: Link) -> SavedView | None:
    return None if memory is None else saved_view_in(memory.get(link.digest))


def _keep(memory: ViewStorage | None, link: Link, remembered: SavedView | None) -> None:
    if memory is None or remembered is None:
        return
    if may_replace(remembered, _recall(memory, link)):
        memory[link.digest] = remembered.to_text()


def _get(client: httpx.Client, link: Link, ask: Fetch, policy: Policy) -> Response | None:
    """The whole answer; None without a network, for a broken answer, or after the timeout."""
    url = link.api_url if ask.source == "api" else link.edge_url
    until_s = time.monotonic() + policy.request_timeout_s
    timeout_s = policy.request_timeout_s
    try:
        with client.stream(
            "GET", url, headers=ask.headers, timeout=timeout_s, follow_redirects=False
        ) as response:
            body = _body_of(response, until_s)
    except httpx.RequestError:
        return None
    if body is None:
        return None
    headers = dict(response.headers.items())
    return Response(response.status_code, headers, body.decode("utf-8", errors="replace"))


def _body_of(response: httpx.Response, until_s: float) -> bytes | None:
    """httpx limits each read only, so a body that arrives slowly is cut off here."""
    body = b""
    for part in response.iter_bytes():
        body += part
        if time.monotonic() > until_s:
            return None
    return body
