"""Where a business works: addresses by the postal code that they end with."""

import pytest

from statemachine.business.business import BusinessSettings
from statemachine.schedule.service_area import postal_code_in, service_area_fault


@pytest.mark.parametrize(
    ("country", "address", "code"),
    [
        ("US", "12 Harbor Road, Seattle, WA 98101", "98101"),
        ("US", "12 Harbor Road, Seattle WA 98101-2233, USA", "98101"),
        ("US", "98101 Harbor Road, Seattle", None),
        ("US", "98101", None),
        ("US", "12 Harbor Road, Apt 10450", "10450"),
        ("CA", "1 Main St, Toronto ON m5v 2t6", "M5V2T6"),
        ("GB", "10 Downing Street, London SW1A 2AA", "SW1A2AA"),
        ("GB", "10 Downing Street, London SW1A2AA, United Kingdom", "SW1A2AA"),
        ("AU", "1 George St, Sydney NSW 2000", "2000"),
        ("ES", "Calle Mayor 5, 28013 Madrid", "28013"),
        ("ES", "Calle Mayor 28013", "28013"),
        ("MX", "Av. Juárez 10, 06050 Ciudad de México", "06050"),
        ("ES", "Calle Mayor 5, Madrid", None),
    ],
)
def test_a_postal_code_is_found_where_addresses_have_it(
    country: str, address: str, code: str | None
) -> None:
    assert postal_code_in(address, country) == code


@pytest.mark.parametrize(
    ("area", "address", "refused"),
    [
        ((), "12 Harbor Road, New York 10001", False),
        (("980", "98101"), "12 Harbor Road, Seattle 98101", False),
        (("980", "98101"), "12 Harbor Road, Kent 98030", False),
        (("980", "98101"), "12 Harbor Road, Seattle 98102", True),
        (("980",), "12 Harbor Road, somewhere", False),
    ],
)
def test_only_an_address_that_says_it_is_elsewhere_is_refused(
    area: tuple[str, ...], address: str, refused: bool
) -> None:
    business = BusinessSettings(tenant="quick", name="Quick Dump", service_area=area)
    fault = service_area_fault(business, address)
    assert (fault is not None) is refused
    if fault:
        assert fault == ("address", "the business does not come to 98102; call to ask")
