"""Parses phone numbers as people write them, keeping every digit or giving the reason for refusal.

The numbering plans are those of `phonenumbers`, Google's libphonenumber for Python. Outside North
America a number must be in a range that is in use, because fraud with paid SMS uses invented
ranges. In North America (+1) the shape is enough, because area codes are added more often than
this program is updated. Numbers reserved for films and tests (555, and Ofcom's 07700 900xxx) are
accepted.

Importing the plans takes a tenth of a second, so they are imported with the first number: most
functions see none when they start.
"""

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

PhoneKind = Literal[
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
"""`satellite`: any code that belongs to no country. `unknown`: in no range that is in use."""

REFUSED: frozenset[PhoneKind] = frozenset({"premium", "shared_cost", "personal", "satellite"})
MAX_LENGTH = 40
COUNTRY = "US"

_KINDS: dict[str, PhoneKind] = {
    "FIXED_LINE": "fixed",
    "MOBILE": "mobile",
    "FIXED_LINE_OR_MOBILE": "fixed_or_mobile",
    "TOLL_FREE": "toll_free",
    "PREMIUM_RATE": "premium",
    "SHARED_COST": "shared_cost",
    "PERSONAL_NUMBER": "personal",
    "UNKNOWN": "unknown",
}
_FICTIONAL = re.compile(r"\+1(555[0-9]{7}|[2-9][0-9]{2}55501[0-9]{2})|\+447700900[0-9]{3}")
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
_NO_COUNTRY = "001"
_WRITTEN = re.compile(r"\+?[0-9(][0-9 ()./-]*")
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u2009\u202f", " ") | dict.fromkeys("‐‑‒–—−", "-")
)
"""Spaces and dashes that word processors use in place of the plain ones."""

ABROAD = "begin a number of another country with + and its country code, as +44 7700 900123"


def parse_phone(text: str, country: str = COUNTRY) -> str:
    """E.164, as `+15555550123`. A number without a country code belongs to `country`.

    Raises ValueError with a sentence for the person who typed it.
    """
    number = _parsed(_plain(text), country)
    written = _e164(number)
    kind = kind_of(written)
    if kind in REFUSED:
        name = kind.replace("_", "-")
        raise ValueError(f"this is a {name} number; give the number of a personal phone")
    if kind == "unknown" and not _NORTH_AMERICAN.fullmatch(written):
        raise ValueError(f"no phone has this number; check the digits, and {ABROAD}")
    return written


def kind_of(number: str) -> PhoneKind:
    """The kind of line of an E.164 number, by the numbering plans. Raises ValueError."""
    if _FICTIONAL.fullmatch(number):
        return "fictional"
    import phonenumbers

    parsed = _parsed(number, COUNTRY)
    if phonenumbers.region_code_for_country_code(parsed.country_code or 0) == _NO_COUNTRY:
        return "satellite"
    name = phonenumbers.PhoneNumberType.to_string(phonenumbers.number_type(parsed))
    kind = _KINDS.get(name, "other")
    if kind == "personal" and parsed.country_code == 1:
        return "other"  # +1 5xx costs callers nothing extra, unlike a British 070
    return kind


def _plain(text: str) -> str:
    plain = text.translate(_TYPOGRAPHY).strip()
    if len(plain) > MAX_LENGTH:
        raise ValueError(f"a phone number has at most 15 digits; this has {len(plain)} characters")
    plain = re.sub(r"^\(\+([0-9]{1,3})\)", r"+\1", plain)
    if not _WRITTEN.fullmatch(plain):
        raise ValueError(
            "write one phone number in digits, as (206) 555-0199 or +1 206 555 0199, "
            "without an extension or words"
        )
    return plain


def _parsed(plain: str, country: str) -> "PhoneNumber":
    import phonenumbers

    try:
        number = phonenumbers.parse(plain, country)
    except phonenumbers.NumberParseException as error:
        raise ValueError(f"this is not a phone number; {ABROAD}") from error
    national = phonenumbers.national_significant_number(number)
    if not re.sub(r"[^0-9]", "", plain).endswith(national):
        raise ValueError(f"the digits are ambiguous; {ABROAD}")
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"the number has too many or too few digits; {ABROAD}")
    return number


def _e164(number: "PhoneNumber") -> str:
    import phonenumbers

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
