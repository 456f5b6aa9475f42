"""Decides which numbers get SMS: personal phones in the countries that the business serves."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

NORTH_AMERICA = 1
COSTLY = {
    "PREMIUM_RATE",
    "SHARED_COST",
    "UAN",
    "PAGER",
    "VOICEMAIL",
    "TOLL_FREE",
    "PERSONAL_NUMBER",
}
"""Lines that are not personal phones, or that cost the sender a lot."""


def why_no_sms(phone: str, countries: Collection[str]) -> str | None:
    """Why the number gets no SMS, as one word; None if it gets them.

    Satellite networks and numbers of no country count as a country that is not served.
    """
    import phonenumbers  # here, because its tables take longer than a function's start may

    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return "not_a_number"
    if not phonenumbers.is_possible_number(number):
        return "not_a_number"
    kinds = {phonenumbers.number_type(each) for each in (number, _neighbor(number))}
    if COSTLY & set(map(phonenumbers.PhoneNumberType.to_string, kinds)):
        return "costly_number"
    return None if _regions(number) & set(countries) else "country_not_served"


def _neighbor(number: "PhoneNumber") -> "PhoneNumber":
    """An ordinary number of the same area code: 900 is costly whatever digits follow."""
    national = str(number.national_number)
    if number.country_code != NORTH_AMERICA or len(national) != len("2065550199"):
        return number
    from phonenumbers import PhoneNumber

    return PhoneNumber(NORTH_AMERICA, int(national[:3] + "2345678"))


def _regions(number: "PhoneNumber") -> set[str]:
    """The country; for an unassigned number, as 555 in examples, all of its country code."""
    import phonenumbers

    region = phonenumbers.region_code_for_number(number)
    if region:
        return {region}
    return set(phonenumbers.region_codes_for_country_code(number.country_code or 0))
