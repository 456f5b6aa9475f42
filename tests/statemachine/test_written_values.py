"""Phone numbers and amounts as people write them are parsed exactly or refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from statemachine.money.money import parse_money
from statemachine.values.phones import PhoneKind, kind_of, parse_phone

DATA = Path(__file__).parent.parent / "data"


def cases(file: str) -> list[tuple[str, str | int | None]]:
    return [(text, meant) for text, meant in json.loads((DATA / file).read_text())["cases"]]


def parsed_or_none(parse: Callable[[str], str | int], text: str) -> str | int | None:
    try:
        return parse(text)
    except ValueError:
        return None


@pytest.mark.parametrize(("text", "meant"), cases("phones.json"))
def test_a_phone_number_keeps_every_digit_or_is_refused(text: str, meant: str | None) -> None:
    assert parsed_or_none(parse_phone, text) == meant


@pytest.mark.parametrize(("text", "meant"), cases("money.json"))
def test_an_amount_is_read_to_the_cent_or_refused(text: str, meant: int | None) -> None:
    assert parsed_or_none(parse_money, text) == meant


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+15555550123", "fictional"),
        ("+19005551234", "premium"),
        ("+449012345678", "premium"),
        ("+447012345678", "personal"),
        ("+88235551234", "satellite"),
        ("+881612345678", "satellite"),
        ("+4915123456789", "mobile"),
        ("+12222222222", "unknown"),
        ("+18005551234", "toll_free"),
    ],
)
def test_the_kind_of_line_of_a_number(number: str, kind: PhoneKind) -> None:
    assert kind_of(number) == kind
