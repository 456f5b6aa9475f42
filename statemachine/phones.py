"""Phone numbers as people write them: understood digit for digit, or refused with the reason.

The numbering plans are those of `phonenumbers`, Google's libphonenumber for Python. Its
`is_valid_number` knows every range that is in use; outside of North America a number has to be in
one, because made-up ranges are how paid texts are farmed. In North America (+1) the shape is
enough: area codes are added more often than this program is updated. Numbers that are reserved for
films and tests (555, and Ofcom's 07700 900xxx) are usable.
"""

import re
from typing import Literal

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

Kind = Literal[
    "fixed",
    "mobile",
    "fixed_or_mobile",
    "toll_free",
    "premium",
    "shared_cost",
    "personal",
    "satellite",
    "other",
    "fictional",
    "unknown",
]
"""`satellite` stands for every code that is no country's; `unknown` is in no range in use."""

REFUSED: frozenset[Kind] = frozenset({"premium", "shared_cost", "personal", "satellite"})
LONGEST = 40
COUNTRY = "US"

_KINDS: dict[int, Kind] = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
}
_FICTIONAL = re.compile(r"\+1(555[0-9]{7}|[2-9][0-9]{2}55501[0-9]{2})|\+447700900[0-9]{3}")
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
_NO_COUNTRY = "001"
_WRITTEN = re.compile(r"\+?[0-9(][0-9 ()./-]*")
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("‐‑‒–—−", "-")
)
"""Blanks and dashes that a text program put in the place of the plain ones."""

ABROAD = "begin a number of another country with + and its code, as +44 7700 900123"


def parse_phone(text: str, country: str = COUNTRY) -> str:
    """E.164, as `+15555550123`; a number without a country code is one of `country`.

    Raises ValueError with a sentence for the person who typed it.
    """
    number = _parsed(_plain(text), country)
    written = _e164(number)
    kind = kind_of(written)
    if kind in REFUSED:
        name = kind.replace("_", "-")
        raise ValueError(f"this is a {name} number; give a number of a phone that people own")
    if kind == "unknown" and not _NORTH_AMERICAN.fullmatch(written):
        raise ValueError(f"no phone can have this number; check the digits, and {ABROAD}")
    return written


def kind_of(number: str) -> Kind:
    """What kind of line an E.164 number is, by the numbering plans. Raises ValueError."""
    if _FICTIONAL.fullmatch(number):
        return "fictional"
    parsed = _parsed(number, COUNTRY)
    if phonenumbers.region_code_for_country_code(parsed.country_code or 0) == _NO_COUNTRY:
        return "satellite"
    kind = phonenumbers.number_type(parsed)
    if kind == PhoneNumberType.UNKNOWN:
        return "unknown"
    if kind == PhoneNumberType.PERSONAL_NUMBER and parsed.country_code == 1:
        return "other"  # +1 5xx costs callers nothing extra, unlike a British 070
    return _KINDS.get(kind, "other")


def _plain(text: str) -> str:
    plain = text.translate(_TYPOGRAPHY).strip()
    if len(plain) > LONGEST:
        raise ValueError(f"a phone number has at most 15 digits; this has {len(plain)} characters")
    plain = re.sub(r"^\(\+([0-9]{1,3})\)", r"+\1", plain)
    if not _WRITTEN.fullmatch(plain):
        raise ValueError(
            "write one phone number in digits, as (206) 555-0199 or +1 206 555 0199, "
            "without an extension or words"
        )
    return plain


def _parsed(plain: str, country: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(plain, country)
    except NumberParseException as error:
        raise ValueError(f"this is not a phone number; {ABROAD}") from error
    national = phonenumbers.national_significant_number(number)
    if not re.sub(r"[^0-9]", "", plain).endswith(national):
        raise ValueError(f"the digits cannot be told apart; {ABROAD}")
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"a phone number does not have so many digits, or so few; {ABROAD}")
    return number


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
