"""Models, schemas, samples, and README of the events agree."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

import events
from events import FACTS_SOURCE, REQUESTS_SOURCE, Fact, JobEditRequested, JobMoveRequested, Request
from events.schemas import EVENTS, FOLDER, render, schema_of
from statemachine.values.ids import job_id_for
from tests.support.builders import NOON, a_job, a_request

HERE = Path(events.__file__).parent
SAMPLES = HERE / "samples"
FACTS = [event for event in EVENTS if issubclass(event, Fact)]

every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
every_fact = pytest.mark.parametrize("event", FACTS, ids=lambda event: event.__name__)


def sample(event: type[BaseModel]) -> dict[str, Any]:
    """The sample of the event, with its envelope."""
    text = (SAMPLES / f"{event.__name__}.json").read_text(encoding="utf-8")
    envelope: dict[str, Any] = json.loads(text)
    return envelope


def valid(event: type[BaseModel], detail: object) -> bool:
    validator = Draft202012Validator(
        schema_of(event), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    return validator.is_valid(detail)


def parses(event: type[BaseModel], detail: object) -> bool:
    try:
        event.model_validate(detail)
    except ValidationError:
        return False
    return True


def test_every_exported_name_is_an_event_or_a_part_of_one() -> None:
    names = "FACTS_SOURCE REQUESTS_SOURCE TEXTS_SOURCE Assignment Changes Fact Request StuckReason"
    parts = set(names.split())
    assert set(events.__all__) - parts == {event.__name__ for event in EVENTS}


def test_the_schemas_are_those_of_the_models() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert files == render(), "run `python -m events.schemas`"


@every_event
def test_a_schema_is_of_draft_2020_12_and_has_the_event_as_title(event: type[BaseModel]) -> None:
    schema = schema_of(event)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == event.__name__
    assert "$id" not in schema


def test_there_is_one_sample_of_every_event() -> None:
    names = {f"{event.__name__}.json" for event in EVENTS}
    assert {path.name for path in SAMPLES.iterdir()} == names


@every_event
def test_a_sample_is_an_envelope_as_the_bus_delivers_it(event: type[BaseModel]) -> None:
    envelope = sample(event)
    assert list(envelope) == [
        *("version", "id", "detail-type", "source", "account", "time", "region"),
        *("resources", "detail"),
    ]
    assert envelope["detail-type"] == event.__name__
    assert envelope["source"] == (FACTS_SOURCE if issubclass(event, Fact) else REQUESTS_SOURCE)


@every_event
def test_a_sample_satisfies_its_schema_and_its_model(event: type[BaseModel]) -> None:
    detail = sample(event)["detail"]
    assert valid(event, detail)
    assert parses(event, detail)


@every_event
def test_schema_and_model_require_the_same_keys(event: type[BaseModel]) -> None:
    detail = sample(event)["detail"]
    for key in detail:
        less = {k: v for k, v in detail.items() if k != key}
        assert valid(event, less) == parses(event, less), key


@every_fact
def test_a_sample_of_a_fact_is_equal_to_what_its_model_writes(event: type[Fact]) -> None:
    detail = sample(event)["detail"]
    written = event.model_validate(detail).model_dump_json(exclude_none=True)
    assert json.loads(written) == detail


@every_fact
def test_a_fact_has_no_private_fields(event: type[Fact]) -> None:
    private = {"customer", "phone", "place", "address", "token", "note", "reason", "crew"}
    assert private & set(event.model_fields) == set()


@every_fact
def test_the_schema_of_a_fact_allows_more_keys(event: type[Fact]) -> None:
    detail = sample(event)["detail"]
    assert valid(event, {**detail, "more": 1, "actor": {"kind": "crew", "id": "m", "more": 1}})


def test_the_samples_are_about_one_job() -> None:
    booking, *rest = [sample(event)["detail"] for event in EVENTS]
    job_id = job_id_for(booking["tenant"], booking["event_id"], NOON)
    assert {detail["job_id"] for detail in rest if "job_id" in detail} == {job_id}


# Requests


@pytest.mark.parametrize(
    ("ends", "good"),
    [
        ({"move": "confirm"}, True),
        ({"to": "ready_for_pickup"}, True),
        ({"move": "confirm", "to": None}, True),
        ({"move": "confirm", "to": "ready_for_pickup"}, False),
        ({"move": None}, False),
        ({}, False),
    ],
)
def test_a_move_is_requested_by_name_or_by_destination(ends: dict[str, Any], good: bool) -> None:
    detail = {k: v for k, v in sample(JobMoveRequested)["detail"].items() if k != "move"} | ends
    assert valid(JobMoveRequested, detail) == good
    assert parses(JobMoveRequested, detail) == good


@pytest.mark.parametrize("changes", [{}, {"note": None}, {"status": "completed"}])
def test_an_edit_changes_something_but_never_the_status(changes: dict[str, Any]) -> None:
    detail = {**sample(JobEditRequested)["detail"], "changes": changes}
    assert not parses(JobEditRequested, detail)


@pytest.mark.parametrize("event", [e for e in EVENTS if issubclass(e, Request)])
def test_unknown_keys_of_a_request_are_ignored(event: type[Request]) -> None:
    detail = sample(event)["detail"]
    assert event.model_validate({**detail, "more": 1}) == event.model_validate(detail)
    assert valid(event, {**detail, "more": 1})


@pytest.mark.parametrize(
    "values",
    [
        {"occurred_at": "2026-11-21T12:00:00"},
        {"job_id": "261121-ilouil"},
        {"job_id": "261121-5wqkd4\n"},
        {"job_id": "٢٦١١٢١-5wqkd4"},
        {"tenant": "../other"},
        {"event_id": ""},
        {"expected_rev": 0},
        {"actor": {"kind": "root", "id": "x"}},
    ],
)
def test_an_invalid_request_is_refused(values: dict[str, Any]) -> None:
    assert not parses(JobMoveRequested, {**sample(JobMoveRequested)["detail"], **values})


def test_times_are_kept_in_utc_to_the_millisecond() -> None:
    request = a_request(a_job(), "confirm", occurred_at="2026-11-21T07:00:00.123456-05:00")
    assert request.occurred_at == NOON.replace(microsecond=123_000)
    assert '"occurred_at":"2026-11-21T12:00:00.123Z"' in request.model_dump_json()


def test_the_readme_lists_every_event_with_its_source() -> None:
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for event in EVENTS:
        assert f"| `{event.__name__}` | `{sample(event)['source']}` |" in readme
