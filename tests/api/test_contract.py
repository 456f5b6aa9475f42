"""schemathesis: no 5xx, no undocumented response, and no changes without a session."""

from typing import Any

from hypothesis import HealthCheck, settings

from statemachine.values.ids import digest_of
from tests.api.api_fixture import ApiBackend
from tests.api.contract import HERE, a_session, check, every_operation, the_schema
from tests.support.builders import TOKEN, a_job

KNOWN = {"job_id": "261121-7k3m2q", "digest": digest_of(TOKEN), "If-Match": '"2"'}
BOUNDED = settings(
    max_examples=settings().max_examples // 6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""For each operation, beside the examples at the limits of its schema: those are always all."""


def a_backend() -> ApiBackend:
    api = ApiBackend()
    api.add_account("dana", "dispatcher", "driver")
    api.store(a_job("ready_for_pickup"))
    return api


INSIDE = the_schema(KNOWN, signed_in=True)
OUTSIDE = the_schema(KNOWN, signed_in=False, thorough=False)


@every_operation(INSIDE)
@BOUNDED
def test_signed_in_requests_get_only_documented_responses(case: Any) -> None:
    api = a_backend()
    check(case, HERE, a_session(api.token("dana"), api))


@every_operation(OUTSIDE)
@BOUNDED
def test_requests_without_a_session_change_nothing(case: Any) -> None:
    api = a_backend()
    before = api.state()
    response = check(case, HERE, a_session(None, api))
    assert response.status_code in (401, 404, 405), response.text
    assert api.state() == before
