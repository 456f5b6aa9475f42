"""Sessions: which cookies are accepted, and how the keys rotate."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.people.sessions import SigningKeys, new_key, rotate
from tests.api.api_fixture import ApiBackend, FakeKeyStore, a_key, an_event

HOURS_12 = timedelta(hours=12)


def claims(api: ApiBackend, **values: Any) -> dict[str, Any]:
    at = int(api.now.timestamp())
    own = {"iss": "haulway", "sub": "dana", "tenant": "main", "iat": at, "exp": at + 3600}
    return {name: value for name, value in (own | values).items() if value is not None}


def signed(said: dict[str, Any], kid: Any = "first", key: str | None = None) -> str:
    return jwt.encode(said, key or a_key("first").key, "HS256", headers={"kid": kid})


def unsigned(said: dict[str, Any], **header: Any) -> str:
    parts = [{"alg": "none", "typ": "JWT", "kid": "first"} | header, said]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    return b".".join(coded).decode() + "."


def status(api: ApiBackend, cookie: str) -> int:
    return api.send("GET", "/api/session", cookie=cookie).status


def test_a_session_returns_its_account(api: ApiBackend) -> None:
    got = api.send("GET", "/api/session", by="dana")
    assert got.json == {
        "account": "dana",
        "name": "Dana",
        "roles": ["dispatcher"],
        "tenant": "main",
        "expires_at": "2026-11-22T00:00:00.000Z",
    }


def test_the_cookie_is_only_for_this_host_over_tls_and_not_for_scripts(api: ApiBackend) -> None:
    body = {"account": "dana", "password": "correct horse battery"}
    cookie, _ = api.send("POST", "/api/session", body).cookies
    name, _, rest = cookie.partition("=")
    assert name == "__Host-haulway"
    assert rest.split("; ")[1:] == [
        "Path=/",
        "Max-Age=43200",
        "HttpOnly",
        "Secure",
        "SameSite=Strict",
    ]


def test_signing_out_deletes_the_cookie(api: ApiBackend) -> None:
    got = api.send("DELETE", "/api/session", by="dana")
    assert got.status == 204
    assert got.cookies == ["__Host-haulway=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"]
    assert got.text == ""


def test_a_session_lasts_twelve_hours(api: ApiBackend) -> None:
    cookie = api.token("dana")
    began = api.now
    api.now = began + HOURS_12 - timedelta(seconds=1)
    assert status(api, cookie) == 200
    api.now = began + HOURS_12
    assert status(api, cookie) == 401


def test_a_valid_token_is_accepted(api: ApiBackend) -> None:
    """Checks that the tokens below are refused only because of what each test changes."""
    assert status(api, signed(claims(api))) == 200


@pytest.mark.parametrize(
    "values",
    [
        {"exp": 0},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": None},
        {"iat": 4_102_444_800},
        {"iss": "someone"},
        {"iss": None},
        {"sub": None},
        {"sub": "no_one_here"},
        {"sub": {"account": "dana"}},
        {"tenant": "other"},
        {"tenant": "../main"},
        {"roles": ["dispatcher"]},
        {"exp": 10**30},
    ],
)
def test_a_signed_token_with_wrong_claims_is_refused(
    api: ApiBackend, values: dict[str, Any]
) -> None:
    assert status(api, signed(claims(api, **values))) == 401


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS256", "RS256", "", None])
def test_an_unsigned_token_is_refused(api: ApiBackend, alg: str | None) -> None:
    assert status(api, unsigned(claims(api), alg=alg)) == 401


@pytest.mark.parametrize("kid", ["second", "", None, 7, ["first"], "../first", "first\x00"])
def test_another_key_id_is_refused(api: ApiBackend, kid: Any) -> None:
    header = {"alg": "HS256", "kid": kid}
    assert status(api, unsigned(claims(api), **header)) == 401


def test_a_forged_signature_is_refused(api: ApiBackend) -> None:
    assert status(api, signed(claims(api), key="k" * 64)) == 401


def test_a_token_that_was_changed_is_refused(api: ApiBackend) -> None:
    header, _, signature = api.token("mike").split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(api)).encode()).decode().rstrip("=")
    assert status(api, f"{header}.{changed}.{signature}") == 401


def test_another_algorithm_under_our_key_is_refused(api: ApiBackend) -> None:
    token = jwt.encode(claims(api), a_key("first").key, "HS512", headers={"kid": "first"})
    assert status(api, token) == 401


@given(st.text(max_size=200))
def test_a_nonsense_token_is_no_session(nonsense: str) -> None:
    api = ApiBackend()
    got = api.send("GET", "/api/session", cookie=nonsense)
    assert got.status == 401
    assert got.slug == "signed-out"


@pytest.mark.parametrize(
    "cookies", [["__Host-haulway"], ["=x"], ["__host-haulway=x"], ["a=b", ""], ["é=ü; ; =="]]
)
def test_other_cookies_are_no_session(api: ApiBackend, cookies: list[str]) -> None:
    got = api.resolve(an_event("GET", "/api/session") | {"cookies": cookies})
    assert got.status == 401
    assert got.slug == "signed-out"


def test_signing_out_ends_every_copy_of_the_cookie(
    api: ApiBackend,
) -> None:
    cookie, phone = api.token("dana"), api.token("dana")
    assert status(api, cookie) == 200
    api.send("DELETE", "/api/session", cookie=cookie)
    assert [status(api, token) for token in (cookie, phone)] == [401, 200]
    assert status(api, api.token("dana")) == 200


def test_signing_out_needs_no_session_and_stores_nothing_for_nonsense(api: ApiBackend) -> None:
    expired = signed(claims(api, exp=int(api.now.timestamp())))
    for cookie in (None, "nonsense", expired, signed(claims(api), key="k" * 64)):
        assert api.send("DELETE", "/api/session", cookie=cookie).status == 204
    assert api.ended_sessions.until == {}


def test_disabling_ends_sessions_and_enabling_restores_none(
    api: ApiBackend,
) -> None:
    cookie = api.token("dana")
    assert status(api, cookie) == 200
    api.accounts.set_disabled("main", "dana", True)
    assert status(api, cookie) == 401
    api.accounts.set_disabled("main", "dana", False)
    assert [status(api, token) for token in (cookie, api.token("dana"))] == [401, 200]


def test_a_new_password_ends_even_a_session_of_the_same_second(api: ApiBackend) -> None:
    cookie = api.token("dana")
    api.accounts.set_password("main", "dana", "hash", api.now)
    assert [status(api, token) for token in (cookie, api.token("dana"))] == [401, 200]


def test_a_new_password_ends_the_sessions_that_are_open(api: ApiBackend) -> None:
    cookie = api.token("dana")
    api.now += timedelta(minutes=5)
    api.accounts.set_password("main", "dana", "hash", api.now)
    assert status(api, cookie) == 401
    assert status(api, api.token("dana")) == 200


def test_changed_roles_take_effect_at_once(api: ApiBackend) -> None:
    cookie = api.token("dana")
    api.accounts.known["main", "dana"] = api.accounts.known["main", "dana"].with_(roles=("ops",))
    body = {"customer_name": "Ada", "location": "Here"}
    assert api.send("POST", "/api/jobs", body, cookie=cookie).status == 403


def test_two_keys_are_valid_at_a_time(api: ApiBackend) -> None:
    first = api.token("dana")
    rotate(api.keys, lambda: a_key("second"))
    api.now += timedelta(minutes=6)
    second = api.token("dana")
    assert jwt.get_unverified_header(second)["kid"] == "second"
    assert [status(api, token) for token in (first, second)] == [200, 200]
    rotate(api.keys, lambda: a_key("third"))
    api.now += timedelta(minutes=6)
    assert [status(api, token) for token in (first, second)] == [401, 200]


def test_an_unknown_key_id_makes_the_container_read_the_keys(api: ApiBackend) -> None:
    status(api, api.token("dana"))
    rotate(api.keys, lambda: a_key("second"))
    api.now += timedelta(seconds=11)
    token = signed(claims(api), kid="second", key=a_key("second").key)
    assert status(api, token) == 200


def test_nonsense_key_ids_do_not_overload_the_store(api: ApiBackend) -> None:
    for number in range(50):
        status(api, signed(claims(api), kid=f"nonsense-{number}"))
    assert api.keys.reads <= 2


def test_a_known_key_is_not_read_again_for_five_minutes(api: ApiBackend) -> None:
    cookie = api.token("dana")
    status(api, cookie)
    read = api.keys.reads
    api.now += timedelta(minutes=4)
    status(api, cookie)
    assert api.keys.reads == read


def test_a_session_may_have_begun_a_minute_ahead_on_another_clock(api: ApiBackend) -> None:
    at = int(api.now.timestamp())
    assert status(api, signed(claims(api, iat=at + 60))) == 200
    assert status(api, signed(claims(api, iat=at + 61))) == 401


def test_that_a_session_was_ended_is_kept_until_it_would_have_ended(api: ApiBackend) -> None:
    began = api.now
    api.send("DELETE", "/api/session", cookie=api.token("dana"))
    assert list(api.ended_sessions.until.values()) == [began + HOURS_12]


def test_cached_keys_work_while_the_store_is_down(api: ApiBackend) -> None:
    cookie = api.token("dana")
    api.keys.down = True
    api.now += timedelta(hours=1)
    assert status(api, cookie) == 200


def test_without_any_key_the_response_is_unavailable(api: ApiBackend) -> None:
    cookie = signed(claims(api))
    api.keys.down = True
    got = api.send("GET", "/api/session", cookie=cookie)
    assert got.status == 503
    assert got.slug == "unavailable"
    assert got.headers["retry-after"] == "1"


def test_a_generated_secret_is_a_list_of_one_key() -> None:
    generated = json.dumps({"kid": "first", "key": "k" * 64})
    assert SigningKeys.model_validate_json(generated) == SigningKeys.model_validate(
        {"keys": [{"kid": "first", "key": "k" * 64}]}
    )


def test_new_keys_are_long_and_unique() -> None:
    made = [new_key() for _ in range(20)]
    assert len({key.kid for key in made} | {key.key for key in made}) == 40
    assert all(len(key.key) >= 64 for key in made)


def test_a_key_is_not_shown() -> None:
    assert FakeKeyStore().keys.current.key not in repr(FakeKeyStore().keys)
