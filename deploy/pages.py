"""Publishes the pages: scripts and styles under hashed names first, pages last.

`web/` is published unchanged, with two additions. Every style and script is also published under a
name with the hash of its content and of all it imports, and references use that name; so a page and
its scripts always belong to one build, and browsers may cache them for a year. Every page names its
build in `<meta name="build">`.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from deploy.bundle import ROOT

WEB = ROOT / "web"
YEAR_S = 31_536_000
EDGE_S = {"track": 300, "book": 3600}
"""How long the edge caches pages of a folder; others until a deployment invalidates them."""
TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
HASHED = {".js", ".css"}
KEEP_NAMES = re.compile(r"(^|/)(sw|service[-_]worker)\.js$")
"""Browsers know a service worker by its address, so its name must not change."""
QUOTED = re.compile(
    r"""(?P<open>["'`(])(?P<path>\.{0,2}/[A-Za-z0-9_./-]+\.(?:js|css))(?P<close>["'`)])"""
)
HEAD = re.compile(rb"<head>", re.IGNORECASE)
HASHED_NAME = re.compile(r"\.[0-9a-f]{12}\.(js|css)$")
AT_ONCE = 8


@dataclass(frozen=True)
class Page:
    key: str
    body: bytes

    @property
    def is_entry(self) -> bool:
        """Whether its name has no hash, so that a new version replaces the old one."""
        return not HASHED_NAME.search(self.key)

    @property
    def content_type(self) -> str:
        suffix = Path(self.key).suffix
        kind = TYPES.get(suffix) or mimetypes.guess_type(self.key)[0] or "application/octet-stream"
        is_text = kind.startswith("text/") or "json" in kind or "svg" in kind
        return f"{kind}; charset=utf-8" if is_text else kind

    @property
    def caching(self) -> str:
        """Browsers cache hashed names for a year and revalidate the others; the edge caches all."""
        if not self.is_entry:
            return "public, max-age=31536000, immutable"
        edge_s = EDGE_S.get(self.key.partition("/")[0], YEAR_S)
        return f"public, max-age=0, s-maxage={edge_s}"


def build_id(web: Path = WEB) -> str:
    """Sixteen hex digits of the hash of all files in `web/`."""
    return _digest(_sources(web), 16)


def pages(web: Path = WEB) -> list[Page]:
    """What is uploaded, in order: hashed files, plain files, pages."""
    sources, build = _sources(web), build_id(web)
    names = _hashed_names(sources)
    files = []
    for key, body in sources.items():
        linked = _with_hashed_references(key, body, names)
        files.append(Page(key, _with_build(linked, build) if key.endswith(".html") else linked))
        if key in names:
            files.append(Page(names[key], linked))
    return in_order(files)


def in_order(files: Iterable[Page]) -> list[Page]:
    return sorted(files, key=lambda page: (page.is_entry, page.key.endswith(".html"), page.key))


def _sources(web: Path) -> dict[str, bytes]:
    files = sorted(path for path in web.rglob("*") if path.is_file() and path.name != "README.md")
    return {path.relative_to(web).as_posix(): path.read_bytes() for path in files}


def _hashed_names(sources: Mapping[str, bytes]) -> dict[str, str]:
    wanted = [k for k in sources if Path(k).suffix in HASHED and not KEEP_NAMES.search(k)]
    return {key: _hashed_name(key, sources) for key in wanted}


def _hashed_name(key: str, sources: Mapping[str, bytes]) -> str:
    """The hash covers the file and everything it imports, so circular imports do no harm."""
    found, new = {key}, {key}
    while new:
        new = {target for origin in new for target in _references(origin, sources)} - found
        found |= new
    path = PurePosixPath(key)
    digest = _digest({name: sources[name] for name in sorted(found)}, 12)
    return str(path.with_name(f"{path.stem}.{digest}{path.suffix}"))


def _references(key: str, sources: Mapping[str, bytes]) -> Iterator[str]:
    if Path(key).suffix in HASHED | {".html"}:
        for match in QUOTED.finditer(sources[key].decode()):
            target = _target(key, match["path"])
            if target in sources:
                yield target


def _target(key: str, path: str) -> str:
    """The key of a reference in `key`, such as `/shared/time.js` or `./words.js`."""
    joined = path if path.startswith("/") else f"/{PurePosixPath(key).parent}/{path}"
    return normpath(joined).lstrip("/")


def _with_hashed_references(key: str, body: bytes, names: Mapping[str, str]) -> bytes:
    """The file with hashed names in its references."""
    if Path(key).suffix not in HASHED | {".html"}:
        return body

    def by_hash(match: re.Match[str]) -> str:
        name = names.get(_target(key, match["path"]))
        return f"{match['open']}/{name}{match['close']}" if name else match[0]

    return QUOTED.sub(by_hash, body.decode()).encode()


def _with_build(body: bytes, build: str) -> bytes:
    """The page with its build. Verification fails for a page without a head."""
    mark = f'\n    <meta name="build" content="{build}" />'.encode()
    return HEAD.sub(lambda found: found[0] + mark, body, count=1)


def _digest(contents: Mapping[str, bytes], length: int) -> str:
    whole = hashlib.sha256()
    for name, body in contents.items():
        whole.update(f"{name}\0{len(body)}\0".encode() + body)
    return whole.hexdigest()[:length]


def publish(s3: Any, bucket: str, wanted: list[Page]) -> list[str]:
    """Upload the pages that differ from the stored ones. Returns their keys.

    Content type and caching are compared too. Hashed files are uploaded in parallel, because no
    page refers to them yet; the others in order.
    """
    known = _known(s3, bucket)

    def is_stored(page: Page) -> bool:
        return known.get(page.key) == _etag(page.body) and _has_headers(s3, bucket, page)

    with ThreadPoolExecutor(AT_ONCE) as checks:
        unchanged = list(checks.map(is_stored, wanted))
    changed = [page for page, same in zip(wanted, unchanged, strict=True) if not same]
    hashed = [page for page in changed if not page.is_entry]
    with ThreadPoolExecutor(AT_ONCE) as uploads:
        list(uploads.map(lambda page: _put(s3, bucket, page), hashed))
    for page in changed:
        if page.is_entry:
            _put(s3, bucket, page)
    return [page.key for page in changed]


def remove_others(s3: Any, bucket: str, kept: set[str]) -> list[str]:
    """Delete files that no kept release has. Views (`t/`) are not pages and stay."""
    others = sorted(k for k in _known(s3, bucket) if k not in kept and not k.startswith("t/"))
    for key in others:
        s3.delete_object(Bucket=bucket, Key=key)
    return others


def _known(s3: Any, bucket: str) -> dict[str, str]:
    """ETags by key, without the views, of which there may be very many."""
    listing = s3.get_paginator("list_objects_v2")
    top = list(listing.paginate(Bucket=bucket, Delimiter="/"))
    folders = [f["Prefix"] for page in top for f in page.get("CommonPrefixes", ())]
    answers = top + [
        page
        for folder in folders
        if folder != "t/"
        for page in listing.paginate(Bucket=bucket, Prefix=folder)
    ]
    return {o["Key"]: o["ETag"].strip('"') for page in answers for o in page.get("Contents", ())}


def _has_headers(s3: Any, bucket: str, page: Page) -> bool:
    stored = s3.head_object(Bucket=bucket, Key=page.key)
    return (stored["ContentType"], stored.get("CacheControl")) == (page.content_type, page.caching)


def _put(s3: Any, bucket: str, page: Page) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=page.key,
        Body=page.body,
        ContentType=page.content_type,
        CacheControl=page.caching,
    )


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def invalidate(cloudfront: Any, distribution_id: str, occasion: str) -> str:
    """Invalidate all pages by one wildcard, which costs one path. Returns the invalidation's id.

    `occasion` must be unique: CloudFront does nothing for a caller reference it knows.
    """
    answer = cloudfront.create_invalidation(
        DistributionId=distribution_id,
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/*"]},
            "CallerReference": f"pages-{occasion}",
        },
    )
    return str(answer["Invalidation"]["Id"])
