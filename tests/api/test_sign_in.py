"""Signing in: ten wrong passwords lock, and no answer tells which accounts there are."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters

from functions.people.accounts import DECOY, Passwords, WeakPassword, suggested_password
from tests.api.office import PASSWORD, CheapPasswords, Got, Office


def sign_in(office: Office, account: str = "dana", password: str = PASSWORD) -> Got:
    return office.ask("POST", "/api/session", {"account": account, "password": password})


def told(got: Got) -> tuple[int, dict[str, str], list[str], dict[str, object]]:
    """All that a client can tell one answer from another by."""
    body = {name: value for name, value in got.json.items() if name != "request_id"}
    return got.status, got.headers, got.cookies, body


def verified(office: Office) -> list[bool]:
    assert isinstance(office.passwords, CheapPasswords)
    return office.passwords.verified


def test_the_right_password_signs_in(office: Office) -> None:
    got = sign_in(office)
    assert (got.status, got.json["account"], len(got.cookies)) == (200, "dana", 1)


def test_names_are_taken_as_people_type_them(office: Office) -> None:
    assert sign_in(office, " Dana ").status == 200


def test_all_wrong_answers_are_one_answer(office: Office) -> None:
    office.hire("gone")
    office.accounts.set_disabled("main", "gone", True)
    for _ in range(10):
        sign_in(office, "omar", "wrong")
    answers = [
        sign_in(office, "dana", "wrong"),
        sign_in(office, "nobody", "wrong"),
        sign_in(office, "NOT a name!", "wrong"),
        sign_in(office, "gone"),
        sign_in(office, "omar"),
    ]
    assert [told(got) for got in answers] == [told(answers[0])] * 5
    assert answers[0].slug == "wrong-credentials"


@pytest.mark.parametrize("account", ["dana", "nobody", "gone", "omar"])
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


def test_ten_wrong_passwords_lock_for_fifteen_minutes(office: Office) -> None:
    assert {sign_in(office, password="wrong").status for _ in range(10)} == {401}
    assert sign_in(office).status == 401
    office.now += timedelta(minutes=14, seconds=59)
    assert sign_in(office).status == 401
    office.now += timedelta(seconds=1)
    assert sign_in(office).status == 200


def test_nine_wrong_ones_do_not(office: Office) -> None:
    for _ in range(9):
        sign_in(office, password="wrong")
    assert sign_in(office).status == 200
    for _ in range(9):
        sign_in(office, password="wrong")
    assert sign_in(office).status == 200


def test_a_locked_account_locks_nobody_else(office: Office) -> None:
    office.hire("dana", tenant="other")
    for _ in range(10):
        sign_in(office, password="wrong")
    body = {"account": "dana", "password": PASSWORD, "tenant": "other"}
    assert office.ask("POST", "/api/session", body).status == 200


def test_trying_while_it_is_locked_does_not_prolong_it(office: Office) -> None:
    for _ in range(10):
        sign_in(office, password="wrong")
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


def test_nobody_has_the_decoys_password() -> None:
    assert not Passwords().match(None, "correct horse battery")


def test_a_hash_that_cannot_be_read_matches_nothing() -> None:
    assert not Passwords(PasswordHasher(1, 8, 1)).match("not a hash", PASSWORD)


@pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 201])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        Passwords().hash(password)


def test_suggested_passwords_are_good_enough() -> None:
    assert Passwords(PasswordHasher(1, 8, 1)).hash(suggested_password())
