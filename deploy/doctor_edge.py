"""Checks of a deployment from outside: headers, unknown views, pages."""

from collections.abc import Iterator
from uuid import uuid4

import httpx

from deploy.doctor_fixes import BY_HAND
from deploy.pages import WEB, build_id, pages
from deploy.verify_edge import BUILD

EdgeFinding = tuple[str, bool, str]
"""What was found, whether it is good, and what to do if not."""

TIMEOUT_S = 30
WANTED = {
    "content-security-policy": "default-src 'self'",
    "strict-transport-security": "max-age=",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def headers(edge_url: str) -> Iterator[EdgeFinding]:
    answer = httpx.get(f"{edge_url}/", timeout=TIMEOUT_S)
    yield f"/ answers {answer.status_code}", answer.status_code == 200, "haul deploy"
    for name, content in WANTED.items():
        found = answer.headers.get(name, "")
        yield f"/ is sent with {name}: {found[:60] or 'nothing'}", content in found, BY_HAND


def unknown_views(edge_url: str) -> Iterator[EdgeFinding]:
    """The edge must not cache "not found", or new links would fail; and no one may list views."""
    path = f"/t/{uuid4().hex}.json"
    with httpx.Client(base_url=edge_url, timeout=TIMEOUT_S) as http:
        first, second, folder = http.get(path), http.get(path), http.get("/t/")
    refused = first.status_code in (403, 404) and second.status_code in (403, 404)
    yield f"an unknown view answers {first.status_code}", refused, BY_HAND
    cached = "hit" in second.headers.get("x-cache", "").lower() or "age" in second.headers
    yield "the edge does not cache an unknown view", not cached, BY_HAND
    listed = folder.status_code == 200 or "ListBucketResult" in folder.text
    yield "views cannot be listed", not listed, BY_HAND


def pages_of_this_build(edge_url: str) -> Iterator[EdgeFinding]:
    wanted = build_id(WEB)
    keys = sorted(p.key for p in pages(WEB) if p.key.endswith(".html"))
    with httpx.Client(base_url=edge_url, timeout=TIMEOUT_S) as http:
        for key in keys:
            path = f"/{key.removesuffix('index.html')}"
            found = BUILD.search(http.get(path).text)
            build = found[1] if found else "none"
            yield (
                f"{path} is of build {build}",
                build == wanted,
                "this haul has other pages than the stage: haul deploy, or use its version",
            )
