"""A cache with CloudFront's rules: what is stored, under which key, and for how long.

No clock and no network: the time is always an argument, in seconds since the epoch.

Sources, read 2026-11-21, all in the CloudFront Developer Guide: "Manage how long content stays in
the cache (expiration)", "Control how long CloudFront caches errors", "How CloudFront processes
HTTP 4xx and 5xx status codes from your origin", "Understand the cache key", "Invalidate files".

Not implemented: stale-while-revalidate (we never send it), ranges (they bypass the cache), Vary
other than the normalized Accept-Encoding, invalidation by tag.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import unquote_plus

DEFAULT_ERROR_TTL_S = 10.0
ALWAYS_CACHED_ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
ERRORS_CACHED_ON_REQUEST = frozenset({400, 403, 405, 412, 415})
ERRORS_THAT_HEED_NO_STORE = frozenset({404, 410, 414, 501})
"""Errors for which no-store, no-cache, and private count; for other errors they are ignored."""
CACHED_ON_REQUEST = frozenset({307, 308})
NEVER_CACHED = frozenset({206, 304, 416})
ENCODINGS = ("br", "gzip")

Fields = tuple[tuple[str, str], ...]
"""Header fields in order, with lowercase names."""
Result = Literal["Hit", "Miss", "RefreshHit", "Error"]


def field_value(fields: Iterable[tuple[str, str]], name: str) -> str | None:
    """All values of `name`, joined as in RFC 9110 5.3; None if there is none."""
    values = [value for key, value in fields if key == name]
    return ", ".join(values) if values else None


@dataclass(frozen=True)
class EdgeResponse:
    """A complete response of an origin. The body is unchanged, compressed or not."""

    status: int
    headers: Fields = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return field_value(self.headers, name)

    def without(self, *names: str) -> "EdgeResponse":
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in names))


@dataclass(frozen=True)
class KeyNames:
    """Which names of a kind (query, headers, cookies) are part of the cache key."""

    kind: Literal["none", "whitelist", "allExcept", "all"] = "none"
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        if self.kind in ("none", "all"):
            return self.kind == "all"
        return (name in self.names) == (self.kind == "whitelist")


@dataclass(frozen=True)
class CachePolicy:
    """A CloudFront cache policy: lifetimes in seconds, and the parts of the cache key."""

    min_s: float = 0
    default_s: float = 86_400
    max_s: float = 31_536_000
    query: KeyNames = KeyNames()
    headers: KeyNames = KeyNames()
    cookies: KeyNames = KeyNames()
    encodings: tuple[str, ...] = ()

    @property
    def caches(self) -> bool:
        """A maximum of zero turns caching off, as in the managed policy CachingDisabled."""
        return self.max_s > 0


class Key(NamedTuple):
    """The key of a copy. `uri` is the path after the viewer-request function."""

    uri: str
    query: str = ""
    headers: Fields = ()
    cookies: Fields = ()
    encoding: str = ""

    @property
    def path(self) -> str:
        """What invalidations are matched against: includes the query string if it is in the key."""
        return f"{self.uri}?{self.query}" if self.query else self.uri


def key_of(
    policy: CachePolicy, uri: str, query: str = "", headers: Iterable[tuple[str, str]] = ()
) -> Key:
    headers = tuple(headers)
    parts = [p for p in query.split("&") if p and unquote_plus(p.partition("=")[0]) in policy.query]
    picked = tuple(sorted(h for h in headers if h[0] in policy.headers and h[0] != "cookie"))
    pairs = (c.strip().partition("=") for c in (field_value(headers, "cookie") or "").split(";"))
    cookies = tuple(sorted((name, value) for name, _, value in pairs if name in policy.cookies))
    return Key(uri, "&".join(parts), picked, cookies, accepted_encoding(policy, headers))


def accepted_encoding(policy: CachePolicy, headers: Iterable[tuple[str, str]]) -> str:
    """The normalized Accept-Encoding: `br,gzip`, one of the two, or nothing."""
    accepted = field_value(headers, "accept-encoding") or ""
    offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return ",".join(e for e in ENCODINGS if e in policy.encodings and e in offered)


def directives(answer: EdgeResponse) -> dict[str, str]:
    """Cache-Control as a mapping; a directive without a value has the value ""."""
    parts = (part.partition("=") for part in (answer.header("cache-control") or "").split(","))
    return {name.strip().lower(): value.strip(' "') for name, _, value in parts if name.strip()}


def origin_lifetime_s(answer: EdgeResponse, now: float) -> float | None:
    """The lifetime that the origin asks for: s-maxage, else max-age, else Expires, else None."""
    said = directives(answer)
    for name in ("s-maxage", "max-age"):
        if said.get(name, "").isdigit():
            return float(said[name])
    expires = answer.header("expires")
    return None if expires is None else max(0.0, _moment(expires) - now)


def _moment(text: str) -> float:
    """An HTTP date in seconds; 0 if it cannot be parsed (RFC 9111)."""
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()


def lifetime_s(
    answer: EdgeResponse, policy: CachePolicy, error_ttls: Mapping[int, float], now: float
) -> float | None:
    """How long `answer` may be served without revalidation; None if it must not be stored.

    Zero means that it is stored, and revalidated before every use.
    """
    if answer.status in NEVER_CACHED or not policy.caches:
        return None
    asked = origin_lifetime_s(answer, now)
    if answer.status >= 400:
        return _error_lifetime_s(answer, asked, policy, error_ttls)
    if answer.status in CACHED_ON_REQUEST and answer.header("cache-control") is None:
        return None
    said = directives(answer)
    if {"no-store", "private", "no-cache"} & set(said):
        if policy.min_s > 0:
            return policy.min_s
        return None if {"no-store", "private"} & set(said) else 0.0
    return min(max(policy.default_s if asked is None else asked, policy.min_s), policy.max_s)


def _error_lifetime_s(
    answer: EdgeResponse, asked: float | None, policy: CachePolicy, error_ttls: Mapping[int, float]
) -> float | None:
    status = answer.status
    on_request = status in ERRORS_CACHED_ON_REQUEST and asked is not None
    if status not in ALWAYS_CACHED_ERRORS and not on_request:
        return None
    refused = bool({"no-store", "private", "no-cache"} & set(directives(answer)))
    if refused and status in ERRORS_THAT_HEED_NO_STORE:
        return None
    least = error_ttls.get(status, DEFAULT_ERROR_TTL_S)
    return max(least, 0.0 if refused else min(asked or 0.0, policy.max_s))


@dataclass(frozen=True)
class CachedCopy:
    """A stored response. `quiet_until` is set while it is served in place of an origin's errors."""

    answer: EdgeResponse
    stored_at: float
    ttl_s: float
    quiet_until: float = 0.0

    def age_s(self, now: float) -> int:
        return max(0, int(now - self.stored_at))

    def is_fresh(self, now: float) -> bool:
        return now < self.stored_at + self.ttl_s or now < self.quiet_until

    def may_replace_error(self, now: float) -> bool:
        """Whether to serve it when the origin fails: any age, unless stale-if-error limits it."""
        limit = directives(self.answer).get("stale-if-error", "")
        in_time = not limit.isdigit() or now < self.stored_at + self.ttl_s + int(limit)
        return self.answer.status < 400 and in_time

    def validators(self) -> Fields:
        """The request headers that revalidate this copy at the origin."""
        if self.answer.status >= 400:
            return ()
        asks = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        found = ((ask, self.answer.header(name)) for ask, name in asks.items())
        return tuple((ask, value) for ask, value in found if value is not None)[:1]

    def confirmed(self, not_modified: EdgeResponse) -> EdgeResponse:
        """The stored response with the header fields of the 304 (RFC 9111 4.3.4)."""
        fresh = {name for name, _ in not_modified.headers} - {"content-length", "content-type"}
        kept = tuple(h for h in self.answer.headers if h[0] not in fresh)
        new = tuple(h for h in not_modified.headers if h[0] in fresh)
        return replace(self.answer, headers=kept + new)


class CacheResult(NamedTuple):
    """The outcome of an origin's response: what the viewer gets, and the copy to store, if any."""

    answer: EdgeResponse
    copy: CachedCopy | None
    result: Result


def settle(
    answer: EdgeResponse,
    asked_about: CachedCopy | None,
    held: CachedCopy | None,
    policy: CachePolicy,
    error_ttls: Mapping[int, float],
    *,
    now: float,
) -> CacheResult:
    """What to serve and store after the origin has answered.

    `asked_about` is the copy whose ETag was sent, `held` the one in the cache now; an invalidation
    may have happened in between. A 304 restores the copy that was asked about, because the origin
    has confirmed it; an error is replaced only by a copy that is still in the cache.
    """
    if answer.status == 304 and asked_about is not None:
        whole = asked_about.confirmed(answer)
        ttl_s = lifetime_s(whole, policy, error_ttls, now)
        return CacheResult(
            whole, None if ttl_s is None else CachedCopy(whole, now, ttl_s), "RefreshHit"
        )
    if answer.status >= 500 and held is not None and held.may_replace_error(now):
        pause_s = error_ttls.get(answer.status, DEFAULT_ERROR_TTL_S)
        return CacheResult(held.answer, replace(held, quiet_until=now + pause_s), "Hit")
    ttl_s = lifetime_s(answer, policy, error_ttls, now)
    shared = answer if ttl_s is None else answer.without("set-cookie")
    result: Result = "Error" if answer.status >= 400 else "Miss"
    return CacheResult(shared, None if ttl_s is None else CachedCopy(shared, now, ttl_s), result)


def unchanged_for(answer: EdgeResponse, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a viewer with these conditional headers already has `answer` (RFC 9110 13)."""
    headers = tuple(headers)
    known = field_value(headers, "if-none-match")
    if answer.status != 200:
        return False
    if known is not None:
        etag = (answer.header("etag") or "").removeprefix("W/")
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in tags or (etag != "" and etag in tags)
    since, changed = field_value(headers, "if-modified-since"), answer.header("last-modified")
    return since is not None and changed is not None and _moment(changed) <= _moment(since)


def matches_path(path: str, key: Key) -> bool:
    """Whether an invalidation path matches: case-sensitive, `*` only as the last character."""
    path = path if path.startswith("/") else f"/{path}"
    return key.path.startswith(path[:-1]) if path.endswith("*") else key.path == path


@dataclass
class EdgeCache:
    """The copies of one edge location, at most `most`; then the oldest is dropped."""

    most: int = 5_000
    copies: dict[Key, CachedCopy] = field(default_factory=dict)

    def find(self, key: Key) -> CachedCopy | None:
        return self.copies.get(key)

    def put(self, key: Key, copy: CachedCopy | None) -> None:
        """Replace the copy under `key`; None removes it."""
        self.copies.pop(key, None)
        if copy is not None:
            self.copies[key] = copy
        if len(self.copies) > self.most:
            del self.copies[next(iter(self.copies))]

    def invalidate(self, paths: Iterable[str]) -> int:
        """Drop the copies that match. Returns how many. Fills in progress continue."""
        paths = tuple(paths)
        matching = [key for key in self.copies if any(matches_path(path, key) for path in paths)]
        for key in matching:
            del self.copies[key]
        return len(matching)
