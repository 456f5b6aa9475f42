"""A CDN cache by CloudFront's rules: what is kept, under which key, how long, and who may see it.

Pure: no clock, no network. The moment is always an argument, in seconds since the epoch.

Sources, read 2026-11-21, all in the CloudFront Developer Guide: "Manage how long content stays in
the cache (expiration)", "Control how long CloudFront caches errors", "How CloudFront processes
HTTP 4xx and 5xx status codes from your origin", "Understand the cache key", "Invalidate files".

Left out on purpose: stale-while-revalidate (nothing of ours sends it), ranges (they go past the
cache), Vary other than the normalised Accept-Encoding, invalidation by tag.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple
from urllib.parse import unquote_plus

DEFAULT_ERROR_TTL_S = 10.0
ALWAYS_KEPT_ERRORS = frozenset({404, 410, 414, 500, 501, 502, 503, 504})
KEPT_ERRORS_IF_ASKED = frozenset({400, 403, 405, 412, 415})
ERRORS_THAT_MAY_REFUSE = frozenset({404, 410, 414, 501})
"""The errors for which no-store, no-cache and private count; for the others they are ignored."""
KEPT_ONLY_IF_ASKED = frozenset({307, 308})
NEVER_KEPT = frozenset({206, 304, 416})
ENCODINGS = ("br", "gzip")

Fields = tuple[tuple[str, str], ...]
"""Header fields in order, names in lower case."""
Result = Literal["Hit", "Miss", "RefreshHit", "Error"]


def field_value(fields: Iterable[tuple[str, str]], name: str) -> str | None:
    """All values of `name`, joined as RFC 9110 5.3 allows; None if there is none."""
    values = [value for key, value in fields if key == name]
    return ", ".join(values) if values else None


@dataclass(frozen=True)
class EdgeResponse:
    """A whole answer of an origin. The body is as it came, compressed or not."""

    status: int
    headers: Fields = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return field_value(self.headers, name)

    def without(self, *names: str) -> "EdgeResponse":
        return replace(self, headers=tuple(h for h in self.headers if h[0] not in names))


@dataclass(frozen=True)
class Picked:
    """Which names of a kind (query, headers, cookies) take part in the cache key."""

    kind: Literal["none", "whitelist", "allExcept", "all"] = "none"
    names: frozenset[str] = frozenset()

    def __contains__(self, name: str) -> bool:
        if self.kind in ("none", "all"):
            return self.kind == "all"
        return (name in self.names) == (self.kind == "whitelist")


@dataclass(frozen=True)
class CachePolicy:
    """A CloudFront cache policy: lifetimes in seconds, and what splits the cache."""

    min_s: float = 0
    default_s: float = 86_400
    max_s: float = 31_536_000
    query: Picked = Picked()
    headers: Picked = Picked()
    cookies: Picked = Picked()
    encodings: tuple[str, ...] = ()

    @property
    def caches(self) -> bool:
        """A maximum of zero, as in the managed policy CachingDisabled, turns caching off."""
        return self.max_s > 0


class Key(NamedTuple):
    """What one copy answers. `uri` is the path after the viewer-request function."""

    uri: str
    query: str = ""
    headers: Fields = ()
    cookies: Fields = ()
    encoding: str = ""

    @property
    def path(self) -> str:
        """What an invalidation is matched against: with the query string, if it is in the key."""
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
    """Accept-Encoding as the origin sees it: `br,gzip`, one of the two, or nothing."""
    accepted = field_value(headers, "accept-encoding") or ""
    offered = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    return ",".join(e for e in ENCODINGS if e in policy.encodings and e in offered)


def directives(answer: EdgeResponse) -> dict[str, str]:
    """Cache-Control as a table; a directive without a value has the value ""."""
    parts = (part.partition("=") for part in (answer.header("cache-control") or "").split(","))
    return {name.strip().lower(): value.strip(' "') for name, _, value in parts if name.strip()}


def asked_lifetime_s(answer: EdgeResponse, now: float) -> float | None:
    """The lifetime the origin asks for: s-maxage, else max-age, else Expires; None without."""
    said = directives(answer)
    for name in ("s-maxage", "max-age"):
        if said.get(name, "").isdigit():
            return float(said[name])
    expires = answer.header("expires")
    return None if expires is None else max(0.0, _moment(expires) - now)


def _moment(text: str) -> float:
    """An HTTP date in seconds; the beginning of time where it cannot be read (as RFC 9111 says)."""
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()


def lifetime_s(
    answer: EdgeResponse, policy: CachePolicy, error_ttls: Mapping[int, float], now: float
) -> float | None:
    """How long `answer` may be served without asking; None where it must not be kept at all.

    Zero means: kept, and confirmed with the origin before every use.
    """
    if answer.status in NEVER_KEPT or not policy.caches:
        return None
    asked = asked_lifetime_s(answer, now)
    if answer.status >= 400:
        return _error_lifetime_s(answer, asked, policy, error_ttls)
    if answer.status in KEPT_ONLY_IF_ASKED and answer.header("cache-control") is None:
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
    if status not in ALWAYS_KEPT_ERRORS and (status not in KEPT_ERRORS_IF_ASKED or asked is None):
        return None
    refused = bool({"no-store", "private", "no-cache"} & set(directives(answer)))
    if refused and status in ERRORS_THAT_MAY_REFUSE:
        return None
    least = error_ttls.get(status, DEFAULT_ERROR_TTL_S)
    return max(least, 0.0 if refused else min(asked or 0.0, policy.max_s))


@dataclass(frozen=True)
class CachedCopy:
    """A kept answer. `quiet_until` is set while it stands in for a failing origin."""

    answer: EdgeResponse
    stored_at: float
    ttl_s: float
    quiet_until: float = 0.0

    def age_s(self, now: float) -> int:
        return max(0, int(now - self.stored_at))

    def answers_unasked(self, now: float) -> bool:
        return now < self.stored_at + self.ttl_s or now < self.quiet_until

    def may_stand_in(self, now: float) -> bool:
        """For an origin that fails: any good copy however old, unless stale-if-error limits it."""
        limit = directives(self.answer).get("stale-if-error", "")
        in_time = not limit.isdigit() or now < self.stored_at + self.ttl_s + int(limit)
        return self.answer.status < 400 and in_time

    def question(self) -> Fields:
        """The headers that ask the origin whether this copy still holds."""
        if self.answer.status >= 400:
            return ()
        asks = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        found = ((ask, self.answer.header(name)) for ask, name in asks.items())
        return tuple((ask, value) for ask, value in found if value is not None)[:1]

    def confirmed(self, not_modified: EdgeResponse) -> EdgeResponse:
        """The kept answer with the header fields of the 304 (RFC 9111 4.3.4)."""
        fresh = {name for name, _ in not_modified.headers} - {"content-length", "content-type"}
        kept = tuple(h for h in self.answer.headers if h[0] not in fresh)
        new = tuple(h for h in not_modified.headers if h[0] in fresh)
        return replace(self.answer, headers=kept + new)


class CacheResult(NamedTuple):
    """What an origin's answer comes to: what the viewer gets, and the copy that stays (or none)."""

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
    """What to serve and keep now that the origin has answered.

    `asked_about` is the copy whose ETag was sent, `held` the one in the cache at this moment: an
    invalidation may have fallen between the two. A confirmation (304) revives what was asked
    about, since the origin vouches for it; a failure is covered only by what is still held.
    """
    if answer.status == 304 and asked_about is not None:
        whole = asked_about.confirmed(answer)
        ttl_s = lifetime_s(whole, policy, error_ttls, now)
        return CacheResult(
            whole, None if ttl_s is None else CachedCopy(whole, now, ttl_s), "RefreshHit"
        )
    if answer.status >= 500 and held is not None and held.may_stand_in(now):
        pause_s = error_ttls.get(answer.status, DEFAULT_ERROR_TTL_S)
        return CacheResult(held.answer, replace(held, quiet_until=now + pause_s), "Hit")
    ttl_s = lifetime_s(answer, policy, error_ttls, now)
    shared = answer if ttl_s is None else answer.without("set-cookie")
    result: Result = "Error" if answer.status >= 400 else "Miss"
    return CacheResult(shared, None if ttl_s is None else CachedCopy(shared, now, ttl_s), result)


def unchanged_for(answer: EdgeResponse, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a viewer that sends these conditions already has `answer` (RFC 9110 13)."""
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


def is_named(path: str, key: Key) -> bool:
    """Whether an invalidation path means this copy: case-sensitive, `*` only as the last letter."""
    path = path if path.startswith("/") else f"/{path}"
    return key.path.startswith(path[:-1]) if path.endswith("*") else key.path == path


@dataclass
class EdgeCache:
    """The copies of one edge location. The oldest goes when there are too many."""

    most: int = 5_000
    copies: dict[Key, CachedCopy] = field(default_factory=dict)

    def find(self, key: Key) -> CachedCopy | None:
        return self.copies.get(key)

    def put(self, key: Key, copy: CachedCopy | None) -> None:
        """Replace what is held under `key`; None leaves nothing."""
        self.copies.pop(key, None)
        if copy is not None:
            self.copies[key] = copy
        if len(self.copies) > self.most:
            del self.copies[next(iter(self.copies))]

    def forget(self, paths: Iterable[str]) -> int:
        """Apply an invalidation now; the number of copies dropped. Fills under way go on."""
        paths = tuple(paths)
        named = [key for key in self.copies if any(is_named(path, key) for path in paths)]
        for key in named:
            del self.copies[key]
        return len(named)
