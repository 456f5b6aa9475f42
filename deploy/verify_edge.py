"""Whether a stage is reached from outside: every page, the API, and its own domain."""

import hashlib
import re
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import httpx

from deploy.stack import DeployFailed

REFERENCE = re.compile(r"""(?:href|src)="(/[^"]+\.(?:js|css|svg|webmanifest))\"""")
BUILD = re.compile(r'<meta name="build" content="([0-9a-f]+)"')
LOOK_EVERY_S = 0.2
AT_ONCE = 6

NOBODYS = b"{}"
FOR_MEMBERS = (("GET", "/api/session"), ("POST", "/api/jobs"))
"""Asked by no one, the API's own code says no: one is read, the other is written with a body."""
OUR_NO = '"/problems/signed-out"'


class NotVerified(DeployFailed):
    """The stage does not do what it should; the text says what was seen."""


def verify_pages(edge_url: str, build: str, keys: Iterable[str], patience_s: float) -> int:
    """How many pages and files were seen. Raises NotVerified for the first that is wrong.

    A page of another build may come from a copy that the invalidation has not reached yet, so it
    is asked for again until `patience_s` is over.
    """
    seen: set[str] = set()
    deadline = time.monotonic() + patience_s
    with httpx.Client(base_url=edge_url, timeout=30) as http:
        for path in sorted(_address(key) for key in keys if key.endswith(".html")):
            seen |= {path, *REFERENCE.findall(_page(http, path, build, deadline))}
        with ThreadPoolExecutor(AT_ONCE) as asking:
            for path, answer in zip(sorted(seen), asking.map(http.get, sorted(seen)), strict=True):
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
        time.sleep(LOOK_EVERY_S)


def verify_api(edge_url: str, patience_s: float) -> None:
    """Our own code answers what is asked through the edge. Raises NotVerified.

    Bookings and moves of a canary do not come this way, and a 403 of the edge, or of a function
    that may not be called from there, looks like nothing else.
    """
    deadline = time.monotonic() + patience_s
    with httpx.Client(base_url=edge_url, timeout=30) as http:
        for method, path in FOR_MEMBERS:
            while OUR_NO not in (said := _said(http, method, path)):
                if time.monotonic() > deadline:
                    raise NotVerified(
                        f"{method} {path} answers {said.split()[0]}, and not in our words"
                    )
                time.sleep(LOOK_EVERY_S)


def _said(http: httpx.Client, method: str, path: str) -> str:
    """The status and what was said with it, or that no one answered."""
    try:
        answer = _asked(http, method, path)
    except httpx.TransportError:
        return "nothing"
    return f"{answer.status_code} {answer.text}"


def _asked(http: httpx.Client, method: str, path: str) -> httpx.Response:
    if method == "GET":
        return http.get(path)
    digest = hashlib.sha256(NOBODYS).hexdigest()
    headers = {"Content-Type": "application/json", "x-amz-content-sha256": digest}
    return http.request(method, path, content=NOBODYS, headers=headers)


def verify_address(url: str, build: str, patience_s: float) -> None:
    """Whoever comes by that address comes here, if not at once: a name that was just entered may
    be unknown for a while. Raises NotVerified."""
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
                    raise NotVerified(f"{url} is not reached: {error}") from error
            time.sleep(LOOK_EVERY_S)


def is_entered(domain: str, distribution: str) -> bool:
    """Whether the DNS leads from our domain to the distribution's, as by a CNAME."""
    try:
        name, _, _ = socket.gethostbyname_ex(domain)
    except OSError:
        return False
    return name.rstrip(".").lower() == distribution.lower()
