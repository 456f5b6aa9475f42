"""Signing in: ten wrong passwords lock, and no answer tells which accounts there are."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from functions.people.accounts import DECOY, Passwords, WeakPassword, suggested_password
from tests.api.api_fixture import PASSWORD, CheapPasswords, Got, Office

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def sign_in(
    office: Office,
    account: str = "dana",
    password: str = PASSWORD,
    address: str = HOME,
    device: str | None = None,
) -> Got:
    """`device` is the cookie of a device, as it was set."""
    seen = {"cloudfront-viewer-address": f"{address}:4096"}
    more = {"cookie": device.partition(";")[0]} if device else {}
    body = {"account": account, "password": password}
    return office.ask("POST", "/api/session", body, headers=seen | more)


def guess(office: Office, account: str = "dana", times: int = 10, **where: str) -> set[int]:
    return {sign_in(office, account, "wrong", **where).status for _ in range(times)}


def device_of(got: Got) -> str:
    return next(cookie for cookie in got.cookies if cookie.startswith("__Secure-haulway-device-"))


def told(got: Got) -> tuple[int, dict[str, str], list[str], dict[str, object]]:
    """All that a client can tell one answer from another by."""
    body = {name: value for name, value in got.json.items() if name != "request_id"}
    return got.status, got.headers, got.cookies, body


def verified(office: Office) -> list[bool]:
    assert isinstance(office.passwords, CheapPasswords)
    return office.passwords.verified


def test_the_right_password_signs_in(office: Office) -> None:
    got = sign_in(office)
    assert (got.status, got.json["account"], len(got.cookies)) == (200, "dana", 2)


def test_names_are_taken_as_people_type_them(office: Office) -> None:
    assert sign_in(office, " Dana ").status == 200


def test_all_wrong_answers_are_one_answer(office: Office) -> None:
    office.hire("gone")
    office.accounts.set_disabled("main", "gone", True)
    answers = [
        sign_in(office, "dana", "wrong"),
        sign_in(office, "no one", "wrong"),
        sign_in(office, "NOT a name!", "wrong"),
        sign_in(office, "gone"),
    ]
    assert [told(got) for got in answers] == [told(answers[0])] * 4
    assert answers[0].slug == "wrong-credentials"


@pytest.mark.parametrize("account", ["dana", "no one", "gone", "omar"])
def test_every_sign_in_costs_one_verification_and_one_look(office: Office, account: str) -> None:
    """Known, unknown, disabled or locked: the work is the same, and so is the time it takes."""
    office.hire("gone")
    office.accounts.set_disabled("main", "gone", True)
    for _ in range(10):
        sign_in(office, "omar", "wrong")
    verified(office).clear()
    office.accounts.reads = 0
    sign_in(office, account, "wrong")
    assert (len(verified(office)), office.accounts.reads) == (1, 1)


@pytest.mark.parametrize("account", ["dana", "no one", "gone"])
def test_too_many_wrong_ones_are_refused_alike_whoever_they_are_for(
    office: Office, account: str
) -> None:
    office.hire("gone")
    office.accounts.set_disabled("main", "gone", True)
    assert guess(office, account) == {401}
    got = sign_in(office, account)
    assert (got.status, got.slug, got.headers["retry-after"]) == (429, "too-many-requests", "900")
    assert "try again in 15 min" in got.json["detail"]


def test_ten_wrong_passwords_close_the_door_to_their_origin_for_fifteen_minutes(
    office: Office,
) -> None:
    guess(office)
    office.now += timedelta(minutes=14, seconds=59)
    got = sign_in(office)
    assert (got.status, got.headers["retry-after"]) == (429, "1")
    office.now += timedelta(seconds=1)
    assert sign_in(office).status == 200


def test_strangers_lock_no_one_out_who_is_elsewhere(office: Office) -> None:
    assert guess(office, address=ELSEWHERE) == {401}
    assert sign_in(office, address=ELSEWHERE).status == 429
    assert sign_in(office).status == 200


def test_a_device_that_has_signed_in_before_is_let_through_whatever_strangers_try(
    office: Office,
) -> None:
    device = device_of(sign_in(office))
    guess(office, times=60)
    for number in range(24):
        guess(office, address=f"198.51.100.{number}")
    assert [sign_in(office).status, sign_in(office, address="192.0.2.1").status] == [429, 429]
    assert sign_in(office, device=device).status == 200


def test_a_known_device_has_ten_tries_of_its_own(office: Office) -> None:
    device = device_of(sign_in(office))
    assert guess(office, device=device) == {401}
    assert sign_in(office, device=device).status == 429


def test_a_device_keeps_its_counter_when_its_cookie_is_renewed(office: Office) -> None:
    first = device_of(sign_in(office))
    second = device_of(sign_in(office, device=first))
    guess(office, device=first)
    assert sign_in(office, device=second).status == 429


def test_a_device_is_known_to_its_own_account_alone(office: Office) -> None:
    danas = device_of(sign_in(office)).partition("=")[2]
    omars_name = device_of(sign_in(office, "omar")).partition("=")[0]
    guess(office, "omar")
    assert sign_in(office, "omar", device=f"{omars_name}={danas}").status == 429


def test_the_cookies_of_a_device_and_of_a_session_do_not_pass_for_each_other(
    office: Office,
) -> None:
    session, device = sign_in(office).cookies
    token = device.partition("=")[2].partition(";")[0]
    assert office.ask("GET", "/api/session", cookie=token).status == 401
    guess(office)
    forged = f"{device.partition('=')[0]}={session.partition('=')[2].partition(';')[0]}"
    assert sign_in(office, device=forged).status == 429


def test_the_devices_cookie_goes_to_the_sign_in_alone_and_to_no_script(office: Office) -> None:
    assert device_of(sign_in(office)).split("; ")[1:] == [
        "Path=/api/session", "Max-Age=5184000", "HttpOnly", "Secure", "SameSite=Strict"
    ]  # fmt: skip


def test_a_new_password_forgets_what_was_tried_before(office: Office) -> None:
    guess(office)
    office.accounts.set_password("main", "dana", office.passwords.hash(PASSWORD), office.now)
    assert sign_in(office).status == 200


def test_nine_wrong_ones_do_not(office: Office) -> None:
    for _ in range(9):
        sign_in(office, password="wrong")
    assert sign_in(office).status == 200
    for _ in range(9):
        sign_in(office, password="wrong")
    assert sign_in(office).status == 200


def test_a_locked_account_locks_no_one_else(office: Office) -> None:
    office.hire("dana", tenant="other")
    guess(office)
    body = {"account": "dana", "password": PASSWORD, "tenant": "other"}
    assert office.ask("POST", "/api/session", body).status == 200


def test_trying_while_it_is_locked_does_not_prolong_it(office: Office) -> None:
    guess(office)
    office.now += timedelta(minutes=10)
    sign_in(office, password="wrong")
    office.now += timedelta(minutes=5)
    assert sign_in(office).status == 200


def test_one_address_may_try_just_so_often(office: Office) -> None:
    statuses = [sign_in(office, f"guess-{number}", "wrong").status for number in range(61)]
    assert statuses == [401] * 60 + [429]


def test_passwords_are_kept_as_argon2id() -> None:
    passwords = Passwords()
    kept = passwords.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert (passwords.match(kept, PASSWORD), passwords.match(kept, "wrong")) == (True, False)


def test_the_decoy_costs_what_a_real_one_costs() -> None:
    assert extract_parameters(DECOY) == extract_parameters(Passwords().hash(PASSWORD))


def test_no_one_has_the_decoys_password() -> None:
    assert not Passwords().match(None, "correct horse battery")


def test_a_hash_that_cannot_be_read_matches_nothing() -> None:
    assert not Passwords(PasswordHasher(1, 8, 1)).match("not a hash", PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 201])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        Passwords().hash(password)


def test_suggested_passwords_are_good_enough() -> None:
    assert Passwords(PasswordHasher(1, 8, 1)).hash(suggested_password())
