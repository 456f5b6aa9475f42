"""Pages into the site bucket: what others refer to first, the pages themselves last."""

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.bundle import ROOT

WEB = ROOT / "web"
UNTIL_DEPLOY_S = 31_536_000
EDGE_S = {"track": 300, "book": 3600}
"""How long the edge keeps a page, by its first folder; else until a deployment invalidates it."""
TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/json"}


@dataclass(frozen=True)
class Page:
    key: str
    body: bytes

    @property
    def content_type(self) -> str:
        suffix = Path(self.key).suffix
        kind = TYPES.get(suffix) or mimetypes.guess_type(self.key)[0] or "application/octet-stream"
        is_text = kind.startswith("text/") or "json" in kind or "svg" in kind
        return f"{kind}; charset=utf-8" if is_text else kind

    @property
    def caching(self) -> str:
        """Browsers ask every time; the edge keeps it."""
        edge_s = EDGE_S.get(self.key.partition("/")[0], UNTIL_DEPLOY_S)
        return f"public, max-age=0, s-maxage={edge_s}"


def pages(web: Path = WEB) -> list[Page]:
    """Every file under `web/`, entry pages last, so that no page names what is not there yet."""
    found = [Page(path.relative_to(web).as_posix(), path.read_bytes()) for path in _files(web)]
    return sorted(found, key=lambda page: (page.key.endswith(".html"), page.key))


def _files(web: Path) -> Iterator[Path]:
    return (path for path in web.rglob("*") if path.is_file() and path.name != "README.md")


def publish(s3: Any, bucket: str, wanted: list[Page]) -> list[str]:
    """Upload the pages that differ from what is there; the answer is their keys."""
    known = {
        item["Key"]: item["ETag"].strip('"')
        for listing in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in listing.get("Contents", ())
    }
    changed = [page for page in wanted if known.get(page.key) != _etag(page.body)]
    for page in changed:
        s3.put_object(
            Bucket=bucket,
            Key=page.key,
            Body=page.body,
            ContentType=page.content_type,
            CacheControl=page.caching,
        )
    return [page.key for page in changed]


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def invalidate(cloudfront: Any, distribution_id: str, keys: list[str], build: str) -> None:
    """Forget changed pages at the edge: everything, by the one wildcard that costs one path."""
    if keys:
        reference = hashlib.sha256("\n".join([build, *keys]).encode()).hexdigest()
        cloudfront.create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": ["/*"]},
                "CallerReference": f"pages-{reference[:48]}",
            },
        )
