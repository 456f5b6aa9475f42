"""The signature in front of a Function URL, recomputed here from the specification's own steps."""

import asyncio
import hashlib
import hmac
import re
from urllib.parse import parse_qsl, quote

import httpx
import pytest

from tests.local.stubs import CONFIG, EdgeUnderTest, run_on_edge

EMPTY = hashlib.sha256(b"").hexdigest()


def recomputed(request: httpx.Request, secret: str, digest: str) -> tuple[str, str]:
    """The signature in the header, and the one that a verifier arrives at (SigV4, "lambda")."""
    sent = request.headers["authorization"]
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=[^/]+/(\d{8})/([^/]+)/lambda/aws4_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        sent,
    )
    assert found, sent
    day, region, names, signature = found.groups()
    path, _, query = request.extensions["target"].decode().partition("?")
    pairs = sorted(
        (quote(k, safe="-_.~"), quote(v, safe="-_.~"))
        for k, v in parse_qsl(query, keep_blank_values=True)
    )
    canonical = "\n".join(
        [
            request.method,
            quote(path, safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{request.headers[name]}" for name in names.split(";")),
            "",
            names,
            digest,
        ]
    )
    scope = f"{day}/{region}/lambda/aws4_request"
    stamp = request.headers["x-amz-date"]
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in (day, region, "lambda", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    return signature, hmac.digest(key, text.encode(), "sha256").hex()


@pytest.mark.parametrize(
    "target",
    [
        "/api/jobs",
        "/api/jobs?status=in_progress&b=&a=2&a=1",
        "/api/crew/Mar%C3%ADa%2F1?name=a+b%20c&x=%7e~",
        "/api/jobs/?q",
    ],
)
def test_a_request_to_the_api_is_signed_as_it_travels(target: str) -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        await s.viewer.get(target)
        [asked] = s.origin.requests
        sent, expected = recomputed(asked, CONFIG.secret_access_key, EMPTY)
        assert sent == expected
        assert "Credential=AKIDEXAMPLE/" in asked.headers["authorization"]
        assert (
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date" in (asked.headers["authorization"])
        )

    run_on_edge(scenario)


def test_a_body_of_a_megabyte_is_signed_by_the_digest_that_the_viewer_sent() -> None:
    body = bytes(range(256)) * 4096
    digest = hashlib.sha256(body).hexdigest()

    async def scenario(s: EdgeUnderTest) -> None:
        await s.viewer.post("/api/jobs", content=body, headers={"x-amz-content-sha256": digest})
        [asked] = s.origin.requests
        assert asked.content == body
        sent, expected = recomputed(asked, CONFIG.secret_access_key, digest)
        assert sent == expected

    run_on_edge(scenario)


def test_what_the_viewer_says_in_authorization_never_arrives() -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        await s.get("/api/me", authorization="Bearer mine", x_amz_security_token="t")
        [asked] = s.origin.requests
        assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
        assert "x-amz-security-token" not in asked.headers

    run_on_edge(scenario)


@pytest.mark.parametrize(
    ("method", "body", "digest"),
    [
        ("POST", b"{}", None),
        ("PUT", b"{}", None),
        ("POST", b"", None),
        ("PATCH", b"{}", None),
        ("POST", b"{}", EMPTY),
        ("POST", b"{}", "UNSIGNED-PAYLOAD"),
        ("GET", b"", "0" * 64),
    ],
)
def test_a_body_without_its_digest_is_refused_as_aws_refuses_it(
    method: str, body: bytes, digest: str | None
) -> None:
    """aws-facts B15: the viewer has to send x-amz-content-sha256, since no one else can hash it."""

    async def scenario(s: EdgeUnderTest) -> None:
        headers = {} if digest is None else {"x-amz-content-sha256": digest}
        answer = await s.viewer.request(method, "/api/jobs", content=body, headers=headers)
        assert answer.status_code == 403
        assert "x-amz-content-sha256" in answer.json()["Message"]
        assert s.origin.requests == []

    run_on_edge(scenario)


def test_a_body_larger_than_a_function_url_takes_is_refused() -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        answer = await s.viewer.post("/api/jobs", content=b"x" * (6 * 1024 * 1024 + 1))
        assert answer.status_code == 413
        assert s.origin.requests == []
        await asyncio.sleep(0)

    run_on_edge(scenario)


def test_other_paths_are_not_signed() -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        await s.get("/t/x.json", authorization="Bearer mine")
        assert s.origin.requests[0].headers["authorization"] == "Bearer mine"

    run_on_edge(scenario)
