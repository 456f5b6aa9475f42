"""The password that is printed lets its reader in."""

from datetime import datetime, timedelta, timezone

from functions.people.accounts import Passwords
from local.first_sign_in import TENANT, FirstSignIn, usable, what_failed
from tests.support.roster_fakes import FakeAccounts

LONG_AGO = datetime(2026, 11, 1, tzinfo=timezone.utc)
NOTED = FirstSignIn("dispatcher", "correct-horse-battery")


def opens(accounts: FakeAccounts, password: str) -> bool:
    known = accounts.read(TENANT, "dispatcher")
    return bool(known and Passwords().match(known.password_hash, password))


def test_an_account_that_was_lost_is_made_again_with_the_password_that_was_told() -> None:
    accounts = FakeAccounts()
    told = usable(NOTED, LONG_AGO, accounts, lambda _: False)
    assert told == NOTED
    assert opens(accounts, NOTED.password)


def test_a_password_that_does_not_work_is_set_again() -> None:
    accounts = FakeAccounts()
    usable(NOTED, LONG_AGO, accounts, lambda _: False)
    accounts.set_password(TENANT, "dispatcher", Passwords().hash("something-else"), LONG_AGO)
    usable(NOTED, LONG_AGO + timedelta(days=1), accounts, lambda _: False)
    assert opens(accounts, NOTED.password)


def test_a_password_that_a_person_chose_is_neither_changed_nor_told() -> None:
    accounts = FakeAccounts()
    usable(NOTED, LONG_AGO, accounts, lambda _: False)
    chosen = LONG_AGO + timedelta(days=2)
    accounts.set_password(TENANT, "dispatcher", Passwords().hash("chosen-by-a-person"), chosen)
    told = usable(NOTED, LONG_AGO, accounts, lambda _: False)
    assert told.changed
    assert told.password == ""
    assert opens(accounts, "chosen-by-a-person")


def test_a_copy_that_is_too_slow_to_answer_has_its_account_and_no_session_ended() -> None:
    accounts = FakeAccounts()
    assert usable(NOTED, LONG_AGO, accounts, lambda _: None) == NOTED
    before = accounts.read(TENANT, "dispatcher")
    usable(NOTED, LONG_AGO + timedelta(days=1), accounts, lambda _: None)
    assert accounts.read(TENANT, "dispatcher") == before is not None


def test_one_job_that_cannot_be_read_is_told_and_does_not_stop_the_start() -> None:
    broken = '{"errorMessage": "not looked after: 261121-7k3m2q", "errorType": "Unavailable"}'
    assert what_failed(broken, True) == "not looked after: 261121-7k3m2q"
    assert what_failed('{"looked_at": 3, "failed": ["261121-7k3m2q"]}', False) == "261121-7k3m2q"
    assert what_failed('{"looked_at": 3}', False) is None
    assert what_failed("Task timed out after 60 s", True) == "Task timed out after 60 s"
