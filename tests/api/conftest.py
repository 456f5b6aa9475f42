import pytest

from tests.api.api_fixture import Office


@pytest.fixture
def office() -> Office:
    """A business with one account of each role; dana and omar are dispatchers."""
    office = Office()
    office.hire("dana", "dispatcher")
    office.hire("omar", "dispatcher")
    office.hire("mike", "driver")
    office.hire("fay", "first_mate")
    office.hire("sue", "supervisor")
    office.hire("otto", "ops")
    office.hire("olive", "owner")
    return office
