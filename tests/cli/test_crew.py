"""`haul crew` and `haul roster`: accounts and profiles."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import crew, roster
from functions.people.accounts import Passwords
from tests.support.roster_fakes import FakeAccounts, FakeRoster, a_member

CONTEXT = SimpleNamespace(connection=None, tenant="main")


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> FakeAccounts:
    people = FakeAccounts()
    people.add(a_member("maria", "driver", phone="+15555550123", password_hash="hers"))
    for module in (crew, roster):
        monkeypatch.setattr(module, "accounts", lambda _: people)
    monkeypatch.setattr(roster, "roster", lambda _: FakeRoster())
    return people


def said(app: object, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), obj=CONTEXT)  # type: ignore[arg-type]  # a Typer
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


def test_only_the_given_fields_of_a_profile_are_changed(
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
        (("maria", "--role", "boss"), 2, "no role boss; the roles are"),
        (("maria", "--phone", "call me"), 2, "phone: write one phone number in digits"),
        (("no one", "--phone", ""), 4, "no account 'no one'; `haul crew list` shows them"),
    ],
)
def test_an_invalid_profile_change_is_refused(
    people: FakeAccounts, words: tuple[str, ...], code: int, why: str
) -> None:
    before = dict(people.known)
    ended, text = said(crew.app, "set", *words)
    assert ended == code
    assert people.known == before
    assert why in text


def test_the_roster_shows_phone_numbers(people: FakeAccounts) -> None:
    days = ("--from", "2026-11-21", "--to", "2026-11-22")
    assert "+15555550123" in said(roster.app, "show", *days)[1]
    assert '"phone": "+15555550123"' in said(roster.app, "show", *days, "--json")[1]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("add", "zoe", "--name", "Zoe", "--role", "nosuch"), 2, "no role nosuch; the roles are"),
        (
            ("add", "Zoe Ruiz", "--name", "Zoe", "--role", "ops"),
            2,
            "account: use lowercase letters",
        ),
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
            "the account 'maria' exists already",
        ),
        (("password", "no one"), 4, "no account 'no one'"),
    ],
)
def test_an_invalid_account_is_refused_before_the_password_prompt(
    people: FakeAccounts, words: tuple[str, ...], code: int, why: str
) -> None:
    ended, text = said(crew.app, *words)
    assert ended == code
    assert list(people.known) == [("main", "maria")]
    assert why in text
    assert "Password" not in text


def test_an_account_is_added_with_the_typed_password(people: FakeAccounts) -> None:
    words = ["add", "zoe", "--name", "Zoe", "--role", "driver"]
    typed = "correct horse battery\n" * 2
    assert CliRunner().invoke(crew.app, words, obj=CONTEXT, input=typed).exit_code == 0
    added = people.known["main", "zoe"]
    assert Passwords().match(added.password_hash, "correct horse battery")


def test_sign_in_without_a_site_does_not_ask_for_a_password() -> None:
    app = typer.Typer()
    app.command()(crew.sign_in)
    nowhere = SimpleNamespace(api=None, tenant="main")
    result = CliRunner().invoke(app, ["maria"], obj=nowhere)
    assert result.exit_code == 2
    assert "name the site" in result.output
    assert "Password" not in result.output


def test_a_phone_number_is_normalized_and_a_wrong_role_is_refused(
    people: FakeAccounts,
) -> None:
    words = ("add", "bo", "--name", "Bo", "--phone", "(206) 555-0199", "--make-up")
    assert said(crew.app, *words, "--role", "driver")[0] == 0
    assert people.known["main", "bo"].phone == "+12065550199"
    code, text = said(crew.app, "add", "al", "--name", "Al", "--role", "nosuch")
    assert code == 2
    assert "no role nosuch" in text
    assert "Password" not in text


def test_unchanged_fields_of_a_profile_are_not_validated_again(people: FakeAccounts) -> None:
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
    assert code == 2
    assert people.known == before
    assert "`CSV UTF-8`" in text
