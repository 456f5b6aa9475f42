"""What the tracking page offers is what the API accepts: in every status of every flow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from statemachine.business.business import BusinessSettings
from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job, Schedule
from statemachine.values.ids import digest_of
from statemachine.values.values import iso
from statemachine.views.views import View, view_of
from tests.api.api_fixture import ApiBackend
from tests.support.builders import TOKEN, a_job
from tests.support.fakes import FakeTenants

MORNING = datetime(2026, 11, 23, 13, tzinfo=UTC)
AFTERNOON = MORNING + timedelta(hours=4)
EVERY_STATUS = [(name, each.name) for name in flow_names() for each in load_flow(name).statuses]
ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "confirm": ("confirm", {}),
    "cancel": ("cancel", {"reason": "Sold it"}),
    "reschedule": (
        "reschedule",
        {"window_start": iso(AFTERNOON), "window_end": iso(AFTERNOON + timedelta(hours=4))},
    ),
    "note": ("notes", {"note": "Mind the dog"}),
    "photo": ("photos", {"event_id": "photo-1", "media_type": "image/jpeg", "bytes": 9}),
    "texts": ("texts", {"unwanted": ["reminders"]}),
}


def offered(view: View) -> set[str]:
    """As web/track/actions.js and texts_panel.js."""
    while_open = {"note", "photo", "texts", *(["reschedule"] if view.may_reschedule else [])}
    return {each.move for each in view.choices} | (set() if view.terminal else while_open)


def accepted(job: Job) -> set[str]:
    return {act for act in ACTS if _status_of(job, *ACTS[act]) < 300}


def _status_of(job: Job, path: str, body: dict[str, Any]) -> int:
    api = ApiBackend()
    FakeTenants(api.bucket, BusinessSettings(tenant="main", name="Haulway"))
    api.store(job)
    path = f"/api/track/{digest_of(TOKEN)}/{path}"
    sent = {"token": TOKEN, **body}
    return api.send("POST", path, sent, headers={"idempotency-key": "a-key-0001"}).status


@pytest.mark.parametrize(("flow", "status"), EVERY_STATUS)
def test_the_page_offers_what_the_api_accepts(flow: str, status: str) -> None:
    planned = Schedule(window_start=MORNING, window_end=AFTERNOON)
    job = a_job(status, flow, schedule=planned)
    assert offered(view_of(job, load_flow(flow))) == accepted(job)


@pytest.mark.parametrize("flow", flow_names())
def test_a_request_without_a_window_offers_what_the_api_accepts(flow: str) -> None:
    job = a_job(flow=flow)
    assert offered(view_of(job, load_flow(flow))) == accepted(job)


def test_a_dumpster_that_was_emptied_stays_where_it_is() -> None:
    view = view_of(a_job("dumped", "dumpster"), load_flow("dumpster"))
    assert not view.may_reschedule
