"""Pages as they are published: what others refer to under the hash of its content, pages last.

`web/` is published as it is, with two additions. Every style and script is also there under a name
that has a hash of it and of all it imports, and whoever refers to it does so by that name; so a
page and its scripts are always of one build, and browsers may keep them for a year. Every page
says in `<meta name="build">` which build it is of.
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
UNTIL_DEPLOY_S = 31_536_000
EDGE_S = {"track": 300, "book": 3600}
"""How long the edge keeps a page, by its first folder; else until a deployment invalidates it."""
TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
HASHED = {".js", ".css"}
KEEP_NAMES = re.compile(r"(^|/)(sw|service[-_]worker)\.js$")
"""A service worker is known to browsers by its address; it keeps it."""
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
        """Known by its plain address, so that it must be replaced; all else is new or the same."""
        return not HASHED_NAME.search(self.key)

    @property
    def content_type(self) -> str:
        suffix = Path(self.key).suffix
        kind = TYPES.get(suffix) or mimetypes.guess_type(self.key)[0] or "application/octet-stream"
        is_text = kind.startswith("text/") or "json" in kind or "svg" in kind
        return f"{kind}; charset=utf-8" if is_text else kind

    @property
    def caching(self) -> str:
        """Hashed names for a year. Others browsers ask for every time, and the edge keeps."""
        if not self.is_entry:
            return "public, max-age=31536000, immutable"
        edge_s = EDGE_S.get(self.key.partition("/")[0], UNTIL_DEPLOY_S)
        return f"public, max-age=0, s-maxage={edge_s}"


def build_id(web: Path = WEB) -> str:
    """Sixteen hex digits that name the whole of `web/`."""
    return _digest(_sources(web), 16)


def pages(web: Path = WEB) -> list[Page]:
    """What is uploaded, in this order: hashed files, plain files, pages."""
    sources, build = _sources(web), build_id(web)
    names = _hashed_names(sources)
    made = []
    for key, body in sources.items():
        pointed = _pointed(key, body, names)
        made.append(Page(key, _marked(pointed, build) if key.endswith(".html") else pointed))
        if key in names:
            made.append(Page(names[key], pointed))
    return in_order(made)


def in_order(files: Iterable[Page]) -> list[Page]:
    return sorted(files, key=lambda page: (page.is_entry, page.key.endswith(".html"), page.key))


def _sources(web: Path) -> dict[str, bytes]:
    files = sorted(path for path in web.rglob("*") if path.is_file() and path.name != "README.md")
    return {path.relative_to(web).as_posix(): path.read_bytes() for path in files}


def _hashed_names(sources: Mapping[str, bytes]) -> dict[str, str]:
    wanted = [k for k in sources if Path(k).suffix in HASHED and not KEEP_NAMES.search(k)]
    return {key: _hashed_name(key, sources) for key in wanted}


def _hashed_name(key: str, sources: Mapping[str, bytes]) -> str:
    """The hash is of the file and of everything it leads to, so circles are no trouble."""
    found, new = {key}, {key}
    while new:
        new = {there for here in new for there in _references(here, sources)} - found
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
    """`/shared/time.js` or `./words.js`, seen from `key`, as a key."""
    joined = path if path.startswith("/") else f"/{PurePosixPath(key).parent}/{path}"
    return normpath(joined).lstrip("/")


def _pointed(key: str, body: bytes, names: Mapping[str, str]) -> bytes:
    """The file with its references by hashed name."""
    if Path(key).suffix not in HASHED | {".html"}:
        return body

    def by_hash(match: re.Match[str]) -> str:
        name = names.get(_target(key, match["path"]))
        return f"{match['open']}/{name}{match['close']}" if name else match[0]

    return QUOTED.sub(by_hash, body.decode()).encode()


def _marked(body: bytes, build: str) -> bytes:
    """The page with its build; one without a head stays as it is, and verification says so."""
    mark = f'\n    <meta name="build" content="{build}" />'.encode()
    return HEAD.sub(lambda found: found[0] + mark, body, count=1)


def _digest(contents: Mapping[str, bytes], length: int) -> str:
    whole = hashlib.sha256()
    for name, body in contents.items():
        whole.update(f"{name}\0{len(body)}\0".encode() + body)
    return whole.hexdigest()[:length]


def publish(s3: Any, bucket: str, wanted: list[Page]) -> list[str]:
    """Upload the pages that differ from what is there; the answer is their keys.

    What is said of a page, its type and how long it is kept, is part of it. Hashed files many at
    once, for no one refers to them yet; the others in their order.
    """
    known = _known(s3, bucket)

    def is_there(page: Page) -> bool:
        return known.get(page.key) == _etag(page.body) and _is_told_so(s3, bucket, page)

    with ThreadPoolExecutor(AT_ONCE) as looks:
        found = list(looks.map(is_there, wanted))
    changed = [page for page, there in zip(wanted, found, strict=True) if not there]
    hashed = [page for page in changed if not page.is_entry]
    with ThreadPoolExecutor(AT_ONCE) as uploads:
        list(uploads.map(lambda page: _put(s3, bucket, page), hashed))
    for page in changed:
        if page.is_entry:
            _put(s3, bucket, page)
    return [page.key for page in changed]


def remove_others(s3: Any, bucket: str, kept: set[str]) -> list[str]:
    """Take away files that no kept release has; views (`t/`) are not pages and stay."""
    others = sorted(k for k in _known(s3, bucket) if k not in kept and not k.startswith("t/"))
    for key in others:
        s3.delete_object(Bucket=bucket, Key=key)
    return others


def _known(s3: Any, bucket: str) -> dict[str, str]:
    """ETags by key, without the views: there may be very many of them."""
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


def _is_told_so(s3: Any, bucket: str, page: Page) -> bool:
    told = s3.head_object(Bucket=bucket, Key=page.key)
    return (told["ContentType"], told.get("CacheControl")) == (page.content_type, page.caching)


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
    """Forget all pages at the edge, by the one wildcard that costs one path; the answer is its id.

    `occasion` is another one for every deployment: CloudFront answers a known one with what it
    did then, also where the pages have since been changed and changed back.
    """
    made = cloudfront.create_invalidation(
        DistributionId=distribution_id,
        InvalidationBatch={
            "Paths": {"Quantity": 1, "Items": ["/*"]},
            "CallerReference": f"pages-{occasion}",
        },
    )
    return str(made["Invalidation"]["Id"])
