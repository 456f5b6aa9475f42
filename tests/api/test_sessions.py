"""Sessions: what a cookie must be to be believed, and how its keys change."""

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.people.sessions import SigningKeys, new_key, rotate
from tests.api.api_fixture import FakeKeyStore, Office, a_key, an_event

HOURS_12 = timedelta(hours=12)


def claims(office: Office, **values: Any) -> dict[str, Any]:
    at = int(office.now.timestamp())
    own = {"iss": "haulway", "sub": "dana", "tenant": "main", "iat": at, "exp": at + 3600}
    return {name: value for name, value in (own | values).items() if value is not None}


def signed(said: dict[str, Any], kid: Any = "first", key: str | None = None) -> str:
    return jwt.encode(said, key or a_key("first").key, "HS256", headers={"kid": kid})


def unsigned(said: dict[str, Any], **header: Any) -> str:
    parts = [{"alg": "none", "typ": "JWT", "kid": "first"} | header, said]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    return b".".join(coded).decode() + "."


def status(office: Office, cookie: str) -> int:
    return office.ask("GET", "/api/session", cookie=cookie).status


def test_a_session_knows_who_it_is(office: Office) -> None:
    got = office.ask("GET", "/api/session", by="dana")
    assert got.json == {
        "account": "dana",
        "name": "Dana",
        "roles": ["dispatcher"],
        "tenant": "main",
        "expires_at": "2026-11-22T00:00:00.000Z",
    }


def test_the_cookie_is_for_this_host_over_tls_and_no_script(office: Office) -> None:
    body = {"account": "dana", "password": "correct horse battery"}
    cookie, _ = office.ask("POST", "/api/session", body).cookies
    name, _, rest = cookie.partition("=")
    assert (name, rest.split("; ")[1:]) == (
        "__Host-haulway",
        ["Path=/", "Max-Age=43200", "HttpOnly", "Secure", "SameSite=Strict"],
    )


def test_signing_out_takes_the_cookie_away(office: Office) -> None:
    got = office.ask("DELETE", "/api/session", by="dana")
    assert (got.status, got.cookies, got.text) == (
        204,
        ["__Host-haulway=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"],
        "",
    )


def test_a_session_lasts_twelve_hours(office: Office) -> None:
    cookie = office.token("dana")
    began = office.now
    office.now = began + HOURS_12 - timedelta(seconds=1)
    assert status(office, cookie) == 200
    office.now = began + HOURS_12
    assert status(office, cookie) == 401


def test_a_proper_token_is_believed(office: Office) -> None:
    """So that the refusals below are refused for what each of them says."""
    assert status(office, signed(claims(office))) == 200


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
    office: Office, values: dict[str, Any]
) -> None:
    assert status(office, signed(claims(office, **values))) == 401


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "HS256", "RS256", "", None])
def test_an_unsigned_token_is_refused(office: Office, alg: str | None) -> None:
    assert status(office, unsigned(claims(office), alg=alg)) == 401


@pytest.mark.parametrize("kid", ["second", "", None, 7, ["first"], "../first", "first\x00"])
def test_another_key_id_is_refused(office: Office, kid: Any) -> None:
    header = {"alg": "HS256", "kid": kid}
    assert status(office, unsigned(claims(office), **header)) == 401


def test_a_forged_signature_is_refused(office: Office) -> None:
    assert status(office, signed(claims(office), key="k" * 64)) == 401


def test_a_token_that_was_changed_is_refused(office: Office) -> None:
    header, _, signature = office.token("mike").split(".")
    changed = base64.urlsafe_b64encode(json.dumps(claims(office)).encode()).decode().rstrip("=")
    assert status(office, f"{header}.{changed}.{signature}") == 401


def test_another_algorithm_under_our_key_is_refused(office: Office) -> None:
    token = jwt.encode(claims(office), a_key("first").key, "HS512", headers={"kid": "first"})
    assert status(office, token) == 401


@given(st.text(max_size=200))
def test_nonsense_is_no_one(nonsense: str) -> None:
    office = Office()
    got = office.ask("GET", "/api/session", cookie=nonsense)
    assert (got.status, got.slug) == (401, "signed-out")


@pytest.mark.parametrize(
    "cookies", [["__Host-haulway"], ["=x"], ["__host-haulway=x"], ["a=b", ""], ["é=ü; ; =="]]
)
def test_cookies_without_a_session_are_no_one(office: Office, cookies: list[str]) -> None:
    got = office.resolve(an_event("GET", "/api/session") | {"cookies": cookies})
    assert (got.status, got.slug) == (401, "signed-out")


def test_a_session_that_was_signed_out_of_is_over_for_every_copy_of_its_cookie(
    office: Office,
) -> None:
    cookie, phone = office.token("dana"), office.token("dana")
    assert status(office, cookie) == 200
    office.ask("DELETE", "/api/session", cookie=cookie)
    assert [status(office, token) for token in (cookie, phone)] == [401, 200]
    assert status(office, office.token("dana")) == 200


def test_signing_out_needs_no_session_and_stores_nothing_for_nonsense(office: Office) -> None:
    expired = signed(claims(office, exp=int(office.now.timestamp())))
    for cookie in (None, "nonsense", expired, signed(claims(office), key="k" * 64)):
        assert office.ask("DELETE", "/api/session", cookie=cookie).status == 204
    assert office.ended_sessions.until == {}


def test_disabling_ends_sessions_at_once_and_undoing_it_brings_none_back(office: Office) -> None:
    cookie = office.token("dana")
    assert status(office, cookie) == 200
    office.accounts.set_disabled("main", "dana", True)
    assert status(office, cookie) == 401
    office.accounts.set_disabled("main", "dana", False)
    assert [status(office, token) for token in (cookie, office.token("dana"))] == [401, 200]


def test_a_new_password_ends_even_a_session_of_the_same_second(office: Office) -> None:
    cookie = office.token("dana")
    office.accounts.set_password("main", "dana", "hash", office.now)
    assert [status(office, token) for token in (cookie, office.token("dana"))] == [401, 200]


def test_a_new_password_ends_the_sessions_that_are_open(office: Office) -> None:
    cookie = office.token("dana")
    office.now += timedelta(minutes=5)
    office.accounts.set_password("main", "dana", "hash", office.now)
    assert status(office, cookie) == 401
    assert status(office, office.token("dana")) == 200


def test_roles_count_as_they_are_now_and_not_as_they_were(office: Office) -> None:
    cookie = office.token("dana")
    office.accounts.known["main", "dana"] = office.accounts.known["main", "dana"].with_(
        roles=("ops",)
    )
    body = {"customer_name": "Ada", "location": "Here"}
    assert office.ask("POST", "/api/jobs", body, cookie=cookie).status == 403


def test_two_keys_are_valid_at_a_time(office: Office) -> None:
    first = office.token("dana")
    rotate(office.keys, lambda: a_key("second"))
    office.now += timedelta(minutes=6)
    second = office.token("dana")
    assert jwt.get_unverified_header(second)["kid"] == "second"
    assert [status(office, token) for token in (first, second)] == [200, 200]
    rotate(office.keys, lambda: a_key("third"))
    office.now += timedelta(minutes=6)
    assert [status(office, token) for token in (first, second)] == [401, 200]


def test_a_container_that_does_not_know_the_new_key_asks_for_it(office: Office) -> None:
    status(office, office.token("dana"))
    rotate(office.keys, lambda: a_key("second"))
    office.now += timedelta(seconds=11)
    token = signed(claims(office), kid="second", key=a_key("second").key)
    assert status(office, token) == 200


def test_nonsense_key_ids_do_not_hammer_the_store(office: Office) -> None:
    for number in range(50):
        status(office, signed(claims(office), kid=f"nonsense-{number}"))
    assert office.keys.reads <= 2


def test_known_keys_outlast_an_outage_of_their_store(office: Office) -> None:
    cookie = office.token("dana")
    office.keys.down = True
    office.now += timedelta(hours=1)
    assert status(office, cookie) == 200


def test_without_any_key_the_answer_is_unavailable(office: Office) -> None:
    cookie = signed(claims(office))
    office.keys.down = True
    got = office.ask("GET", "/api/session", cookie=cookie)
    assert (got.status, got.slug, got.headers["retry-after"]) == (503, "unavailable", "1")


def test_a_generated_secret_is_a_list_of_one_key() -> None:
    generated = json.dumps({"kid": "first", "key": "k" * 64})
    assert SigningKeys.model_validate_json(generated) == SigningKeys.model_validate(
        {"keys": [{"kid": "first", "key": "k" * 64}]}
    )


def test_fresh_keys_are_long_and_never_the_same() -> None:
    made = [new_key() for _ in range(20)]
    assert len({key.kid for key in made} | {key.key for key in made}) == 40
    assert all(len(key.key) >= 64 for key in made)


def test_a_key_is_not_shown() -> None:
    assert FakeKeyStore().keys.current.key not in repr(FakeKeyStore().keys)
