"""Who may ask the engine's port: programs that sign, and the edge; no web page, no other name."""

import asyncio
from typing import Any

import pytest

from local.engine_access import AccessFilter, refusal
from local.engine_key import HEADER

SECRET = "s3cret-of-this-copy"
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20261128/us-east-1/s3/aws4_request"}
LOCAL = {"host": "127.0.0.1:4566"}


def scope(headers: dict[str, str], path: str = "/", query: str = "") -> dict[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "query_string": query.encode(), "headers": raw}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4566", "localhost:4566", "LOCALHOST", "a1.cloudfront.localhost:4566"]
)
def test_a_signed_request_under_the_engine_s_own_names_is_answered(host: str) -> None:
    assert refusal(scope({"host": host, **SIGNED}), SECRET) is None


@pytest.mark.parametrize(
    "host", ["evil.example:4566", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1]"]
)
def test_another_host_name_is_refused_as_a_rebound_one_would_be(host: str) -> None:
    assert "host name" in str(refusal(scope({"host": host, **SIGNED}), SECRET))


@pytest.mark.parametrize(
    "mark",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8080"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_what_a_web_page_asks_for_is_refused_even_signed(mark: dict[str, str]) -> None:
    assert "web pages" in str(refusal(scope({**LOCAL, **SIGNED, **mark}), SECRET))


@pytest.mark.parametrize("path", ["/", "/_ministack/reset", "/_ministack/sns/sms-messages"])
def test_what_is_not_signed_is_refused(path: str) -> None:
    assert "signed" in str(refusal(scope(LOCAL, path), SECRET))


def test_a_presigned_address_is_signed_and_health_needs_no_signature() -> None:
    assert refusal(scope(LOCAL, "/b/k", "X-Amz-Signature=1f"), SECRET) is None
    assert refusal(scope(LOCAL, "/_ministack/health"), SECRET) is None


def test_the_edge_may_ask_in_any_name_and_with_a_page_s_headers() -> None:
    page = {"host": "d1.cloudfront.net", "origin": "http://localhost:8080"}
    assert refusal(scope({**page, HEADER: SECRET}), SECRET) is None
    assert refusal(scope({**page, HEADER: "guessed"}), SECRET) is not None


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_aws/lambda-url/x/", "//_ministack/reset"])
def test_a_viewer_of_the_edge_reaches_no_administration(path: str) -> None:
    """The path is as the engine reads it: decoded, so `/%5Fministack` is among these."""
    assert refusal(scope({"host": "d1.cloudfront.net", HEADER: SECRET}, path), SECRET)
    assert refusal(scope({**LOCAL, HEADER: SECRET}, path), SECRET) is None


def test_the_secret_goes_no_further_than_the_door() -> None:
    seen: list[Any] = []

    async def engine(inner: Any, receive: Any, send: Any) -> None:
        seen.extend(inner["headers"])

    async def nothing(*_: Any) -> Any: ...

    asyncio.run(AccessFilter(engine, SECRET)(scope({**LOCAL, HEADER: SECRET}), nothing, nothing))
    assert seen == [(b"host", b"127.0.0.1:4566")]
