import pytest

from tests.api.api_fixture import ApiBackend


@pytest.fixture
def api() -> ApiBackend:
    """A business with an account for each role; dana and omar are dispatchers."""
    api = ApiBackend()
    api.add_account("dana", "dispatcher")
    api.add_account("omar", "dispatcher")
    api.add_account("mike", "driver")
    api.add_account("fay", "first_mate")
    api.add_account("sue", "supervisor")
    api.add_account("otto", "ops")
    api.add_account("olive", "owner")
    return api
