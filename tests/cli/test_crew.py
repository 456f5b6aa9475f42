"""`haul crew` and `haul roster`: people's profiles, one at a time."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import crew, roster
from functions.people.accounts import Passwords
from tests.support.roster_fakes import FakeAccounts, FakeRoster, a_member

YARD = SimpleNamespace(place=None, tenant="main")


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> FakeAccounts:
    people = FakeAccounts()
    people.add(a_member("maria", "driver", phone="+15555550123", password_hash="hers"))
    for module in (crew, roster):
        monkeypatch.setattr(module, "accounts", lambda _: people)
    monkeypatch.setattr(roster, "roster", lambda _: FakeRoster())
    return people


def said(app: object, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=YARD)  # type: ignore[arg-type]  # a Typer
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


def test_one_persons_profile_is_changed_where_it_is_named_and_nowhere_else(
    people: FakeAccounts,
) -> None:
    before = people.known["main", "maria"]
    words = ("--role", "driver", "--role", "supervisor", "--email", "m@example.com")
    assert said(crew.app, "set", "maria", *words) == (0, "maria is changed.")
    changed = before.with_(roles=("driver", "supervisor"), email="m@example.com")
    assert people.known["main", "maria"] == changed
    said(crew.app, "set", "maria", "--phone", "")
    assert people.known["main", "maria"] == changed.with_(phone=None)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("maria",), 2, "nothing to change: give --name, --role, --phone or --email"),
        (("maria", "--role", "boss"), 2, "no role boss; there are"),
        (("maria", "--phone", "call me"), 2, "phone: write one phone number in digits"),
        (("no one", "--phone", ""), 4, "no account 'no one'; `haul crew list` shows them"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(
    people: FakeAccounts, words: tuple[str, ...], code: int, why: str
) -> None:
    before = dict(people.known)
    ended, text = said(crew.app, "set", *words)
    assert (ended, people.known) == (code, before)
    assert why in text


def test_the_roster_shows_how_people_are_reached(people: FakeAccounts) -> None:
    days = ("--from", "2026-11-21", "--to", "2026-11-22")
    assert "+15555550123" in said(roster.app, "show", *days)[1]
    assert '"phone": "+15555550123"' in said(roster.app, "show", *days, "--json")[1]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("add", "zoe", "--name", "Zoe", "--role", "nosuch"), 2, "no role nosuch; there are"),
        (("add", "Zoe Ruiz", "--name", "Zoe", "--role", "ops"), 2, "account: use lowercase letters"),
        (("add", "zoe", "--name", "", "--role", "ops"), 2, "name: "),
        (
            ("add", "zoe", "--name", "Z", "--role", "ops", "--phone", "call"),
            2,
            "phone: write one phone number",
        ),
        (("add", "zoe", "--name", "Z", "--role", "ops", "--email", "none"), 2, "email: "),
        (
            ("add", "maria", "--name", "M", "--role", "ops"),
            3,
            "there is an account 'maria' already",
        ),
        (("password", "no one"), 4, "no account 'no one'"),
    ],
)
def test_what_cannot_be_is_refused_before_anyone_is_asked_for_a_password(
    people: FakeAccounts, words: tuple[str, ...], code: int, why: str
) -> None:
    ended, text = said(crew.app, *words)
    assert (ended, list(people.known)) == (code, [("main", "maria")])
    assert why in text
    assert "Password" not in text


def test_an_account_is_added_with_the_password_that_was_asked_for(people: FakeAccounts) -> None:
    words = ["add", "zoe", "--name", "Zoe", "--role", "driver"]
    typed = "correct horse battery\n" * 2
    assert CliRunner().invoke(crew.app, words, obj=YARD, input=typed).exit_code == 0
    added = people.known["main", "zoe"]
    assert Passwords().match(added.password_hash, "correct horse battery")


def test_signing_in_asks_for_no_password_where_no_site_is_named() -> None:
    app = typer.Typer()
    app.command()(crew.sign_in)
    nowhere = SimpleNamespace(api=None, tenant="main")
    result = CliRunner().invoke(app, ["maria"], obj=nowhere)
    assert (result.exit_code, "name the site" in result.output) == (2, True)
    assert "Password" not in result.output


def test_a_new_member_has_the_number_that_was_typed_and_a_wrong_role_is_told_at_once(
    people: FakeAccounts,
) -> None:
    words = ("add", "bo", "--name", "Bo", "--phone", "(206) 555-0199", "--make-up")
    assert said(crew.app, *words, "--role", "driver")[0] == 0
    assert people.known["main", "bo"].phone == "+12065550199"
    code, text = said(crew.app, "add", "al", "--name", "Al", "--role", "nosuch")
    assert (code, "no role nosuch" in text, "Password" in text) == (2, True, False)


def test_what_stays_of_a_profile_is_not_looked_at_again(people: FakeAccounts) -> None:
    people.add(a_member("old", "driver", name="An\x1b old name"))
    assert said(crew.app, "set", "old", "--phone", "206-555-0199")[0] == 0
    assert said(crew.app, "set", "old", "--name", "\u200b")[0] == 2
    assert people.known["main", "old"].phone == "+12065550199"


def test_a_roster_file_that_is_not_in_utf_8_says_how_to_save_it(
    people: FakeAccounts, tmp_path: Path
) -> None:
    before, file = dict(people.known), tmp_path / "crew.csv"
    file.write_bytes("account,name,phone,email,roles\njose,José,,,driver\n".encode("cp1252"))
    code, text = said(roster.app, "import", str(file))
    assert (code, people.known) == (2, before)
    assert "`CSV UTF-8`" in text
