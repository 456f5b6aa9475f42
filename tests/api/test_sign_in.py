"""Sign-in: ten wrong passwords lock, and no response reveals which accounts exist."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from functions.people.accounts import DECOY, Passwords, WeakPassword, suggested_password
from tests.api.api_fixture import PASSWORD, ApiBackend, ApiReply, CheapPasswords

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def sign_in(
    api: ApiBackend,
    account: str = "dana",
    password: str = PASSWORD,
    address: str = HOME,
    device: str | None = None,
) -> ApiReply:
    """`device` is a device's cookie, as it was set."""
    seen = {"cloudfront-viewer-address": f"{address}:4096"}
    more = {"cookie": device.partition(";")[0]} if device else {}
    body = {"account": account, "password": password}
    return api.send("POST", "/api/session", body, headers=seen | more)


def guess(api: ApiBackend, account: str = "dana", times: int = 10, **where: str) -> set[int]:
    return {sign_in(api, account, "wrong", **where).status for _ in range(times)}


def device_of(got: ApiReply) -> str:
    return next(cookie for cookie in got.cookies if cookie.startswith("__Secure-haulway-device-"))


def distinguishable(got: ApiReply) -> tuple[int, dict[str, str], list[str], dict[str, object]]:
    """Everything by which a client could distinguish two responses."""
    body = {name: value for name, value in got.json.items() if name != "request_id"}
    return got.status, got.headers, got.cookies, body


def verified(api: ApiBackend) -> list[bool]:
    assert isinstance(api.passwords, CheapPasswords)
    return api.passwords.verified


def test_the_right_password_signs_in(api: ApiBackend) -> None:
    got = sign_in(api)
    assert got.status == 200
    assert got.json["account"] == "dana"
    assert len(got.cookies) == 2


def test_the_account_has_the_moment_of_its_last_sign_in(api: ApiBackend) -> None:
    sign_in(api)
    assert api.accounts.known["main", "dana"].last_sign_in_at == api.now


def test_account_names_ignore_case_and_blanks(api: ApiBackend) -> None:
    assert sign_in(api, " Dana ").status == 200


def test_all_failed_sign_ins_get_the_same_response(api: ApiBackend) -> None:
    api.add_account("gone")
    api.accounts.set_disabled("main", "gone", True)
    answers = [
        sign_in(api, "dana", "wrong"),
        sign_in(api, "no one", "wrong"),
        sign_in(api, "NOT a name!", "wrong"),
        sign_in(api, "gone"),
    ]
    assert [distinguishable(got) for got in answers] == [distinguishable(answers[0])] * 4
    assert answers[0].slug == "wrong-credentials"


@pytest.mark.parametrize("account", ["dana", "no one", "gone", "omar"])
def test_every_sign_in_costs_one_verification_and_one_read(api: ApiBackend, account: str) -> None:
    """Known, unknown, disabled, or locked: the work is the same, and so is its time."""
    api.add_account("gone")
    api.accounts.set_disabled("main", "gone", True)
    for _ in range(10):
        sign_in(api, "omar", "wrong")
    verified(api).clear()
    api.accounts.reads = 0
    sign_in(api, account, "wrong")
    assert len(verified(api)) == 1
    assert api.accounts.reads == 1


@pytest.mark.parametrize("account", ["dana", "no one", "gone"])
def test_too_many_attempts_get_the_same_response_for_every_account(
    api: ApiBackend, account: str
) -> None:
    api.add_account("gone")
    api.accounts.set_disabled("main", "gone", True)
    assert guess(api, account) == {401}
    got = sign_in(api, account)
    assert got.status == 429
    assert got.slug == "too-many-requests"
    assert got.headers["retry-after"] == "900"
    assert "try again in 15 min" in got.json["detail"]


def test_ten_wrong_passwords_lock_out_their_origin_for_fifteen_minutes(
    api: ApiBackend,
) -> None:
    guess(api)
    api.now += timedelta(minutes=14, seconds=59)
    got = sign_in(api)
    assert got.status == 429
    assert got.headers["retry-after"] == "1"
    api.now += timedelta(seconds=1)
    assert sign_in(api).status == 200


def test_strangers_cannot_lock_out_other_origins(api: ApiBackend) -> None:
    assert guess(api, address=ELSEWHERE) == {401}
    assert sign_in(api, address=ELSEWHERE).status == 429
    assert sign_in(api).status == 200


def test_strangers_cannot_lock_out_a_known_device(
    api: ApiBackend,
) -> None:
    device = device_of(sign_in(api))
    guess(api, times=60)
    for number in range(24):
        guess(api, address=f"198.51.100.{number}")
    assert [sign_in(api).status, sign_in(api, address="192.0.2.1").status] == [429, 429]
    assert sign_in(api, device=device).status == 200


def test_a_known_device_has_its_own_ten_attempts(api: ApiBackend) -> None:
    device = device_of(sign_in(api))
    assert guess(api, device=device) == {401}
    assert sign_in(api, device=device).status == 429


def test_a_device_keeps_its_counter_when_its_cookie_is_renewed(api: ApiBackend) -> None:
    first = device_of(sign_in(api))
    second = device_of(sign_in(api, device=first))
    guess(api, device=first)
    assert sign_in(api, device=second).status == 429


def test_a_device_is_known_only_to_its_own_account(api: ApiBackend) -> None:
    danas = device_of(sign_in(api)).partition("=")[2]
    omars_name = device_of(sign_in(api, "omar")).partition("=")[0]
    guess(api, "omar")
    assert sign_in(api, "omar", device=f"{omars_name}={danas}").status == 429


def test_device_and_session_tokens_are_not_interchangeable(
    api: ApiBackend,
) -> None:
    session, device = sign_in(api).cookies
    token = device.partition("=")[2].partition(";")[0]
    assert api.send("GET", "/api/session", cookie=token).status == 401
    guess(api)
    forged = f"{device.partition('=')[0]}={session.partition('=')[2].partition(';')[0]}"
    assert sign_in(api, device=forged).status == 429


def test_the_device_cookie_goes_only_to_sign_in_and_not_to_scripts(api: ApiBackend) -> None:
    assert device_of(sign_in(api)).split("; ")[1:] == [
        "Path=/api/session", "Max-Age=5184000", "HttpOnly", "Secure", "SameSite=Strict"
    ]  # fmt: skip


def test_a_new_password_clears_earlier_attempts(api: ApiBackend) -> None:
    guess(api)
    api.accounts.set_password("main", "dana", api.passwords.hash(PASSWORD), api.now)
    assert sign_in(api).status == 200


def test_nine_wrong_passwords_do_not_lock(api: ApiBackend) -> None:
    for _ in range(9):
        sign_in(api, password="wrong")
    assert sign_in(api).status == 200
    for _ in range(9):
        sign_in(api, password="wrong")
    assert sign_in(api).status == 200


def test_a_locked_account_does_not_affect_others(api: ApiBackend) -> None:
    api.add_account("dana", tenant="other")
    guess(api)
    body = {"account": "dana", "password": PASSWORD, "tenant": "other"}
    assert api.send("POST", "/api/session", body).status == 200


def test_attempts_during_a_lockout_do_not_prolong_it(api: ApiBackend) -> None:
    guess(api)
    api.now += timedelta(minutes=10)
    sign_in(api, password="wrong")
    api.now += timedelta(minutes=5)
    assert sign_in(api).status == 200


def test_attempts_from_one_address_are_limited(api: ApiBackend) -> None:
    statuses = [sign_in(api, f"guess-{number}", "wrong").status for number in range(61)]
    assert statuses == [401] * 60 + [429]


def test_passwords_are_stored_as_argon2id() -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert passwords.match(kept, PASSWORD)
    assert not passwords.match(kept, "wrong")


def test_the_decoy_costs_as_much_as_a_real_hash() -> None:
    assert extract_parameters(DECOY) == extract_parameters(Passwords().hash(PASSWORD))


def test_no_one_has_the_decoys_password() -> None:
    assert not Passwords().match(None, "correct horse battery")


def test_an_unreadable_hash_matches_nothing() -> None:
    assert not Passwords(PasswordHasher(1, 8, 1)).match("not a hash", PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 201])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        Passwords().hash(password)


def test_suggested_passwords_are_good_enough() -> None:
    assert Passwords(PasswordHasher(1, 8, 1)).hash(suggested_password())
