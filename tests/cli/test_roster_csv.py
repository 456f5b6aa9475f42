"""The roster as CSV: what is written can be read, and a file with a bad row changes nothing."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest

from cli.data.roster_csv import BadRow, read_days, read_people, write_days, write_people
from functions.people.roster import UnknownMember
from functions.people.roster_import import Imported, ImportedPerson, import_days, import_people
from statemachine.schedule.roster import DAY_OFF, Day, Hours
from tests.support.builders import NOON
from tests.support.roster_fakes import FakeAccounts, FakeRoster, a_member

PEOPLE = '''account,name,phone,email,roles,disabled
ben,"Achterberg, Ben ""Big""",,ben@example.com,first_mate,
maria,Maria Ortega,+15555550123,,driver first_mate,
zoe,Zoe,,,driver,yes
'''
DAYS = """account,date,hours,roles
maria,2026-11-22,07:00-12:00 13:00-15:30,driver
ben,2026-11-23,off,
"""
SUNDAY = date(2026, 11, 22)
SPLIT = Day(
    hours=(Hours(begin="07:00", end="12:00"), Hours(begin="13:00", end="15:30")), roles=("driver",)
)


def some_accounts(*members: Any) -> FakeAccounts:
    accounts = FakeAccounts()
    for member in members:
        accounts.add(member)
    return accounts


def test_what_is_exported_can_be_imported_elsewhere() -> None:
    accounts = FakeAccounts()
    import_people(accounts, "main", read_people(PEOPLE), NOON)
    assert write_people(accounts.all("main")) == PEOPLE
    roster = FakeRoster()
    import_days(accounts, roster, "main", read_days(DAYS))
    assert write_days(roster.days("main", SUNDAY, SUNDAY + timedelta(1))) == DAYS
    assert roster.days("main", SUNDAY, SUNDAY + timedelta(1)) == {
        "maria": {SUNDAY: SPLIT},
        "ben": {SUNDAY + timedelta(1): DAY_OFF},
    }


def test_an_import_changes_who_is_there_and_never_a_password() -> None:
    signs_in = a_member("maria", password_hash="hers", phone="+15555550999", disabled=True)
    accounts = some_accounts(signs_in, a_member("zoe"), other := a_member("yves"))
    done = import_people(accounts, "main", read_people(PEOPLE), NOON)
    assert done == Imported(added=["ben"], changed=["maria", "zoe"], as_before=[])
    maria = accounts.known["main", "maria"]
    assert maria == signs_in.with_(
        name="Maria Ortega", phone="+15555550123", roles=("driver", "first_mate")
    )
    assert accounts.known["main", "ben"].password_hash is None
    assert accounts.known["main", "yves"] == other


def test_an_import_twice_is_an_import_once() -> None:
    accounts = FakeAccounts()
    import_people(accounts, "main", read_people(PEOPLE), NOON)
    before = dict(accounts.known)
    done = import_people(accounts, "main", read_people(PEOPLE), NOON + timedelta(days=1))
    assert done == Imported([], [], ["ben", "maria", "zoe"])
    assert accounts.known == before


def test_who_is_disabled_is_so_elsewhere_too_and_a_file_lets_no_one_in_again() -> None:
    accounts = some_accounts(a_member("ben", disabled=True), a_member("zoe"))
    import_people(accounts, "main", read_people(PEOPLE), NOON)
    disabled = {each.account: each.disabled for each in accounts.all("main")}
    assert disabled == {"ben": True, "maria": False, "zoe": True}


def test_a_file_without_a_word_on_who_is_disabled_is_read_as_before() -> None:
    short = "".join(f"{line.rpartition(',')[0]}\n" for line in PEOPLE.splitlines()[:-1])
    assert read_people(short) == {
        account: person for account, person in read_people(PEOPLE).items() if account != "zoe"
    }


HEAD = "account,name,phone,email,roles\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: the first line must be account,name,phone,email,roles,disabled"),
        (
            "name,account\n",
            "line 1: the first line must be account,name,phone,email,roles,disabled",
        ),
        (f"{HEAD}maria,Maria,,\n", "line 2: 4 columns, expected 5"),
        (f"{HEAD}Maria,Maria,,,driver\n", "line 2: account: use lowercase letters, digits, and _"),
        (f"{HEAD}maria,,,,driver\n", "line 2: name: String should have at least 1 character"),
        (
            f"{HEAD}\nmaria,Maria,call me,,driver\n",
            "line 3: phone: write one phone number in digits",
        ),
        (f"{HEAD}maria,Maria,,nowhere,driver\n", "line 2: email: String should match pattern"),
        (f"{HEAD}maria,Maria,,,\n", "line 2: roles: Tuple should have at least 1 item"),
        (f"{HEAD}maria,Maria,,,boss\n", "line 2: roles.0: Input should be 'owner', 'dispatcher'"),
        (f"{PEOPLE}ben,Ben,,,driver,\n", "line 5: ben is in the file twice"),
        (f"{PEOPLE}eve,Eve,,,driver,no\n", "line 5: disabled: write `yes`, or nothing"),
        (f'{HEAD}maria,"Maria,,,driver\n', "line 2: unexpected end of data"),
    ],
)
def test_a_bad_row_of_people_is_named_by_its_line(text: str, why: str) -> None:
    with pytest.raises(BadRow) as raised:
        read_people(text)
    assert str(raised.value).startswith(why)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("maria,2026-11-31,off,", "line 2: date: there is no such day"),
        ("maria,tomorrow,off,", "line 2: date: write it as 2026-11-22"),
        ("maria,2026-11-22,,", "line 2: write hours as 07:00-15:30, or `off`"),
        ("maria,2026-11-22,7-15,", "line 2: hours.0.begin: write it as 07:00"),
        ("maria,2026-11-22,morning,", "line 2: write hours as 07:00-15:30, or `off`"),
        ("maria,2026-11-22,off,driver", "line 2: a day that is off has no roles; leave them out"),
        ("maria,2026-11-22,07:00-15:30,boss", "line 2: roles.0: Input should be 'driver'"),
    ],
)
def test_a_bad_row_of_days_is_named_by_its_line(row: str, why: str) -> None:
    text = f"account,date,hours,roles\n{row}\n"
    with pytest.raises(BadRow) as raised:
        read_days(text)
    assert str(raised.value).startswith(why)


def test_days_of_strangers_change_nothing() -> None:
    roster = FakeRoster()
    with pytest.raises(UnknownMember, match="not on the roster: ben; import the people first"):
        import_days(some_accounts(a_member("maria")), roster, "main", read_days(DAYS))
    assert roster.known == {}


def test_a_file_of_a_spreadsheet_may_end_its_lines_its_own_way() -> None:
    assert read_people(PEOPLE.replace("\n", "\r\n")) == read_people(PEOPLE)
    assert read_people(HEAD) == {}
    assert read_people(PEOPLE)["ben"] == ImportedPerson(
        name='Achterberg, Ben "Big"', email="ben@example.com", roles=("first_mate",)
    )


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_of_a_spreadsheet_that_parts_by_semicolons_or_tabs_is_read(separator: str) -> None:
    assert read_people(parted_by(separator, PEOPLE)) == read_people(PEOPLE)
    assert read_days(parted_by(separator, DAYS)) == read_days(DAYS)


def parted_by(separator: str, text: str) -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator).writerows(csv.reader(io.StringIO(text)))
    return written.getvalue()


def test_numbers_are_read_as_people_write_them_and_no_digit_is_dropped() -> None:
    people = read_people(f"{HEAD}maria,Maria,(206) 555-0199,,driver\n")
    assert people["maria"].phone == "+12065550199"
    with pytest.raises(BadRow, match="line 2: phone: the number has too many or too few digits"):
        read_people(f"{HEAD}maria,Maria,447700900123,,driver\n")
    with pytest.raises(BadRow, match="line 2: name: it has a control or invisible character"):
        read_people(f"{HEAD}maria,Ma\u202eria,,,driver\n")
