"""Publishes the pages: scripts and styles under hashed names first, pages last.

`web/` runs as it is, module by module. The deployment bundles the modules of each page into one
script and its styles into one style, each under a name with the hash of its content; so a page and
its script always belong to one build, and browsers may cache them for a year. The icon becomes part
of the page, which saves a request. Every page names its build in `<meta name="build">`. Other files
are published unchanged.
"""

import hashlib
import mimetypes
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from deploy.bundle import ROOT
from deploy.esbuild import esbuild

WEB = ROOT / "web"
YEAR_S = 31_536_000
NOT_PAGES = ("t/", "logos/")
"""Folders of the site bucket that functions write, not deployments."""
EDGE_S = {"track": 300, "book": 3600}
"""How long the edge caches pages of a folder; others until a deployment invalidates them."""
TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
NOT_BUNDLED = {"style.css", "crew/sw.js", "shared/api/hints.js"}
"""Scripts and styles with a lasting address: the edge function's 404 page has this style, browsers
know a service worker by its address, and pages load the script for hints after their first view."""
OPTIONS = (
    "--bundle",
    "--minify",
    "--external:/shared/api/hints.js",
    "--charset=utf8",
    "--format=esm",
    "--target=es2022",
    # An import of `/shared/…` means the folder of the pages.
    '--tsconfig-raw={"compilerOptions": {"baseUrl": ".", "paths": {"/*": ["./*"]}}}',
)
STYLE = re.compile(r'<link rel="stylesheet" href="(/[^"]+)" />')
STYLES = re.compile(rf"(?:\s*{STYLE.pattern})+")
SCRIPT = re.compile(r'(?<=<script type="module" src="/)[^"]+(?="></script>)')
ICON = re.compile(r'(?<=<link rel="icon" href=")/([^"]+)(?=" type="image/svg\+xml" />)')
HEAD = re.compile(r"<head>", re.IGNORECASE)
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
    """What is uploaded, in order: hashed files, plain files, pages. Raises BundlingFailed."""
    sources, build = _sources(web), build_id(web)
    documents = {key: body.decode() for key, body in sources.items() if key.endswith(".html")}
    bundles = _bundles(web, documents)
    files = [
        Page(key, body)
        for key, body in sources.items()
        if key in NOT_BUNDLED or Path(key).suffix not in {".html", ".js", ".css"}
    ]
    files += [Page(_hashed_name(key, body), body) for key, body in bundles.items()]
    names = {key: _hashed_name(key, body) for key, body in bundles.items()}
    for key, text in documents.items():
        page = ICON.sub(lambda found: _as_data(sources[found[1]]), _with_bundles(key, text, names))
        files.append(Page(key, _with_build(page, build).encode()))
    return in_order(files)


def in_order(files: Iterable[Page]) -> list[Page]:
    return sorted(files, key=lambda page: (page.is_entry, page.key.endswith(".html"), page.key))


def _sources(web: Path) -> dict[str, bytes]:
    files = sorted(path for path in web.rglob("*") if path.is_file() and path.name != "README.md")
    return {path.relative_to(web).as_posix(): path.read_bytes() for path in files}


def _bundles(web: Path, documents: Mapping[str, str]) -> dict[str, bytes]:
    """The script and the style of each page with all they import, such as `track/page.js`."""
    with TemporaryDirectory() as folder:
        bundled, entries = Path(folder, "bundled"), []
        for key, text in documents.items():
            name = _bundle(key)
            entries += [f"{name}={script}" for script in SCRIPT.findall(text)]
            if styles := STYLE.findall(text):
                whole = Path(folder, f"{name.replace('/', '-')}.css")
                whole.write_text("".join(f'@import "{style}";\n' for style in styles))
                entries.append(f"{name}={whole}")
        esbuild(
            *entries, *OPTIONS, f"--outdir={bundled}", folder=web,
        )  # fmt: skip
        return _sources(bundled)


def _bundle(page: str, suffix: str = "") -> str:
    """The name of a page's script or style: `track/page.js` for `track/index.html`."""
    return str(PurePosixPath(page).with_name(f"page{suffix}"))


def _hashed_name(key: str, body: bytes) -> str:
    path = PurePosixPath(key)
    return str(path.with_name(f"{path.stem}.{_digest({key: body}, 12)}{path.suffix}"))


def _with_bundles(page: str, text: str, names: Mapping[str, str]) -> str:
    """The page with one style and one script in the place of those of the sources."""
    style, script = names.get(_bundle(page, ".css")), names.get(_bundle(page, ".js"))
    text = STYLES.sub(f'\n    <link rel="stylesheet" href="/{style}" />', text)
    return SCRIPT.sub(str(script), text)


def _as_data(icon: bytes) -> str:
    return "data:image/svg+xml," + quote(icon, safe=" =/:")


def _with_build(text: str, build: str) -> str:
    """The page with its build. Verification fails for a page without a head."""
    mark = f'\n    <meta name="build" content="{build}" />'
    return HEAD.sub(lambda found: found[0] + mark, text, count=1)


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
    """Delete files that no kept release has. What is not of a release stays."""
    others = sorted(
        key for key in _known(s3, bucket) if key not in kept and not key.startswith(NOT_PAGES)
    )
    for key in others:
        s3.delete_object(Bucket=bucket, Key=key)
    return others


def _known(s3: Any, bucket: str) -> dict[str, str]:
    """ETags by key, without what is not of a release, of which there may be very much."""
    listing = s3.get_paginator("list_objects_v2")
    top = list(listing.paginate(Bucket=bucket, Delimiter="/"))
    folders = [f["Prefix"] for page in top for f in page.get("CommonPrefixes", ())]
    answers = top + [
        page
        for folder in folders
        if folder not in NOT_PAGES
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
