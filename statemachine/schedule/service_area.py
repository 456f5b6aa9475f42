"""Whether an address is where the business works, by the postal code that it ends with.

An address without a postal code is not refused: the business sees it before it confirms.
"""

import re

from statemachine.business.business import BusinessSettings

Fault = tuple[str, str]
"""The field and the sentence."""

AT_THE_END = r"(?:[\s,.]+[^\W\d][^\d]*)?$"
"""What may follow a postal code: a country or, in some countries, a town, but no number."""
CODES = {
    "US": r"[\s,.]([0-9]{5})(?:-[0-9]{4})?(?:[\s,.]+(?:USA?|U\.S\.A?\.?|United States.*))?[\s.]*$",
    "CA": r"[\s,.]([A-Z][0-9][A-Z])[\s-]?([0-9][A-Z][0-9])(?:[\s,.]+Canada)?[\s.]*$",
    "GB": r"[\s,.]([A-Z]{1,2}[0-9][A-Z0-9]?)\s?([0-9][A-Z]{2})(?:[\s,.]+[A-Z][A-Z\s]*)?[\s.]*$",
    "AU": r"[\s,.]([0-9]{4})(?:[\s,.]+Australia)?[\s.]*$",
    "ES": rf"[\s,.]([0-9]{{5}}){AT_THE_END}",
    "MX": rf"[\s,.]([0-9]{{5}}){AT_THE_END}",
}
"""By country, as in its addresses. A house number at the beginning is none."""


def postal_code_in(address: str, country: str) -> str | None:
    """In capitals without spaces; None if the address ends with none."""
    found = re.search(CODES[country], address, re.IGNORECASE)
    return "".join(found.groups()).upper() if found else None


def service_area_fault(business: BusinessSettings, address: str) -> Fault | None:
    """Why a customer may not book for that address; None where they may."""
    code = postal_code_in(address, business.country) if business.service_area else None
    if code is None or code.startswith(business.service_area):
        return None
    return "address", f"the business does not come to {code}; call to ask"
