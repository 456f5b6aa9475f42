"""Which numbers are sent texts: those of people, in the countries that the business serves."""

from collections.abc import Collection

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType

NORTH_AMERICA = 1
COSTLY = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.UAN,
    PhoneNumberType.PAGER,
    PhoneNumberType.VOICEMAIL,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PERSONAL_NUMBER,
}
"""Kinds that are no person's telephone, or that the sender pays dearly for."""


def not_texted(phone: str, countries: Collection[str]) -> str | None:
    """Why the number is sent no text, in one word; None where it is.

    Satellite networks and numbers of no country belong to none that a business serves.
    """
    try:
        number = phonenumbers.parse(phone, None)
    except NumberParseException:
        return "not_a_number"
    if not phonenumbers.is_possible_number(number):
        return "not_a_number"
    if {phonenumbers.number_type(n) for n in (number, _neighbor(number))} & COSTLY:
        return "costly_number"
    return None if _regions(number) & set(countries) else "country_not_served"


def _neighbor(number: PhoneNumber) -> PhoneNumber:
    """One of the same area that looks like any other: 900 is costly whatever follows it."""
    national = str(number.national_number)
    if number.country_code != NORTH_AMERICA or len(national) != len("2065550199"):
        return number
    return PhoneNumber(NORTH_AMERICA, int(national[:3] + "2345678"))


def _regions(number: PhoneNumber) -> set[str]:
    """Its country; of a number that no one has, as 555 in examples, those of its country code."""
    region = phonenumbers.region_code_for_number(number)
    if region:
        return {region}
    return set(phonenumbers.region_codes_for_country_code(number.country_code or 0))
