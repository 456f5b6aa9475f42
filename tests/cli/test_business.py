"""`haul business`: the same validation and history as the API, from a terminal."""

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.client.business_client import StoredBusinesses
from cli.commands import business
from functions.business.change_settings import ChangeSettings
from functions.business.set_logo import SetLogo
from statemachine.business.business_values import ClockRange
from statemachine.settings.business_changes import BusinessRecord
from tests.support.builders import NOON
from tests.support.business_fakes import FakeLogos, FakeSettingsStore
from tests.support.fakes import Bucket, no_pause
from tests.support.pictures import a_png

OPTIONS = SimpleNamespace(connection=None, tenant="quick", api=None)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> ChangeSettings:
    made = ChangeSettings(FakeSettingsStore(Bucket()), no_pause)
    known = StoredBusinesses(made, SetLogo(FakeLogos(Bucket()), made))
    monkeypatch.setattr(business, "stored_businesses", lambda _: known)
    monkeypatch.setattr("cli.commands.business.utc_now", lambda: NOON)
    monkeypatch.setattr("cli.client.business_client.utc_now", lambda: NOON)
    said("add", "quick", "--name", "Quick Dump", "--time-zone", "America/Los_Angeles")
    return made


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(business.app, list(words), obj=OPTIONS)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, " ".join(result.output.split())


def stored(settings: ChangeSettings, business_id: str = "quick") -> Any:
    return settings.store.read(business_id).value


def test_a_business_is_added_and_listed_beside_another(settings: ChangeSettings) -> None:
    settings.store.create(BusinessRecord(tenant="canary", name="Canary"))
    code, told = said("add", "madrid", "--name", "Portes", "--country", "ES")
    assert code == 0
    assert "Portes, Europe/Madrid, EUR" in told
    assert "haul --tenant madrid crew add" in told
    listed = json.loads(CliRunner().invoke(business.app, ["list", "--json"], obj=OPTIONS).output)
    assert [(each["tenant"], each["time_zone"]) for each in listed] == [
        ("madrid", "Europe/Madrid"),
        ("quick", "America/Los_Angeles"),
    ]


def test_settings_are_written_as_people_write_them(settings: ChangeSettings) -> None:
    code, told = said(
        "set",
        "quick",
        "phone=(206) 555-0199",
        "windows=08:00-10:00,10:00-12:00",
        "closed_dates=2026-12-25,2027-01-01",
        "lead_minutes=120",
        "quiet=22:00-07:00",
        'opening_hours={"sat": [{"start": "09:00", "end": "13:00"}]}',
    )
    assert code == 0
    assert "quick is at version 2" in told
    now = stored(settings)
    assert now.phone == "+12065550199"
    assert now.lead_minutes == 120
    assert now.quiet.begin.hour == 22
    assert now.windows == (
        ClockRange.model_validate({"start": "08:00", "end": "10:00"}),
        ClockRange.model_validate({"start": "10:00", "end": "12:00"}),
    )
    assert list(now.opening_hours) == ["sat"]
    assert len(now.closed_dates) == 2


def test_an_empty_value_clears_a_setting(settings: ChangeSettings) -> None:
    said("set", "quick", "website=https://example.com", "service_area=941,942")
    assert stored(settings).service_area == ("941", "942")
    said("set", "quick", "website=", "service_area=")
    assert stored(settings).website is None
    assert stored(settings).service_area == ()


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("set", "quick", "name"), 2, "write KEY=VALUE, with a key of name, legal_name"),
        (("set", "quick", "version=3"), 2, "write KEY=VALUE"),
        (("set", "quick", "time_zone=Mars/Sea"), 2, "time_zone: this is no IANA time zone"),
        (("set", "quick", "windows=12:00-08:00"), 2, "windows.0.end: it ends before it begins"),
        (("set", "quick", "windows=8-12"), 2, "windows.0.start: write a time as HH:MM"),
        (("set", "quick", "opening_hours={mon}"), 2, "opening_hours: this is no JSON"),
        (("set", "quick", "suspended=maybe"), 2, "suspended: "),
        (("set", "nowhere", "name=x"), 4, "`haul business list` shows all businesses"),
        (("show", "nowhere"), 4, "`haul business list` shows all businesses"),
        (("add", "quick", "--name", "Again"), 3, "there is a business quick already"),
        (("add", "canary", "--name", "Mine"), 3, "canary is reserved; choose another id"),
        (("add", "Quick!", "--name", "Mine"), 2, "tenant: "),
        (("add", "paris", "--name", "P", "--country", "FR"), 2, "country: this country is not"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    settings: ChangeSettings, words: tuple[str, ...], code: int, why: str
) -> None:
    before = stored(settings)
    ended, told = said(*words)
    assert ended == code
    assert stored(settings) == before
    assert list(settings.store.names()) == ["quick"]
    assert why in told


def test_a_disabled_business_is_suspended_until_it_is_enabled(settings: ChangeSettings) -> None:
    assert said("disable", "quick")[1] == "suspended: false → true quick is at version 2."
    assert "suspended" in said("list")[1]
    assert said("disable", "quick")[1] == "quick has these settings already."
    said("enable", "quick")
    assert not stored(settings).suspended
    assert stored(settings).version == 3


def test_the_settings_and_who_changed_them_are_shown(settings: ChangeSettings) -> None:
    said("set", "quick", "name=Dump It")
    shown = CliRunner().invoke(business.app, ["show", "--json"], obj=OPTIONS).output
    assert json.loads(shown)["name"] == "Dump It"
    assert json.loads(shown)["version"] == 2
    output = CliRunner().invoke(business.app, ["show", "quick", "--history", "--json"], obj=OPTIONS)
    latest = json.loads(output.output)[0]
    assert latest["by"] == "haul"
    assert datetime.fromisoformat(latest["at"]) == NOON
    assert latest["changes"] == [{"field": "name", "from": "Quick Dump", "to": "Dump It"}]


def test_a_logo_is_set_from_a_file_and_removed_by_an_empty_value(
    settings: ChangeSettings, tmp_path: Path
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(a_png())
    assert said("logo", "quick", str(file)) == (0, "quick has this logo at version 2.")
    assert stored(settings).logo.path.startswith("/logos/quick/261121-")
    assert said("set", "quick", "logo=")[0] == 0
    assert stored(settings).logo is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<svg/>", "SVG is not accepted"),
        (bytes(8_000_000), "a logo has at most 2 MB; save it in a smaller size"),
    ],
    ids=["svg", "8 MB"],
)
def test_a_file_that_is_no_logo_is_refused(
    settings: ChangeSettings, tmp_path: Path, content: bytes, why: str
) -> None:
    file = tmp_path / "logo.png"
    file.write_bytes(content)
    code, told = said("logo", "quick", str(file))
    assert code == 2
    assert why in told
    assert stored(settings).logo is None
