"""A business's settings: what may be in them, what they are by default, and how they change."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from functions.people.accounts import ROLES
from functions.protocol.field_errors import field_errors
from statemachine.business.business import BusinessSettings
from statemachine.business.business_values import COUNTRIES, contrast_with_white
from statemachine.settings.business_changes import (
    SETTABLE,
    BusinessRecord,
    FieldChange,
    SettingsPatch,
    changed,
    given_in,
)
from tests.support.builders import NOON

MAIN = BusinessRecord(tenant="main", name="Quick Dump")
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown zone": ({"time_zone": "America/Springfield"}, "time_zone: this is no IANA"),
    "a folder of zones": ({"time_zone": "America"}, "time_zone: this is no IANA"),
    "a path": ({"time_zone": "../etc/passwd"}, "time_zone: this is no IANA"),
    "an unknown currency": ({"currency": "XYZ"}, "currency: this currency is not known"),
    "an unknown country": ({"country": "ZZ"}, "country: this country is not known"),
    "yellow under white": ({"accent_color": "#ffff00"}, "accent_color: white text on it cannot"),
    "a color by its name": ({"accent_color": "red"}, "accent_color: write a color as #rrggbb"),
    "hours that end first": (
        {"opening_hours": {"mon": [{"start": "18:00", "end": "08:00"}]}},
        "opening_hours.mon.0.end: it ends before it begins",
    ),
    "hours on no day": ({"opening_hours": {"mon": []}}, "opening_hours: give hours for"),
    "windows that overlap": (
        {"windows": [{"start": "08:00", "end": "12:00"}, {"start": "11:00", "end": "15:00"}]},
        "windows: 08:00–12:00 and 11:00–15:00 overlap",
    ),
    "a window past midnight": (
        {"windows": [{"start": "20:00", "end": "24:00"}]},
        "windows.0.end: write a time as HH:MM",
    ),
    "a closed date that has passed": (
        {"closed_dates": ["2026-12-25", "2026-11-20"]},
        "closed_dates: a date has passed; give dates from 2026-11-21 on",
    ),
    "postal codes of another country": ({"service_area": ["M5V"]}, "service_area: no postal code"),
    "a script as a link": ({"website": "javascript:alert(1)"}, "website: give a whole web address"),
    "a password in a link": ({"terms_url": "https://a:b@c.com"}, "terms_url: give a whole web"),
    "a language not offered": ({"languages": ["es"]}, "language: it is not among"),
    "no phone number": ({"phone": "call me"}, "phone: write one phone number in digits"),
    "an unknown flow": ({"flow": "moon_landing"}, "flow: there is no such flow"),
    "an invisible name": ({"name": "\u202e\u202e"}, "name: it has a control or invisible"),
    "no name": ({"name": None}, "name: "),
}


def after(known: BusinessRecord = MAIN, **wanted: Any) -> BusinessRecord:
    return changed(known, given_in(SettingsPatch.model_validate(wanted)), "olive", NOON)


@pytest.mark.parametrize(("wanted", "told"), BAD.values(), ids=BAD)
def test_a_bad_value_is_refused_with_its_field_and_what_would_be_right(
    wanted: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError) as error:
        after(**wanted)
    assert next(field_errors(error.value)).startswith(told)


def test_a_change_is_one_version_and_says_who_when_and_what() -> None:
    following = after(name="Dump It", phone="(206) 555-0199")
    assert following.version == 2
    assert following.name == "Dump It"
    assert following.phone == "+12065550199"
    told = following.last_change
    assert told is not None
    assert told.version == 2
    assert told.by == "olive"
    assert told.at == NOON
    assert told.changes == (
        FieldChange(field="name", old="Quick Dump", new="Dump It"),
        FieldChange(field="phone", old=None, new="+12065550199"),
    )


def test_a_change_to_what_is_so_already_is_no_change() -> None:
    assert after(name="Quick Dump", windows=MAIN.windows) is MAIN


def test_null_restores_the_default_of_the_country() -> None:
    assert after(after(phone="+12065550199"), phone=None).phone is None
    assert after(after(accent_color="#1d4ed8"), accent_color=None).accent_color == "#1d1c19"
    spanish = after(country="ES", time_zone="Atlantic/Canary")
    assert after(spanish, time_zone=None, opening_hours=None).time_zone == "Europe/Madrid"


def test_a_closed_date_stays_when_its_day_is_over() -> None:
    known = after(closed_dates=["2026-11-22"])
    later = changed(known, {"name": "Later"}, "olive", NOON + timedelta(days=30))
    assert [day.isoformat() for day in later.closed_dates] == ["2026-11-22"]


def test_everything_but_its_id_and_version_can_be_changed() -> None:
    assert set(SettingsPatch.model_fields) == set(SETTABLE)
    assert set(BusinessSettings.model_fields) - set(SETTABLE) == {"tenant", "version"}


def unbounded(schema: Any, where: str = "") -> Iterator[str]:
    """Where a JSON schema allows a number or a list of any size."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer" and "maximum" not in schema:
            yield where
        if schema.get("type") == "array" and "maxItems" not in schema:
            yield where
        for name, part in schema.items():
            yield from unbounded(part, f"{where}/{name}")
    if isinstance(schema, list):
        for part in schema:
            yield from unbounded(part, where)


def test_every_number_and_list_of_the_settings_has_an_upper_bound() -> None:
    schema = BusinessSettings.model_json_schema()
    del schema["properties"]["version"]  # counted, never given
    assert list(unbounded(schema)) == []


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_has_defaults_that_make_a_whole_business(country: str) -> None:
    home, made = COUNTRIES[country], BusinessSettings(tenant="main", name="B", country=country)
    assert made.currency == home.currency
    assert made.time_zone == home.time_zone
    assert made.languages == home.languages
    assert made.language == home.languages[0]
    assert made.countries == (country,)
    assert made.with_(service_area=(home.postal_example,)).service_area == (home.postal_example,)


def test_currency_and_numbers_follow_the_country_unless_they_were_chosen() -> None:
    moved = after(country="GB")
    assert moved.currency == "GBP"
    assert moved.countries == ("GB",)
    assert after(after(currency="CAD"), country="GB").currency == "CAD"
    assert after(country="GB", currency="EUR").currency == "EUR"


def test_a_business_opens_on_its_first_day() -> None:
    assert list(MAIN.opening_hours) == ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert [str(window) for window in MAIN.windows] == ["08:00–12:00", "12:00–16:00", "16:00–19:00"]
    assert MAIN.lead_minutes == 0
    assert MAIN.default_duration_minutes == 60
    assert MAIN.currency == "USD"


def test_settings_that_an_earlier_version_stored_are_read() -> None:
    stored = '{"tenant": "main", "business": "Old Name", "time_zone": "America/Denver"}'
    read = BusinessRecord.model_validate_json(stored)
    assert read.name == "Old Name"
    assert read.version == 1
    assert read.time_zone == "America/Denver"
    assert BusinessRecord.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize(
    ("color", "ratio"), [("#000000", 21.0), ("#ffffff", 1.0), ("#767676", 4.54)]
)
def test_contrast_is_as_wcag_defines_it(color: str, ratio: float) -> None:
    assert contrast_with_white(color) == pytest.approx(ratio, abs=0.005)


DOCUMENT = (Path(__file__).parents[3] / "docs" / "business.md").read_text(encoding="utf-8")


def rows_of(heading: str) -> list[list[str]]:
    lines = DOCUMENT.partition(f"\n{heading}\n")[2].partition("\n|")[2].partition("\n\n")[0].strip()
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in lines.split("\n")[2:]]


def test_the_document_has_every_setting_with_its_default() -> None:
    defaults = json.loads(MAIN.model_dump_json(exclude={"name"}, exclude_none=True))
    rows = rows_of("## Settings")
    assert [name.strip("`") for name, *_ in rows] == list(SETTABLE)
    told = {name.strip("`"): default for name, default, _ in rows}
    assert all(told[name] != "" for name in SETTABLE if name in defaults)
    read = {name: json.loads(cell.strip("`")) for name, cell in told.items() if cell[:1] == "`"}
    assert read == {name: defaults[name] for name in read}


def test_the_document_has_every_country_and_every_role() -> None:
    listed = {
        name: (currency, zone, ls) for name, currency, zone, ls in rows_of("Defaults by country:")
    }
    assert listed == {
        name: (home.currency, home.time_zone, ", ".join(home.languages))
        for name, home in COUNTRIES.items()
    }
    assert [role.strip("`") for role, _ in rows_of("## Roles")] == list(ROLES)
