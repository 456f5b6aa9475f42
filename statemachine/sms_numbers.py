"""Decides which numbers get SMS: personal phones in the countries that the business serves."""

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
"""Lines that are not personal phones, or that cost the sender a lot."""


def why_no_sms(phone: str, countries: Collection[str]) -> str | None:
    """Why the number gets no SMS, as one word; None if it gets them.

    Satellite networks and numbers of no country count as a country that is not served.
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
    """An ordinary number of the same area code: 900 is costly whatever digits follow."""
    national = str(number.national_number)
    if number.country_code != NORTH_AMERICA or len(national) != len("2065550199"):
        return number
    return PhoneNumber(NORTH_AMERICA, int(national[:3] + "2345678"))


def _regions(number: PhoneNumber) -> set[str]:
    """The country; for an unassigned number, as 555 in examples, all of its country code."""
    region = phonenumbers.region_code_for_number(number)
    if region:
        return {region}
    return set(phonenumbers.region_codes_for_country_code(number.country_code or 0))
