"""The reader over httpx, with its clock, its file storage, and links."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import tracking
from tests.tracking.scenario_player import (
    EPOCH_MS,
    TAKES_MS,
    Scenario,
    Trace,
    answer_in,
    answers_of,
    asked_in_trace,
    memory_text_of,
    policy_of,
    random_of,
    scenarios,
    shown_in_trace,
    view_of,
)
from tracking import Clock, Display, FileViewStorage, Link, Policy, follow, parse_link, read_once

TOKEN = "Zm9ybTI2cmFuZG9tYml0cw"
DIGEST = hashlib.sha256(TOKEN.encode()).hexdigest()[:32]
LINK = Link("https://haul.example", DIGEST)
SOURCES = {f"/t/{DIGEST}.json": "edge", f"/api/track/{DIGEST}": "api"}


class OutOfTime(BaseException):
    """The scenario has ended."""


class Time:
    """A virtual clock: sleeping takes no time."""

    def __init__(self, until_ms: float = float("inf")) -> None:
        self.now_ms = 0
        self._until_ms = until_ms

    def clock(self) -> int:
        return EPOCH_MS + self.now_ms

    def sleep(self, seconds: float) -> None:
        self.advance(round(seconds * 1000))

    def advance(self, ms: int) -> None:
        self.now_ms += ms
        if self.now_ms > self._until_ms:
            raise OutOfTime


class ScriptedServer(Time):
    """A virtual clock and a transport that gives the scenario's answers in their time."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario.get("until_ms", float("inf")))
        self.trace: Trace = []
        self._answers = answers_of(scenario)

    def answer(self, request: httpx.Request) -> httpx.Response:
        etag = request.headers.get("if-none-match")
        self.trace.append(asked_in_trace(SOURCES[request.url.path], etag, self.now_ms))
        line = next(self._answers)
        self.advance(line.get("takes_ms", TAKES_MS))
        answer = answer_in(line)
        if answer is None:
            raise httpx.ReadTimeout("") if line["fails"] == "timeout" else httpx.ConnectError("")
        return httpx.Response(answer.status, headers=answer.headers, text=answer.body)

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))


def followed(scenario: Scenario) -> Trace:
    """The trace of `follow`: the requests that the transport got, and the states it yielded."""
    server = ScriptedServer(scenario)
    text = memory_text_of(scenario)
    try:
        for shown in follow(
            LINK,
            policy=policy_of(scenario),
            client=server.client(),
            memory={} if text is None else {DIGEST: text},
            clock=server.clock,
            sleep=server.sleep,
            random=random_of(scenario),
        ):
            server.trace.append(shown_in_trace(shown, server.now_ms))
    except OutOfTime:
        return server.trace
    return [*server.trace, {"at_ms": server.now_ms, "stop": True}]


@pytest.mark.parametrize(
    "scenario", [one for one in scenarios() if "signals" not in one], ids=lambda one: one["name"]
)
def test_following_over_http_leaves_the_same_trace(scenario: Scenario) -> None:
    assert followed(scenario) == scenario["trace"]


def a_client(*answers: httpx.Response | Exception) -> httpx.Client:
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        following = next(left)
        if isinstance(following, Exception):
            raise following
        return following

    return httpx.Client(transport=httpx.MockTransport(answer))


def a_view(**changes: Any) -> httpx.Response:
    return httpx.Response(200, json=view_of(changes), headers={"etag": '"7"'})


def test_reading_once_sends_one_request_and_shows_its_answer() -> None:
    shown = read_once(LINK, client=a_client(a_view()), clock=lambda: EPOCH_MS)
    assert shown == Display("current", view_of({}), EPOCH_MS)


def test_reading_once_cannot_tell_a_new_link_from_a_wrong_one() -> None:
    assert read_once(LINK, client=a_client(httpx.Response(404))) == Display("preparing")


def test_reading_once_with_a_memory_never_shows_a_lower_rev() -> None:
    memory: dict[str, str] = {}
    read_once(LINK, client=a_client(a_view(rev=8)), memory=memory)
    shown = read_once(LINK, client=a_client(a_view(rev=7)), memory=memory)
    assert shown.kind == "stale"
    assert shown.reason == "older"
    assert shown.view == view_of({"rev": 8})


def test_a_redirect_is_not_followed() -> None:
    """A redirect is never a view; it may be a hotel's sign-in page."""
    client = a_client(httpx.Response(302, headers={"location": "https://hotel.example/"}), a_view())
    assert read_once(LINK, client=client) == Display("trouble", reason="bad_answer")


@pytest.mark.parametrize(
    "broken",
    [
        httpx.ConnectTimeout(""),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.DecodingError("not gzip"),
    ],
    ids=repr,
)
def test_a_network_error_is_no_answer(broken: Exception) -> None:
    assert read_once(LINK, client=a_client(broken)) == Display("trouble", reason="unreachable")


def test_a_slow_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """httpx limits each read, but not their sum."""
    seconds = iter(range(0, 1000, 4))
    monkeypatch.setattr("tracking.http_reader.time.monotonic", lambda: next(seconds))

    def drip() -> Iterator[bytes]:
        while True:
            yield b" "

    client = a_client(httpx.Response(200, content=drip()))
    shown = read_once(LINK, client=client, clock=lambda: EPOCH_MS)
    assert shown == Display("trouble", reason="unreachable")


def test_bytes_that_are_not_text_are_a_bad_answer() -> None:
    client = a_client(httpx.Response(200, content=b"\xff\xfe\x00{"))
    assert read_once(LINK, client=client) == Display("trouble", reason="bad_answer")


def test_a_client_that_was_passed_in_stays_open() -> None:
    client = a_client(a_view(terminal=True), a_view())
    assert [shown.kind for shown in follow(LINK, client=client)] == ["asking", "current"]
    assert not client.is_closed


def test_a_file_storage_survives_the_visit(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    read_once(LINK, client=a_client(a_view(rev=8)), memory=FileViewStorage(folder))
    assert [path.name for path in folder.iterdir()] == [f"{DIGEST}.json"]
    shown = read_once(LINK, client=a_client(httpx.ConnectError("")), memory=FileViewStorage(folder))
    assert shown.kind == "trouble"
    assert shown.view == view_of({"rev": 8})


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xff", b"[]", b'{"view":null}'], ids=repr)
def test_a_damaged_file_is_ignored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / f"{DIGEST}.json").write_bytes(content)
    shown = read_once(LINK, client=a_client(a_view(rev=1)), memory=FileViewStorage(tmp_path))
    assert shown.kind == "current"
    assert shown.view == view_of({"rev": 1})


def test_a_visit_does_not_overwrite_a_newer_saved_view() -> None:
    """With two visits at once, the one with the older view must not replace the newer one."""
    memory: dict[str, str] = {}
    client = a_client(a_view(rev=7), a_view(rev=7, terminal=True))
    time = Time()
    visit = follow(LINK, client=client, memory=memory, clock=time.clock, sleep=time.sleep)
    assert [next(visit).kind, next(visit).kind] == ["asking", "current"]
    read_once(LINK, client=a_client(a_view(rev=9)), memory=memory)
    list(visit)
    assert json.loads(memory[DIGEST])["view"]["rev"] == 9


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        read_once(LINK, client=a_client(a_view()), memory=FileViewStorage(tmp_path / "file"))


def test_no_token_is_sent_or_stored_or_shown() -> None:
    memory: dict[str, str] = {}
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return a_view(terminal=True)

    link = parse_link(f"https://haul.example/track/{TOKEN}")
    client = httpx.Client(transport=httpx.MockTransport(answer))
    shown = list(follow(link, client=client, memory=memory))
    sent = [(str(request.url), request.headers.multi_items()) for request in asked]
    assert TOKEN not in repr((sent, memory, shown, link))


def seconds(*values: float) -> Any:
    left = list(values)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_a_clock_starts_with_the_wall_time_and_is_steady() -> None:
    clock = Clock(wall_s=seconds(1_000, 1_005), steady_s=seconds(50, 55))
    assert clock() == 1_005_000


def test_setting_the_wall_clock_back_does_not_set_the_clock_back() -> None:
    clock = Clock(wall_s=seconds(1_000, 400), steady_s=seconds(50, 55))
    assert clock() == 1_005_000


def test_time_asleep_counts() -> None:
    """A steady clock may stop while the machine sleeps, but the data gets older."""
    clock = Clock(wall_s=seconds(1_000, 4_600), steady_s=seconds(50, 51))
    assert clock() == 4_600_000
    assert clock() == 4_600_000


@pytest.mark.parametrize(
    "text",
    [
        f"https://haul.example/track/{TOKEN}",
        f"https://haul.example/track/{TOKEN}/",
        f"  https://haul.example/track/{TOKEN}?lang=es#now ",
    ],
)
def test_a_link_is_read_with_anything_attached_to_it(text: str) -> None:
    assert parse_link(text) == LINK
    assert parse_link(text, "https://elsewhere.example") == LINK


@pytest.mark.parametrize(
    "around",
    [*".,;:!?)]>\"'`”’»…*|\\", " ", "%22", "%20", "%E2%80%9D", "%", "_", "-", ").", "\u200b", "\n"],
)
def test_characters_after_a_link_are_ignored(around: str) -> None:
    assert parse_link(f"https://haul.example/track/{TOKEN}{around}") == LINK
    if around not in "?":
        assert parse_link(TOKEN + around, "https://haul.example") == LINK


@pytest.mark.parametrize("before", ["<", '"', "(", "“", "%22"])
def test_characters_before_a_link_are_ignored(before: str) -> None:
    assert parse_link(f"{before}https://haul.example/track/{TOKEN}>") == LINK
    assert parse_link(f"https://haul.example/track/{before}{TOKEN}") == LINK


def test_a_token_alone_needs_the_site() -> None:
    assert parse_link(TOKEN, "https://haul.example") == LINK
    assert parse_link(TOKEN, "https://haul.example/anything?x") == LINK
    with pytest.raises(ValueError, match="add the site's address"):
        parse_link(TOKEN)


def test_a_site_may_have_a_port() -> None:
    link = parse_link(f"http://localhost:8080/track/{TOKEN}")
    assert link.edge_url == f"http://localhost:8080/t/{DIGEST}.json"
    assert link.api_url == f"http://localhost:8080/api/track/{DIGEST}"
    assert parse_link(TOKEN, "http://[::1]:8080/").site == "http://[::1]:8080"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        TOKEN[:-1],
        TOKEN + "A",
        f"https://haul.example/{TOKEN}",
        f"https://haul.example/track/{TOKEN}/more",
        "https://haul.example/track/",
        f"ftp://haul.example/track/{TOKEN}",
        f"https:///track/{TOKEN}",
        f"https://user:secret@haul.example/track/{TOKEN}",
        f"haul.example/track/{TOKEN}",
    ],
)
def test_anything_else_is_refused_without_repeating_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="this is not a tracking link") as refusal:
        parse_link(text, "https://haul.example")
    assert TOKEN not in str(refusal.value)


@pytest.mark.parametrize("site", ["haul.example", "ftp://haul.example", "https://", "https://a b"])
def test_a_site_without_scheme_or_host_is_refused(site: str) -> None:
    with pytest.raises(ValueError, match="http:// or https://"):
        parse_link(TOKEN, site)


def test_the_digest_is_half_of_the_sha_256_of_the_token() -> None:
    assert tracking.digest_of(TOKEN) == DIGEST


def test_everything_public_is_exported() -> None:
    assert sorted(tracking.__all__) == list(tracking.__all__)
    assert all(hasattr(tracking, name) for name in tracking.__all__)


def test_the_timeout_of_the_policy_is_the_one_of_the_request() -> None:
    timeouts: list[dict[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        timeouts.append(request.extensions["timeout"])
        return a_view()

    client = httpx.Client(transport=httpx.MockTransport(answer))
    read_once(LINK, policy=replace(Policy(), request_timeout_s=3), client=client)
    assert set(timeouts[0].values()) == {3}
