"""The cache rules, one sentence each. Time is a number that only the tests move."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cache import (
    DEFAULT_ERROR_TTL_S,
    CachedCopy,
    CachePolicy,
    CacheResult,
    EdgeCache,
    EdgeResponse,
    Fields,
    Key,
    KeyNames,
    key_of,
    lifetime_s,
    matches_path,
    settle,
    unchanged_for,
)

NOON = 1_795_262_400.0
DAY = 86_400.0
POLICY = CachePolicy(min_s=0, default_s=DAY, max_s=365 * DAY)
NO_ERROR_TTLS: dict[int, float] = {}


def an_answer(status: int = 200, body: bytes = b"v1", **headers: str) -> EdgeResponse:
    fields = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return EdgeResponse(status, fields, body)


def kept_for(
    answer: EdgeResponse, policy: CachePolicy = POLICY, error_ttls: dict[int, float] = NO_ERROR_TTLS
) -> float | None:
    return lifetime_s(answer, policy, error_ttls, NOON)


# ── how long ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cache_control", "kept_s"),
    [
        ("s-maxage=2, max-age=60", 2),
        ("max-age=60, s-maxage=2", 2),
        ("max-age=60", 60),
        ("MAX-AGE=60", 60),
        ('s-maxage="7"', 7),
        ("max-age=0", 0),
        ("public", DAY),
        ("s-maxage=soon", DAY),
        ("max-age=999999999", 365 * DAY),
        ("no-cache", 0),
        ("no-store", None),
        ("private, max-age=60", None),
        ("no-store, s-maxage=60", None),
    ],
)
def test_the_origin_says_how_long_within_the_policy(
    cache_control: str, kept_s: float | None
) -> None:
    assert kept_for(an_answer(cache_control=cache_control)) == kept_s


def test_without_cache_control_expires_counts_and_then_the_default() -> None:
    assert kept_for(an_answer(expires="Sat, 21 Nov 2026 12:00:30 GMT")) == 30
    assert kept_for(an_answer(expires="Sat, 21 Nov 2026 11:00:00 GMT")) == 0
    assert kept_for(an_answer(expires="0")) == 0
    assert kept_for(an_answer()) == DAY


def test_a_minimum_overrules_the_origin_even_where_it_forbids_caching() -> None:
    at_least_a_minute = CachePolicy(min_s=60, default_s=DAY, max_s=DAY)
    for said in ("max-age=1", "no-store", "private", "no-cache"):
        assert kept_for(an_answer(cache_control=said), at_least_a_minute) == 60


def test_a_maximum_of_zero_turns_caching_off() -> None:
    disabled = CachePolicy(0, 0, 0)
    assert not disabled.caches
    assert kept_for(an_answer(cache_control="max-age=60"), disabled) is None
    assert kept_for(an_answer(404), disabled) is None


def test_redirects_that_are_temporary_are_kept_only_if_asked() -> None:
    assert kept_for(an_answer(301)) == DAY
    assert kept_for(an_answer(307)) is None
    assert kept_for(an_answer(307, cache_control="max-age=5")) == 5


@pytest.mark.parametrize("status", [404, 410, 414, 500, 501, 502, 503, 504])
def test_these_errors_are_kept_ten_seconds_unless_the_distribution_says_otherwise(
    status: int,
) -> None:
    assert kept_for(an_answer(status)) == 10
    assert kept_for(an_answer(status), error_ttls={status: 0}) == 0
    assert kept_for(an_answer(status, cache_control="s-maxage=60")) == 60
    assert kept_for(an_answer(status, cache_control="s-maxage=3")) == 10


@pytest.mark.parametrize("status", [400, 403, 405, 412, 415])
def test_these_errors_are_kept_only_if_the_origin_asks(status: int) -> None:
    assert kept_for(an_answer(status)) is None
    assert kept_for(an_answer(status), error_ttls={status: 30}) is None
    assert kept_for(an_answer(status, cache_control="max-age=60")) == 60


@pytest.mark.parametrize("status", [206, 304, 401, 409, 416, 429])
def test_these_answers_are_never_kept(status: int) -> None:
    assert kept_for(an_answer(status, cache_control="max-age=60")) is None


def test_an_origin_can_refuse_the_caching_of_a_404_but_not_of_a_503() -> None:
    assert kept_for(an_answer(404, cache_control="no-store")) is None
    assert kept_for(an_answer(503, cache_control="no-store, max-age=60")) == 10


# ── under which key ─────────────────────────────────────────────────────────────────────────────


def test_two_tokens_never_share_a_key_unless_they_share_the_page() -> None:
    assert key_of(POLICY, "/t/aa.json") != key_of(POLICY, "/t/ab.json")
    assert key_of(POLICY, "/track/index.html") == key_of(POLICY, "/track/index.html", "token=x")


def test_only_the_named_query_parameters_split_the_cache() -> None:
    policy = CachePolicy(query=KeyNames("whitelist", frozenset({"lang"})))
    assert key_of(policy, "/x", "lang=es&utm=1").query == "lang=es"
    assert key_of(policy, "/x", "utm=2") == key_of(policy, "/x", "utm=1")
    assert key_of(policy, "/x", "%6Cang=es").query == "%6Cang=es"
    rest = CachePolicy(query=KeyNames("allExcept", frozenset({"utm"})))
    assert key_of(rest, "/x", "a=1&utm=1&b=2").query == "a=1&b=2"


def test_only_the_named_headers_and_cookies_split_the_cache() -> None:
    policy = CachePolicy(
        headers=KeyNames("whitelist", frozenset({"accept-language"})),
        cookies=KeyNames("whitelist", frozenset({"tier"})),
    )
    sent = (("accept-language", "es"), ("x-other", "1"), ("cookie", "a=1; tier=gold"))
    key = key_of(policy, "/x", "", sent)
    assert key.headers == (("accept-language", "es"),)
    assert key.cookies == (("tier", "gold"),)


def test_encodings_are_normalised_and_count_only_where_the_policy_offers_them() -> None:
    policy = CachePolicy(encodings=("br", "gzip"))
    assert key_of(policy, "/x", "", (("accept-encoding", "gzip, deflate, br;q=1"),)).encoding == (
        "br,gzip"
    )
    assert key_of(policy, "/x", "", (("accept-encoding", "deflate"),)).encoding == ""
    assert key_of(POLICY, "/x", "", (("accept-encoding", "gzip"),)).encoding == ""


# ── invalidation ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "hit"),
    [
        ("/t/a.json", True),
        ("t/a.json", True),
        ("/t/*", True),
        ("/*", True),
        ("/t/a.json*", True),
        ("/T/a.json", False),
        ("/t/a", False),
        ("/t/*.json", False),
        ("/t/a.jso?", False),
    ],
)
def test_an_invalidation_names_copies_by_path_or_beginning(path: str, hit: bool) -> None:
    assert matches_path(path, Key("/t/a.json")) is hit


def test_a_query_string_in_the_key_is_part_of_the_name() -> None:
    key = Key("/x", "lang=es")
    assert not matches_path("/x", key)
    assert matches_path("/x?lang=es", key)
    assert matches_path("/x*", key)


def test_an_invalidation_drops_every_variant() -> None:
    cache = EdgeCache()
    for encoding in ("", "gzip", "br,gzip"):
        cache.put(Key("/x", encoding=encoding), CachedCopy(an_answer(), NOON, 60))
    cache.put(Key("/y"), CachedCopy(an_answer(), NOON, 60))
    assert cache.invalidate(["/x"]) == 3
    assert list(cache.copies) == [Key("/y")]


def test_the_oldest_copy_goes_when_there_are_too_many() -> None:
    cache = EdgeCache(most=2)
    for name in ("/a", "/b", "/c"):
        cache.put(Key(name), CachedCopy(an_answer(), NOON, 60))
    assert list(cache.copies) == [Key("/b"), Key("/c")]


# ── asking again ────────────────────────────────────────────────────────────────────────────────


def settled(
    answer: EdgeResponse, held: CachedCopy | None = None, now: float = NOON, **more: Any
) -> CacheResult:
    table = more.get("error_ttls", NO_ERROR_TTLS)
    return settle(answer, more.get("asked_about", held), held, POLICY, table, now=now)


def test_an_expired_copy_is_asked_about_by_its_etag() -> None:
    both = an_answer(etag='"1"', last_modified="Sat, 21 Nov 2026 12:00:00 GMT")
    assert CachedCopy(both, NOON, 2).validators() == (("if-none-match", '"1"'),)
    dated = an_answer(last_modified="Sat, 21 Nov 2026 12:00:00 GMT")
    asked: Fields = (("if-modified-since", "Sat, 21 Nov 2026 12:00:00 GMT"),)
    assert CachedCopy(dated, NOON, 2).validators() == asked
    assert CachedCopy(an_answer(404, etag='"1"'), NOON, 2).validators() == ()


def test_a_304_extends_the_copy_by_what_it_says() -> None:
    held = CachedCopy(an_answer(etag='"1"', cache_control="s-maxage=2"), NOON, 2)
    outcome = settled(an_answer(304, b"", cache_control="s-maxage=9"), held, NOON + 5)
    whole = an_answer(etag='"1"', cache_control="s-maxage=9")
    assert outcome == CacheResult(whole, CachedCopy(whole, NOON + 5, 9), "RefreshHit")


def test_a_304_revives_a_copy_that_was_invalidated_while_it_was_asked_about() -> None:
    asked_about = CachedCopy(an_answer(etag='"1"', cache_control="s-maxage=2"), NOON, 2)
    outcome = settle(an_answer(304, b""), asked_about, None, POLICY, NO_ERROR_TTLS, now=NOON + 5)
    assert outcome.answer.body == b"v1"


def test_a_failing_origin_is_covered_by_the_expired_copy_and_left_alone_for_a_while() -> None:
    held = CachedCopy(an_answer(cache_control="s-maxage=2"), NOON, 2)
    outcome = settled(an_answer(503), held, NOON + 60)
    assert outcome.answer == held.answer
    assert outcome.copy is not None
    assert outcome.copy.is_fresh(NOON + 69)
    assert not outcome.copy.is_fresh(NOON + 70)
    assert outcome.copy.age_s(NOON + 65) == 65


def test_a_failure_is_never_covered_by_what_an_invalidation_has_dropped() -> None:
    asked_about = CachedCopy(an_answer(cache_control="s-maxage=2"), NOON, 2)
    outcome = settle(an_answer(503), asked_about, None, POLICY, NO_ERROR_TTLS, now=NOON + 5)
    assert outcome.answer.status == 503
    assert outcome.result == "Error"


def test_stale_if_error_limits_how_long_a_copy_may_stand_in() -> None:
    held = CachedCopy(an_answer(cache_control="s-maxage=2, stale-if-error=10"), NOON, 2)
    assert held.may_replace_error(NOON + 11)
    assert not held.may_replace_error(NOON + 12)
    assert not CachedCopy(an_answer(404), NOON, 10).may_replace_error(NOON)


@pytest.mark.parametrize("status", [403, 404])
def test_a_4xx_shows_at_once_whatever_was_cached(status: int) -> None:
    held = CachedCopy(an_answer(cache_control="s-maxage=2"), NOON, 2)
    outcome = settled(an_answer(status), held, NOON + 5, error_ttls={403: 0.0, 404: 0.0})
    assert outcome.answer.status == status
    assert outcome.result == "Error"


def test_a_kept_answer_loses_its_set_cookie() -> None:
    outcome = settled(an_answer(set_cookie="a=1", cache_control="max-age=5"))
    assert outcome.answer.header("set-cookie") is None
    private = settled(an_answer(set_cookie="a=1", cache_control="no-store"))
    assert private.answer.header("set-cookie") == "a=1"


def test_a_viewer_that_has_the_copy_is_told_so() -> None:
    answer = an_answer(etag='"1"', last_modified="Sat, 21 Nov 2026 12:00:00 GMT")
    assert unchanged_for(answer, (("if-none-match", 'W/"1", "2"'),))
    assert unchanged_for(answer, (("if-none-match", "*"),))
    assert not unchanged_for(answer, (("if-none-match", '"2"'),))
    assert unchanged_for(answer, (("if-modified-since", "Sat, 21 Nov 2026 12:00:00 GMT"),))
    assert not unchanged_for(answer, (("if-modified-since", "Sat, 21 Nov 2026 11:59:59 GMT"),))
    assert not unchanged_for(an_answer(404, etag='"1"'), (("if-none-match", '"1"'),))
    assert not unchanged_for(an_answer(), (("if-none-match", '""'),))


# ── the two promises, over every history ────────────────────────────────────────────────────────

KEY = Key("/t/x.json")
TTL_S = 5.0
STEP = st.one_of(
    st.tuples(st.just("wait"), st.floats(0.1, 8)),
    st.tuples(st.just("write"), st.just(0.0)),
    st.tuples(st.just("read"), st.just(0.0)),
    st.tuples(st.just("begin"), st.just(0.0)),
    st.tuples(st.just("arrive"), st.just(0.0)),
    st.tuples(st.just("invalidate"), st.just(0.0)),
    st.tuples(st.just("origin"), st.sampled_from([200.0, 503.0])),
)


class World:
    """An origin that counts its versions, one cache, and fills that may be under way for long."""

    def __init__(self) -> None:
        self.now = NOON
        self.version = 0
        self.status = 200
        self.cache = EdgeCache()
        self.flights: list[tuple[EdgeResponse, CachedCopy | None]] = []
        self.arrivals: list[tuple[int, float]] = []
        self.failed_at = float("-inf")

    def take(self, step: str, amount: float) -> None:
        if step == "wait":
            self.now += amount
        elif step == "write":
            self.version += 1
        elif step == "origin":
            self.status = int(amount)
        elif step == "begin":
            self.begin()
        elif step == "arrive" and self.flights:
            self.arrive()
        elif step == "invalidate":
            self.cache.invalidate([KEY.uri])
            self.arrivals.clear()

    def begin(self) -> None:
        """The origin answers now; the answer is under way."""
        asked_about = self.cache.find(KEY)
        known = dict(asked_about.validators()).get("if-none-match") if asked_about else None
        etag = f'"{self.version}"'
        if self.status != 200:
            answer = an_answer(self.status)
        elif known == etag:
            answer = an_answer(304, b"", etag=etag)
        else:
            body = str(self.version).encode()
            answer = an_answer(200, body, etag=etag, cache_control=f"s-maxage={TTL_S:.0f}")
        self.flights.append((answer, asked_about))

    def arrive(self) -> EdgeResponse:
        answer, asked_about = self.flights.pop(0)
        held = self.cache.find(KEY)
        outcome = settle(answer, asked_about, held, POLICY, NO_ERROR_TTLS, now=self.now)
        self.cache.put(KEY, outcome.copy)
        if answer.status >= 500:
            self.failed_at = self.now
        else:
            self.arrivals.append((int(outcome.answer.body), self.now))
        return outcome.answer

    def read(self) -> int | None:
        """The version a viewer sees at once; None for an error. A miss is filled on the spot."""
        held = self.cache.find(KEY)
        if held is not None and held.is_fresh(self.now):
            answer = held.answer
        else:
            self.flights.clear()
            self.begin()
            answer = self.arrive()
        return int(answer.body) if answer.status == 200 else None


@given(st.lists(STEP, max_size=40))
def test_a_copy_is_never_served_past_its_lifetime_unless_the_origin_is_down(
    steps: list[tuple[str, float]],
) -> None:
    """And after an invalidation only what arrived after it is served, be it from an old fill."""
    world = World()
    for step, amount in steps:
        world.take(step, amount)
        seen = world.read() if step == "read" else None
        if seen is not None:
            since_the_invalidation = [at for version, at in world.arrivals if version == seen]
            assert since_the_invalidation, f"version {seen} was invalidated and did not come again"
            fresh = world.now < since_the_invalidation[-1] + TTL_S
            assert fresh or world.now < world.failed_at + DEFAULT_ERROR_TTL_S


def test_an_old_fill_that_arrives_after_the_invalidation_is_cached_again() -> None:
    """T22: CloudFront does not stop a fill under way, so the old version comes back."""
    world = World()
    for step in ("begin", "write", "invalidate", "arrive"):
        world.take(step, 0)
    assert world.read() == 0
    world.take("wait", TTL_S)
    assert world.read() == 1
