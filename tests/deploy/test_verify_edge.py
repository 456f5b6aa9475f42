"""What counts as being reached from outside."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from deploy import verify_edge, verify_jobs
from deploy.verify_edge import NotVerified, points_to, verify_address, verify_api, verify_pages
from functions.api.problems import Problem
from tests.deploy.fakes import FakeCloudFormation, a_target

OURS = (401, json.dumps(Problem("signed-out").document("r1")))
OF_THE_EDGE = (403, "<Error><Code>AccessDenied</Code></Error>")
BUILD = "0123456789abcdef"
A_PAGE = (200, f'<head><meta name="build" content="{BUILD}" /></head>')


class Edge(ThreadingHTTPServer):
    """Answers by method and path; what has no answer is refused by the edge itself."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, tuple[int, str]] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Edge

    def do_GET(self) -> None:
        asked = f"{self.command} {self.path}"
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.answers.get(asked, OF_THE_EDGE)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def edge() -> Iterator[Edge]:
    with Edge() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_api_itself_refuses_reading_and_writing_without_a_session(edge: Edge) -> None:
    edge.answers = {"GET /api/session": OURS, "POST /api/jobs": OURS}
    verify_api(edge.url, patience_s=0)


@pytest.mark.parametrize("asked", ["GET /api/session", "POST /api/jobs"])
def test_a_refusal_that_is_not_from_the_api_is_reported(edge: Edge, asked: str) -> None:
    edge.answers = {"GET /api/session": OURS, "POST /api/jobs": OURS, asked: OF_THE_EDGE}
    with pytest.raises(NotVerified, match=f"{asked} answers 403, not from the API.s own code"):
        verify_api(edge.url, patience_s=0)


def test_every_page_and_what_it_needs_is_requested_once(edge: Edge) -> None:
    icon = '<link rel="icon" href="/icon.svg" />'
    edge.answers = {
        "GET /": (200, A_PAGE[1] + icon),
        "GET /crew/": (200, A_PAGE[1] + icon),
        "GET /icon.svg": (200, ""),
    }
    keys = ["index.html", "crew/index.html", "icon.svg"]
    assert verify_pages(edge.url, BUILD, keys, patience_s=0) == 3


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"GET /": (200, "<!doctype html")}, "/ answers 200 with no build"),
        ({"GET /": (200, A_PAGE[1].replace(BUILD, "fedc"))}, "200 with build fedc, not 0123"),
        ({}, "/ answers 403 with no build"),
        (
            {"GET /": (200, A_PAGE[1] + '<link href="/no-such.css" />')},
            "a page needs /no-such.css, which answers 403",
        ),
    ],
    ids=["cut off", "another build", "missing", "without its style sheet"],
)
def test_a_wrong_page_is_reported(
    edge: Edge, answers: dict[str, tuple[int, str]], found: str
) -> None:
    edge.answers = answers
    with pytest.raises(NotVerified, match=found):
        verify_pages(edge.url, BUILD, ["index.html"], patience_s=0)


def test_our_own_address_must_show_the_build(edge: Edge) -> None:
    edge.answers = {"GET /": A_PAGE}
    verify_address(edge.url, BUILD, patience_s=0)
    with pytest.raises(NotVerified, match=rf"{edge.url}: / answers 200 with build {BUILD}"):
        verify_address(edge.url, "another", patience_s=0)
    with pytest.raises(NotVerified, match=r"http://127.0.0.1:9 cannot be reached"):
        verify_address("http://127.0.0.1:9", BUILD, patience_s=0)


@pytest.mark.parametrize(
    ("zone", "leads_to", "asked"),
    [
        ({}, "d1.cloudfront.net", True),
        ({}, "old.example.com", False),
        ({}, None, False),
        ({"HostedZoneId": "Z1"}, None, True),
    ],
)
def test_a_domain_is_asked_once_its_dns_leads_here(
    monkeypatch: pytest.MonkeyPatch, zone: dict[str, str], leads_to: str | None, asked: bool
) -> None:
    """Where the DNS is not ours it is changed by hand, after the first deployment with a domain."""

    def resolved(name: str) -> Any:
        if leads_to is None:
            raise socket.gaierror(name)
        return leads_to, [name], []

    addresses: list[str] = []
    monkeypatch.setattr(socket, "gethostbyname_ex", resolved)
    monkeypatch.setattr(verify_jobs, "verify_address", lambda url, *_: addresses.append(url))
    domain = {"DomainName": "track.example.com", **zone}
    target = a_target(FakeCloudFormation("UPDATE_COMPLETE", **domain))
    verify_jobs._verify_domain(target, "d1.cloudfront.net", BUILD, lambda _: None)
    assert addresses == (["https://track.example.com"] if asked else [])
    assert points_to("track.example.com", "d1.cloudfront.net") is (leads_to == "d1.cloudfront.net")


def test_an_address_that_was_just_entered_is_asked_for_until_it_is_known(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge.answers = {"GET /": A_PAGE}
    unknown, look = iter([httpx.ConnectError("no such name")] * 2), verify_edge._page

    def page(*asked: Any) -> str:
        if error := next(unknown, None):
            raise error
        return look(*asked)

    monkeypatch.setattr(verify_edge, "_page", page)
    verify_address(edge.url, BUILD, 5)


def test_an_api_that_no_one_answers_for_is_not_verified() -> None:
    with pytest.raises(NotVerified, match="GET /api/session answers nothing"):
        verify_api("http://127.0.0.1:9", 0)
