"""What a search of the board matches."""

import pytest

from functions.api.board_search import matches
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Place
from statemachine.views.views import Card, card_of
from tests.pages.stub_data import first_note
from tests.support.builders import NOON, a_job


def a_card() -> Card:
    job = a_job()
    note = first_note("Sofá, two mattresses", job.created_by)
    booked = note.model_copy(update={"event_id": job.event_id, "recorded_at": NOON})
    job = job.model_copy(
        update={
            "customer": Customer(name="José Pérez", phone="+15555550123"),
            "place": Place(address="12 Harbor Road"),
            "notes": (booked,),
        }
    )
    return card_of(job, load_flow(job.flow))


@pytest.mark.parametrize(
    "text",
    [
        "Jose",
        "PÉREZ jose",
        "0123",
        "(555) 555-0123",
        "+1 555 555 0123",
        "sofa",
        "mattress",
        "",
        "jose 0123",
        "12 harbor",
    ],
)
def test_search_ignores_accents_and_case_and_finds_phones_by_digits(text: str) -> None:
    assert matches(text, a_card())


@pytest.mark.parametrize("text", ["josef", "jose elm", "4444", "999", "piano"])
def test_text_that_is_not_on_the_card_does_not_match(text: str) -> None:
    assert not matches(text, a_card())


def test_a_card_without_phone_or_load_is_searched_too() -> None:
    bare = a_card().model_copy(update={"phone_end": None, "load": None})
    assert matches("perez", bare)
    assert not any(matches(text, bare) for text in ("0123", "sofa"))
