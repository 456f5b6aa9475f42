"""The roster as two CSV files, as spreadsheets write and read them.

    people  account,name,phone,email,roles,disabled  maria,Maria Ortega,+15555550123,,driver,
                                                     ben,Ben Achterberg,,,driver first_mate,yes
    days    account,date,hours,roles                 maria,2026-11-22,07:00-12:00 13:00-15:30,driver
                                                     maria,2026-11-23,off,

Semicolons and tabs are accepted for commas. Roles and hours are separated by spaces; the column
`disabled` is optional. A file with an error is rejected as a whole. A cell that a spreadsheet would
take for a formula begins with a `'`, which is removed when the file is read.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

from pydantic import ValidationError

from functions.people.accounts import Account
from functions.people.roster import Days
from functions.people.roster_import import ImportedPerson
from functions.protocol.field_errors import field_errors
from statemachine.schedule.roster import DAY_OFF, Date, Day
from statemachine.values.csv_cells import csv_text, from_cell
from statemachine.values.values import Frozen, Name

PEOPLE = ("account", "name", "phone", "email", "roles")
ALL_PEOPLE = (*PEOPLE, "disabled")
DAYS = ("account", "date", "hours", "roles")
SEPARATORS = ",;\t"
OFF = "off"
YES = "yes"

Said = tuple[str, date, Day]
"""Account, date, and when that person is available."""


class BadRow(Exception):
    """A line that cannot be used; the text has its number and says what to change."""


class _Named(Frozen):
    account: Name
    date: Date = "2000-01-01"


def read_people(text: str) -> dict[str, ImportedPerson]:
    """People by account. Raises BadRow for the first line that cannot be used."""
    people: dict[str, ImportedPerson] = {}
    for line, row in _rows(text, PEOPLE, ALL_PEOPLE):
        with _at(line):
            account = _Named(account=row["account"]).account
            if account in people:
                raise BadRow(f"line {line}: {account} is in the file twice")
            people[account] = _person(row)
    return people


def read_days(text: str) -> list[Said]:
    """Raises BadRow for the first line that cannot be used."""
    said: dict[tuple[str, date], Day] = {}
    for line, row in _rows(text, DAYS):
        with _at(line):
            known = _Named(account=row["account"], date=row["date"])
            key = known.account, date.fromisoformat(known.date)
            if key in said:
                raise BadRow(f"line {line}: this person and day are in the file twice")
            said[key] = day_of(row["hours"].split(), row["roles"].split())
    return [(account, on, day) for (account, on), day in said.items()]


def day_of(hours: Sequence[str], roles: Sequence[str]) -> Day:
    """`07:00-12:00`, `13:00-15:30`; or `off` alone. Raises ValueError, as pydantic does."""
    if list(hours) == [OFF]:
        if roles:
            raise ValueError(f"a day that is {OFF} has no roles; leave them out")
        return DAY_OFF
    if not hours or not all("-" in text for text in hours):
        raise ValueError(f"write hours as 07:00-15:30, or `{OFF}`")
    spans = [text.partition("-")[::2] for text in hours]
    there = [{"begin": begin, "end": end} for begin, end in spans]
    return Day.model_validate({"hours": there, "roles": tuple(roles) or None})


def write_people(people: Iterable[Account]) -> str:
    """Sorted by account, so that equal rosters give equal files."""
    return csv_text(ALL_PEOPLE, map(_person_row, sorted(people, key=lambda each: each.account)))


def _person_row(each: Account) -> tuple[str, ...]:
    disabled = YES if each.disabled else ""
    roles = " ".join(each.roles)
    return each.account, each.name, each.phone or "", each.email or "", roles, disabled


def write_days(days: Days) -> str:
    """Sorted by day."""
    said = sorted((on, member) for member, theirs in days.items() for on in theirs)
    return csv_text(DAYS, (_day_row(member, on, days[member][on]) for on, member in said))


def _day_row(member: str, on: date, day: Day) -> tuple[str, ...]:
    hours = " ".join(f"{each.begin}-{each.end}" for each in day.hours)
    return member, on.isoformat(), hours or OFF, " ".join(day.roles or ())


def _person(row: Mapping[str, str]) -> ImportedPerson:
    disabled = row.get("disabled", "")
    if disabled not in ("", YES):
        raise ValueError(f"disabled: write `{YES}`, or nothing")
    return ImportedPerson.model_validate(
        {
            "name": row["name"],
            "phone": row["phone"] or None,
            "email": row["email"] or None,
            "roles": row["roles"].split(),
            "disabled": disabled == YES,
        }
    )


def _rows(text: str, *heads: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line number. The first line must be one of `heads`; skips empty lines."""
    separator = _separator(text, heads)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        columns = tuple(next(rows, ()))
        if columns not in heads:
            raise BadRow(
                f"line 1: the first line must be {','.join(heads[-1])}, "
                "separated by commas, semicolons, or tabs"
            )
        for row in rows:
            if row and len(row) != len(columns):
                raise BadRow(f"line {rows.line_num}: {len(row)} columns, expected {len(columns)}")
            if row:
                values = (from_cell(value.strip()) for value in row)
                yield rows.line_num, dict(zip(columns, values, strict=True))
    except csv.Error as error:
        raise BadRow(f"line {rows.line_num}: {error}") from error


def _separator(text: str, heads: Iterable[Sequence[str]]) -> str:
    """Spreadsheets in many countries write semicolons; the first line shows which it is."""
    first = text.partition("\n")[0].strip("\r").replace('"', "")
    known = (each for each in SEPARATORS if tuple(first.split(each)) in heads)
    return next(known, SEPARATORS[0])


@contextmanager
def _at(line: int) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise BadRow(f"line {line}: {'; '.join(field_errors(error))}") from error
    except ValueError as error:
        raise BadRow(f"line {line}: {error}") from error
