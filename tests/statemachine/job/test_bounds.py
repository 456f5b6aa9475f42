"""The rules for input, and that stored values which break them can still be read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from events import JobRequested
from functions.protocol.field_errors import field_errors
from statemachine.flows import load_flow
from statemachine.job.bounds import (
    LONGEST_WINDOW,
    check_imported,
)
from statemachine.job.job import Job, Schedule
from statemachine.job.record_limits import MAX_OWN_RECORDS, MAX_RECORDS, RecordsFull
from statemachine.job.records import Edit, Note
from statemachine.rules.deadlines import due_at, is_late_unreported
from statemachine.rules.edits import (
    MAX_OWN_NOTES,
    EditRefused,
    NotesFull,
    ScheduleRefused,
    edited,
)
from statemachine.values.readable_text import MOST_MARKS, line_of_text, note_text, without_hidden
from statemachine.values.values import LATEST, Actor
from statemachine.views.views import card_of, view_of
from tests.support.builders import CREW, DISPATCHER, NOON, a_booking, a_job, a_request, an_edit

HIDDEN = [
    "A\0B",
    "A\x1b[2JB",
    "A\u202eB",
    "A\u2066B",
    "A\u200eB",
    "A\u200bB",
    "A\ufeffB",
    "A\uffffB",
    "A\U000e0041B",
    "Jo\u200dhn",
    "Ada\u200d",
    "\u200cAda",
    "\u0645\u200d\u200d\u0645",
    "z" + "\u0335" * (MOST_MARKS + 1),
    "A" + "\ufe00" * 40,
    "A\ud800",
]
BLANK = [" ", "\t", "\u200b", "\u200d", "\u00a0", "\u3164", "\u2800", "\u0301", "\n\n"]
SOUND = [
    "José Nuñez",
    "Zoë 🚚",
    "\U0001f469\u200d\U0001f527 Ada",
    "O'Brien & <Sons>",
    "=HYPERLINK(1)",
    "李小龙",
    "می\u200cخواهم",
    "ශ්\u200dරී",
    "❤\ufe0f\u200d🔥 Ada",
    "בְּרֵאשִׁ֖ית",
    "نور",
    "𝒜da",
]


@pytest.mark.parametrize("text", [*HIDDEN, *BLANK])
def test_hidden_characters_and_blanks_are_refused_in_names_and_notes(text: str) -> None:
    for check in (line_of_text, note_text):
        with pytest.raises(ValueError, match=r"again without|can be read"):
            check(text)


@pytest.mark.parametrize("text", SOUND)
def test_names_are_kept_as_they_are(text: str) -> None:
    assert line_of_text(text) == text
    assert note_text(text) == text
    assert without_hidden(text) == text


def test_text_is_normalized_and_trimmed_and_notes_have_lines() -> None:
    assert line_of_text(" Jose\u0301 ") == "José"
    assert note_text("Ring\r\ntwice\u2028please\n") == "Ring\ntwice\nplease"
    with pytest.raises(ValueError, match="control"):
        line_of_text("12 Harbor\nRoad")


def test_hidden_characters_are_removed_from_text_that_cannot_be_returned() -> None:
    assert without_hidden("\u202estop\0 at\r\nthe gate\x07") == "stop at\nthe gate"
    assert [without_hidden(text) for text in BLANK] == [""] * len(BLANK)


def test_what_is_stacked_and_joined_too_much_is_removed_from_a_text() -> None:
    assert without_hidden("z" + "\u0335" * 60) == "z" + "\u0335" * MOST_MARKS
    assert without_hidden("Jo\u200dhn 👩\u200d🔧") == "John 👩\u200d🔧"


def faults_of(**values: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        a_booking(**values)
    return list(field_errors(refused.value))


def at(**after: timedelta) -> dict[str, datetime]:
    return {name: NOON + span for name, span in after.items()}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"schedule": at(window_start=timedelta(2), window_end=timedelta(1))}, "window_end"),
        ({"schedule": at(window_start=timedelta(1), window_end=timedelta(1))}, "window_end"),
        ({"schedule": at(window_start=timedelta(0), window_end=timedelta(8))}, "window_end"),
        ({"schedule": {"window_end": "9999-12-31T23:59:59Z"}}, "window_end"),
        ({"schedule": {"window_end": "9999-12-31T23:59:59-23:59"}}, "window_end"),
        ({"schedule": {"window_start": "0001-01-01T00:00:00Z"}}, "window_start"),
        ({"schedule": {"eta": "0001-01-01T00:00:00+23:59"}}, "schedule.eta"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "2026120110"}, "occurred_at"),
        ({"occurred_at": 1_796_000_000}, "occurred_at"),
        ({"schedule": {"eta": "1796000000"}}, "schedule.eta"),
        ({"schedule": {"window_start": "1.7e9"}}, "window_start"),
        ({"customer": {"name": "\u200b"}}, "customer.name"),
        ({"customer": {"name": "Ada", "phone": "+10000000000"}}, "customer.phone"),
        ({"place": {"address": "  "}}, "place.address"),
        ({"place": {"address": "1 A St", "gate_code": "\x1b]52"}}, "place.gate_code"),
        ({"note": "\u202e"}, "note"),
    ],
)
def test_a_booking_out_of_bounds_is_refused_with_the_field(
    values: dict[str, Any], field: str
) -> None:
    [fault] = faults_of(**values)
    assert field in fault.partition(": ")[0]


def test_a_booking_within_bounds_is_accepted_and_its_phone_becomes_e164() -> None:
    window = at(window_start=timedelta(1), window_end=timedelta(1) + LONGEST_WINDOW)
    booking = a_booking(schedule=window, customer={"name": "Ada", "phone": "(555) 555-0123"})
    assert booking.customer.phone == "+15555550123"
    assert booking.schedule == Schedule(**window)


@pytest.mark.parametrize("stored", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("field", ["window_start", "window_end", "eta"])
def test_a_stored_moment_at_the_end_of_time_breaks_nothing(stored: str, field: str) -> None:
    document = json.loads(a_job("ready_for_pickup").model_dump_json(by_alias=True))
    document["schedule"] = {field: stored}
    document["entered_at"] = document["created_at"] = stored
    document["ledger"][0]["recorded_at"] = stored
    job = Job.model_validate_json(json.dumps(document))
    flow = load_flow(job.flow)
    due = due_at(job)
    assert due is not None
    assert due.astimezone(ZoneInfo("Pacific/Kiritimati")) <= LATEST + timedelta(365)
    assert not is_late_unreported(job, NOON)
    assert card_of(job, flow).job_id == job.job_id
    assert view_of(job, flow).model_dump_json()
    assert Job.model_validate_json(job.model_dump_json(by_alias=True)) == job


def test_an_edit_cannot_make_an_impossible_window() -> None:
    job = a_job(schedule=Schedule(window_start=NOON, window_end=NOON + timedelta(hours=4)))
    for changes, field in (
        ({"window_end": NOON - timedelta(hours=1)}, "window_end"),
        ({"window_start": NOON + timedelta(hours=5)}, "window_end"),
        ({"window_end": NOON + timedelta(9)}, "window_end"),
        ({"eta": NOON + timedelta(401)}, "eta"),
    ):
        with pytest.raises(ScheduleRefused, match=f"schedule.{field}: "):
            edited(job, an_edit(job, schedule=changes), NOON)


def test_a_dispatcher_may_set_a_past_window_and_stored_values_are_not_checked() -> None:
    job = a_job(schedule=Schedule(window_start=LATEST, window_end=NOON))
    eta = edited(job, an_edit(job, schedule={"eta": NOON}), NOON)
    assert eta.schedule.eta == NOON
    past = at(window_start=-timedelta(3), window_end=-timedelta(2))
    assert edited(job, an_edit(job, schedule=past), NOON).schedule == Schedule(**past)


def a_crew_note(job: Job, number: int, **values: Any) -> Job:
    mike = an_edit(job, note="x" * 2000).model_copy(update={"actor": CREW, **values})
    return edited(job, mike.model_copy(update={"event_id": f"n-{number}"}), NOON)


def test_a_sender_who_fills_the_notes_stops_no_one_else() -> None:
    job = a_job("in_progress")
    for number in range(MAX_OWN_NOTES):
        job = a_crew_note(job, number)
    with pytest.raises(NotesFull):
        a_crew_note(job, MAX_OWN_NOTES)
    eta = an_edit(job, schedule={"eta": NOON}).model_copy(update={"actor": CREW})
    assert edited(job, eta, NOON).schedule.eta == NOON
    assert edited(job, an_edit(job, note="Call first"), NOON).notes[-1].text == "Call first"
    other = Actor(kind="crew", id="ada")
    assert len(a_crew_note(job, 900, actor=other).notes) == MAX_OWN_NOTES + 1


def test_a_dispatcher_can_edit_a_job_that_is_full_of_others_records() -> None:
    crew = [Actor(kind="crew", id=f"c{n}") for n in range(MAX_RECORDS // MAX_OWN_RECORDS)]
    edits = [
        Edit(event_id=f"{each.id}-{n}", actor=each, fields=("note",), recorded_at=NOON)
        for each in crew
        for n in range(MAX_OWN_RECORDS)
    ]
    notes = [Note(event_id=e.event_id, actor=e.actor, text="x", recorded_at=NOON) for e in edits]
    full = a_job("in_progress", edits=tuple(edits), notes=tuple(notes))
    with pytest.raises(RecordsFull):
        a_crew_note(full, 1, actor=Actor(kind="customer", id="text"))
    assert (
        edited(full, an_edit(full, price_cents=100, note="y", reason="z"), NOON).price_cents == 100
    )


def test_the_same_event_id_with_other_changes_is_not_a_copy() -> None:
    job = edited(a_job(), an_edit(a_job(), note="Ring"), NOON)
    assert edited(job, an_edit(job, note="Ring"), NOON) is job
    with pytest.raises(EditRefused, match="another event of this job has that"):
        edited(job, an_edit(job, note="Knock"), NOON)


def test_the_digest_of_a_booking_depends_only_on_what_is_booked() -> None:
    first = a_booking()
    copy = JobRequested.model_validate({**first.__dict__, "occurred_at": NOON + timedelta(1)})
    assert copy.digest == first.digest
    assert a_booking(place={"address": "13 Harbor Road"}).digest != first.digest


def test_a_move_with_an_impossible_year_or_rev_is_refused() -> None:
    for values in ({"occurred_at": datetime(1, 1, 1, tzinfo=UTC)}, {"expected_rev": 10**30}):
        with pytest.raises(ValidationError):
            a_request(a_job(), "confirm", **values)
    assert a_request(a_job(), "confirm", actor=DISPATCHER).occurred_at == NOON


def a_note(text: str) -> Note:
    return Note(event_id="note-1", actor=CREW, text=text, recorded_at=NOON)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"customer": {"name": "A\x1bB"}}, "customer.name"),
        ({"customer": {"name": "Ada", "phone": "+10000000000"}}, "customer.phone"),
        ({"place": {"address": " "}}, "place.address"),
        ({"notes": (a_note("Two sofas"), a_note("Ring\x1b[2J twice"))}, "notes.1.text"),
        ({"notes": (a_note("\u200b"),)}, "notes.0.text"),
        ({"schedule": {"window_end": "9999-12-31T23:59:59Z"}}, "job"),
        ({"entered_at": "0001-01-01T00:00:00Z"}, "job"),
    ],
)
def test_an_imported_job_has_the_same_bounds(values: dict[str, Any], field: str) -> None:
    check_imported(a_job("completed"))
    with pytest.raises(ValidationError) as refused:
        check_imported(a_job().with_(**values))
    [fault] = field_errors(refused.value)
    assert fault.startswith(f"{field}: ")
