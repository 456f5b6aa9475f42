"""Verifies that a stage can be reached from outside: every page, the API, and its domain."""

import re
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpx

from deploy.stack import DeployFailed

REFERENCE = re.compile(r"""(?:href|src)="(/[^"]+\.(?:js|css|svg|webmanifest))\"""")
BUILD = re.compile(r'<meta name="build" content="([0-9a-f]+)"')
POLL_EVERY_S = 0.2
AT_ONCE = 6

EMPTY_BODY = b"{}"
NEEDS_SESSION = (("GET", "/api/session"), ("POST", "/api/jobs"))
"""Without a session, the API's own code refuses these: one without a body, one with a body."""
SIGNED_OUT = '"/problems/signed-out"'


class NotVerified(DeployFailed):
    """The stage does not do what it should; the text says what was found."""


def verify_pages(edge_url: str, build: str, keys: Iterable[str], patience_s: float) -> int:
    """Returns how many pages and files were checked. Raises NotVerified for the first wrong one.

    A page of another build may come from a cache that the invalidation has not reached yet, so it
    is requested again for up to `patience_s`.
    """
    seen: set[str] = set()
    deadline = time.monotonic() + patience_s
    with httpx.Client(base_url=edge_url, timeout=30) as http:
        for path in sorted(_address(key) for key in keys if key.endswith(".html")):
            seen |= {path, *REFERENCE.findall(_page(http, path, build, deadline))}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for path, answer in zip(sorted(seen), pool.map(http.get, sorted(seen)), strict=True):
                if answer.status_code != 200:
                    raise NotVerified(f"a page needs {path}, which answers {answer.status_code}")
    return len(seen)


def _address(key: str) -> str:
    return f"/{key.removesuffix('index.html')}"


def _page(http: httpx.Client, path: str, build: str, deadline: float) -> str:
    while True:
        answer = http.get(path)
        found = BUILD.search(answer.text)
        if answer.status_code == 200 and found and found[1] == build:
            return answer.text
        if time.monotonic() > deadline or (answer.status_code == 200 and not found):
            what = f"build {found[1]}, not {build}" if found else "no build"
            raise NotVerified(f"{path} answers {answer.status_code} with {what}")
        time.sleep(POLL_EVERY_S)


def verify_api(edge_url: str, patience_s: float) -> None:
    """The API's own code answers requests through the edge. Raises NotVerified.

    Verification jobs do not use the API, so a 403 from the edge, or from a function that the edge
    may not call, would not be noticed otherwise.
    """
    deadline = time.monotonic() + patience_s
    with httpx.Client(base_url=edge_url, timeout=30) as http:
        for method, path in NEEDS_SESSION:
            while SIGNED_OUT not in (answer := _answer(http, method, path)):
                if time.monotonic() > deadline:
                    raise NotVerified(
                        f"{method} {path} answers {answer.split()[0]}, not from the API's own code"
                    )
                time.sleep(POLL_EVERY_S)


def _answer(http: httpx.Client, method: str, path: str) -> str:
    """Status and body; `nothing` without an answer."""
    try:
        answer = _request(http, method, path)
    except httpx.TransportError:
        return "nothing"
    return f"{answer.status_code} {answer.text}"


def _request(http: httpx.Client, method: str, path: str) -> httpx.Response:
    if method == "GET":
        return http.get(path)
    headers = {"Content-Type": "application/json"}
    return http.request(method, path, content=EMPTY_BODY, headers=headers)


def verify_address(url: str, build: str, patience_s: float) -> None:
    """The address leads to this build. Waits, because a new DNS name may be unknown for a while.
    Raises NotVerified."""
    deadline = time.monotonic() + patience_s
    with httpx.Client(base_url=url, timeout=30) as http:
        while True:
            try:
                _page(http, "/", build, deadline)
                return
            except NotVerified as error:
                raise NotVerified(f"{url}: {error}") from error
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise NotVerified(f"{url} cannot be reached: {error}") from error
            time.sleep(POLL_EVERY_S)


def points_to(domain: str, distribution: str) -> bool:
    """Whether the DNS name of our domain leads to the distribution, as by a CNAME record."""
    try:
        name, _, _ = socket.gethostbyname_ex(domain)
    except OSError:
        return False
    return name.rstrip(".").lower() == distribution.lower()
