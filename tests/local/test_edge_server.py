"""The edge as a server on a real port, in front of a real but small origin."""

import http.client
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from local.distribution import Invalidation
from local.edge import EdgeConfig, EdgeServer
from tests.local.stubs import CONFIG, StubControl

MEGABYTE = bytes(range(256)) * 4096


async def echo(request: Request) -> Response:
    """The body back, with what arrived of the request in headers."""
    body = await request.body() or MEGABYTE
    told = {"x-raw-path": request.scope["raw_path"].decode(), "x-host": request.headers["host"]}
    return Response(body, headers={**told, "cache-control": "s-maxage=60", "etag": '"1"'})


@pytest.fixture(scope="module")
def origin_url() -> Iterator[str]:
    methods = ["GET", "HEAD", "POST"]
    app = Starlette(routes=[Route("/{path:path}", echo, methods=methods)])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def server(origin_url: str) -> Iterator[EdgeServer]:
    config = replace(CONFIG, engine_url=origin_url)
    with EdgeServer(config, control=StubControl()) as running:
        yield running


def test_a_megabyte_passes_both_ways(server: EdgeServer) -> None:
    answer = httpx.post(f"{server.url}/api/jobs", content=MEGABYTE)
    assert answer.status_code == 200
    assert answer.content == MEGABYTE
    assert answer.headers["content-length"] == str(len(MEGABYTE))
    assert answer.headers["x-host"] == CONFIG.distribution_domain
    for outcome in ("Miss", "Hit"):
        cached = httpx.get(f"{server.url}/t/large.json")
        assert cached.headers["x-cache"] == f"{outcome} from cloudfront"
        assert cached.content == MEGABYTE


def test_head_and_get_on_one_connection_do_not_disturb_each_other(server: EdgeServer) -> None:
    with httpx.Client(base_url=server.url) as viewer:
        for _ in range(2):
            head = viewer.head("/t/large.json")
            assert head.status_code == 200
            assert head.content == b""
            assert head.headers["content-length"] == str(len(MEGABYTE))
            assert viewer.head("/api/large").content == b""
            assert viewer.get("/t/large.json").content == MEGABYTE


def test_each_header_comes_once(server: EdgeServer) -> None:
    for path in ("/api/x", "/t/x.json", "/t/x.json", "/_reserved"):
        names = [name.lower() for name, _ in httpx.get(server.url + path).headers.raw]
        assert len(names) == len(set(names)), path
        assert b"date" in names
        assert b"x-haulway-edge" in names


@pytest.mark.parametrize("path", ["/t/a%2Fb/../c//d.json", "/t/%2e%2e/x", "/t/%zz", "/t/a%20b"])
def test_a_path_arrives_at_the_engine_byte_for_byte(server: EdgeServer, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]))
    connection.request("GET", path)
    assert connection.getresponse().headers["x-raw-path"] == path
    connection.close()


def test_a_stopped_edge_leaves_its_port_and_a_taken_port_is_an_error(origin_url: str) -> None:
    config = replace(CONFIG, engine_url=origin_url)
    with EdgeServer(config, control=StubControl()) as running:
        port = int(running.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            EdgeServer(replace(config, listen_port=port), control=StubControl()).start()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")
    running.stop()


def test_an_engine_that_never_was_there_is_said_in_words() -> None:
    config: EdgeConfig = replace(CONFIG, engine_url="http://127.0.0.1:9")
    with EdgeServer(config) as running:
        answer = httpx.get(f"{running.url}/track/x")
    assert answer.status_code == 502
    assert "`haul up`" in answer.text


def test_an_invalidation_is_noticed_by_itself(origin_url: str) -> None:
    control = StubControl()
    config = replace(CONFIG, engine_url=origin_url, lag_s=0.0, poll_s=0.02)
    with EdgeServer(config, control=control) as running:
        httpx.get(f"{running.url}/t/x.json")
        control.invalidate(time.time(), "/t/x.json")
        deadline = time.monotonic() + 5
        while httpx.get(f"{running.url}/t/x.json").headers["x-cache"].startswith("Hit"):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_control_plane_that_fails_does_not_end_the_edge(
    origin_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(StubControl):
        def invalidations(self) -> list[Invalidation]:
            raise RuntimeError("no invalidations today")

    caplog.set_level(logging.WARNING)
    config = replace(CONFIG, engine_url=origin_url, poll_s=0.01)
    with EdgeServer(config, control=Failing()) as running:
        time.sleep(0.1)
        assert httpx.get(f"{running.url}/t/x.json").status_code == 200
    told = [r for r in caplog.records if "no invalidations today" in r.getMessage()]
    assert len(told) == 1
