"""The customer's view and the board have exactly what they should show."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.flows import load_flow
from statemachine.job.job import Assigned, Customer, Epoch, Job, Photo, Place, Schedule, TaskWait
from statemachine.job.prices import Payment
from statemachine.job.records import Edit, Note
from statemachine.money.price_guide import (
    EstimateRequest,
    GuideItem,
    ItemCount,
    PriceGuide,
    estimate_of,
)
from statemachine.rules.lifecycle import judge
from statemachine.values.values import Actor
from statemachine.views.views import (
    SHOWN_AFTER_END,
    Board,
    Card,
    CustomerChoice,
    View,
    ViewStep,
    card_of,
    view_of,
)
from tests.support.builders import CREW, DRIVER, NOON, a_job, a_request, minutes

HAUL = load_flow("haul")
SOON = Schedule(window_start=NOON, window_end=NOON + timedelta(hours=4))

PHOTO_ID = "0" * 30 + "fe"
CANARY = Actor(kind="dispatcher", id="canary-actor")
GUIDE = PriceGuide(
    minimum_cents=424242,
    full_cents=424242,
    items=(GuideItem(name="canary-item", price_cents=424242),),
)
PRIVATE = {
    "token": "canary-token-0123456-A",
    "task token": "canary-task-token",
    "phone": "+15550001111",
    "gate code": "canary-gate",
    "notes": "canary-note",
    "reasons": "canary-reason",
    "actors": "canary-actor",
    "event ids": "canary-event",
    "tenant": "canary-tenant",
    "photos": PHOTO_ID,
}
"""Values of the job below that neither the view nor the board may have."""
DISPATCHERS = {
    "name": "Canary Customer",
    "address": "1 Canary Street",
    "price": "424242",
    "helper": "Canarymate",
    "crew accounts": "canary_member",
}
"""Values that the board has, but not the public view."""


def a_job_with_a_canary_in_every_private_field() -> Job:
    """A job in progress with a refused and an early move, an edit, a note, a photo, a wait."""
    mate = Assigned(role="first_mate", member="canary_member", first_name="Canarymate")
    about = {"actor": CANARY, "reason": "canary-reason", "note": "canary-note"}
    job = a_job(
        flow="haul",
        tenant="canary-tenant",
        token="canary-token-0123456-A",
        event_id="canary-event-0",
        created_by=CANARY,
        customer=Customer(name="Canary Customer", phone="+15550001111", language="es"),
        place=Place(address="1 Canary Street", gate_code="canary-gate"),
        price_cents=424242,
        estimate=estimate_of(GUIDE, EstimateRequest(items=(ItemCount(name="canary-item"),))),
        payments=(Payment(method="check", amount_cents=424242),),
        schedule=Schedule(window_start=NOON, window_end=NOON + minutes(120)),
        crew=(DRIVER.with_(member="canary_member"), mate),
    )
    for number, move in enumerate(["confirm", "start", "confirm", "reopen"], start=1):
        request = a_request(job, move, event_id=f"canary-event-{number}", **about)
        job = judge(job, request, HAUL, NOON).job
    assert len(job.ledger) == 2
    assert len(job.refused) == 1
    assert len(job.early) == 1
    record = {"event_id": "canary-event-9", "actor": CANARY, "recorded_at": NOON}
    return job.with_change(
        notes=(Note(text="canary-note", **record),),
        edits=(Edit(fields=("notes",), reason="canary-reason", **record),),
        photos=(Photo(photo_id=PHOTO_ID, kind="before", taken_at=NOON, **record),),
        load_size="three_quarters",
        wait=TaskWait(
            seq=2,
            epoch=Epoch(generation=0, entered_at=NOON, retry=0),
            token="canary-task-token",
        ),
    )


def test_the_public_view_has_nothing_private() -> None:
    """The business's id is public: it is in the address of the booking page."""
    job = a_job_with_a_canary_in_every_private_field().with_(tenant="quick")
    public = view_of(job, HAUL).model_dump_json()
    assert "canary" not in public.lower()
    assert [what for what, value in (PRIVATE | DISPATCHERS).items() if value in public] == []


def test_the_card_has_no_token_no_phone_number_and_no_text_of_a_person() -> None:
    card = card_of(a_job_with_a_canary_in_every_private_field(), HAUL).model_dump_json()
    assert [what for what, value in PRIVATE.items() if value in card] == []
    assert [what for what, value in DISPATCHERS.items() if value not in card] == []


def test_the_canary_is_in_every_private_field() -> None:
    job = a_job_with_a_canary_in_every_private_field().model_dump_json()
    assert [what for what, value in PRIVATE.items() if value not in job] == []


def test_the_view_has_only_the_fields_that_were_decided_on() -> None:
    assert set(View.model_fields) == {
        *("rev", "business", "job_id", "flow", "status", "terminal", "poll_s", "updated_at"),
        *("steps", "choices", "schedule", "driver", "under_way", "photos", "load_size"),
        "approach",
        "may_reschedule",
        "reschedule_asks",
        "unwanted_texts",
        "requested",
    }


# The customer's view


def times(view: View) -> dict[str, object]:
    return {step.status: step.at for step in view.steps}


def test_the_steps_show_when_the_job_came_to_each_status() -> None:
    job = came(a_job("ready_for_pickup"), "start", 5, 5)
    assert times(view_of(job, HAUL)) == {
        "pending_pickup": NOON,
        "ready_for_pickup": NOON,
        "in_progress": NOON + minutes(5),
        "completed": None,
    }


def came(job: Job, move: str, happened: float, recorded: float) -> Job:
    """The job after a move that happened, and was recorded, so many minutes after NOON."""
    request = a_request(
        job, move, event_id=f"{move}-{job.seq}", occurred_at=NOON + minutes(happened)
    )
    return judge(job, request, HAUL, NOON + minutes(recorded)).job


def test_a_step_shows_when_the_move_happened_not_when_it_was_recorded() -> None:
    """The phone had no signal for hours and sent both moves later."""
    job = came(came(a_job("ready_for_pickup"), "start", 60, 300), "complete", 120, 300)
    assert times(view_of(job, HAUL))["in_progress"] == NOON + minutes(60)
    assert times(view_of(job, HAUL))["completed"] == NOON + minutes(120)
    assert view_of(job, HAUL).updated_at == NOON + minutes(300)


def test_a_wrong_clock_does_not_put_a_step_before_the_last_one_or_after_its_record() -> None:
    slow = came(came(a_job("ready_for_pickup"), "start", 10, 10), "complete", -600, 20)
    assert times(view_of(slow, HAUL))["completed"] == NOON + minutes(10)
    fast = came(a_job("ready_for_pickup"), "start", 14, 10)
    assert times(view_of(fast, HAUL))["in_progress"] == NOON + minutes(10)


@given(st.lists(st.tuples(st.integers(-90, 5), st.integers(0, 60)), min_size=3, max_size=3))
def test_steps_are_in_order_and_never_after_their_record(
    moves: list[tuple[int, int]],
) -> None:
    """Each move happens `late` minutes from when it is recorded, some time after the last."""
    job, minute = a_job(), 0
    for move, (late, later) in zip(("confirm", "start", "complete"), moves, strict=True):
        minute += later
        job = came(job, move, minute + late, minute)
    at = [step.at for step in view_of(job, HAUL).steps]
    assert at == sorted(at, key=lambda moment: moment or NOON)
    known = [job.created_at, *(entry.recorded_at for entry in job.ledger)]
    assert all(moment and moment <= recorded for moment, recorded in zip(at, known, strict=True))


def test_a_step_has_the_wording_of_the_flow() -> None:
    (step, *_) = view_of(a_job(schedule=SOON), HAUL).steps
    status = HAUL.initial
    assert step == ViewStep(
        status=status.name,
        label=status.label,
        customer=status.customer,
        colour=status.colour,
        icon=status.icon,
        at=NOON,
    )


def test_the_end_of_a_reopened_job_is_not_reached() -> None:
    job = a_job("completed")
    job = judge(job, a_request(job, "reopen", reason="wrong job"), HAUL, NOON).job
    assert times(view_of(job, HAUL))["completed"] is None


def test_the_cancellation_is_a_step_only_of_a_cancelled_job() -> None:
    assert "cancelled" not in times(view_of(a_job("completed"), HAUL))
    assert times(view_of(a_job("cancelled"), HAUL)) == {
        "pending_pickup": NOON,
        "ready_for_pickup": None,
        "in_progress": None,
        "completed": None,
        "cancelled": NOON,
    }


def test_the_view_offers_the_moves_that_a_customer_may_make() -> None:
    jobs = {s.name: a_job(s.name, schedule=SOON) for s in HAUL.statuses}
    offered = {status: view_of(job, HAUL).choices for status, job in jobs.items()}
    confirm, cancel = (HAUL.named(name, None)[0] for name in ("confirm", "cancel"))
    cancelling = CustomerChoice(move="cancel", label=cancel.label, needs_reason=True)
    assert {status: choices for status, choices in offered.items() if choices} == {
        "pending_pickup": (CustomerChoice(move="confirm", label=confirm.customer), cancelling),
        "ready_for_pickup": (cancelling,),
        "on_hold": (cancelling,),
        "attempt_failed": (cancelling,),
    }


@pytest.mark.parametrize(
    "values", [{}, {"schedule": Schedule(window_start=NOON)}, {"accepted": False, "schedule": SOON}]
)
def test_a_request_says_that_the_business_will_offer_a_time_and_has_nothing_to_confirm(
    values: dict[str, Any],
) -> None:
    requested = HAUL.initial.requested
    view = view_of(a_job(**values), HAUL)
    assert requested is not None
    assert view.steps[0].label == requested.label
    assert view.steps[0].customer == requested.customer
    assert view.requested
    assert [choice.move for choice in view.choices] == ["cancel"]


def test_the_view_has_the_first_name_of_the_driver() -> None:
    assert view_of(a_job(), HAUL).driver == "Mike"
    assert view_of(a_job(crew=()), HAUL).driver is None


def test_bookkeeping_does_not_change_view_and_card() -> None:
    job = a_job("ready_for_pickup")
    touched = judge(job.with_bookkeeping(), a_request(job, "sing", actor=CREW), HAUL, NOON).job
    assert view_of(touched, HAUL) == view_of(job, HAUL)
    assert card_of(touched, HAUL) == card_of(job, HAUL)


# The board


def test_a_card_says_when_its_job_becomes_overdue() -> None:
    assert card_of(a_job("in_progress"), HAUL).due_at == NOON + minutes(480)
    assert card_of(a_job("completed"), HAUL).due_at is None


def a_card(number: int, rev: int) -> Card:
    """The card of one of a few jobs at `rev`; the same job at the same rev is the same card."""
    job = a_job(job_id=f"261121-00000{number}", version=rev, rev=rev, price_cents=rev)
    return card_of(job, HAUL)


cards = st.lists(st.builds(a_card, st.integers(0, 3), st.integers(1, 5)), max_size=8)


@given(cards, cards)
def test_the_board_is_the_same_in_any_order_of_cards(some: list[Card], others: list[Card]) -> None:
    assert Board().merged(some).merged(others) == Board().merged(others).merged(some)
    assert Board().merged(some).merged(others) == Board().merged([*others, *some])


@given(cards)
def test_the_same_cards_again_do_not_change_the_board(some: list[Card]) -> None:
    board = Board().merged(some)
    assert board.merged(some) == board


@given(cards)
def test_the_board_has_the_card_with_the_highest_rev_of_each_job(some: list[Card]) -> None:
    highest = {card.job_id: max(c.rev for c in some if c.job_id == card.job_id) for card in some}
    assert {card.job_id: card.rev for card in Board().merged(some).jobs.values()} == highest


@given(st.lists(st.builds(a_card, st.integers(0, 9), st.just(1)), max_size=4))
def test_equal_boards_have_equal_bytes(some: list[Card]) -> None:
    assert len({Board().merged(order).to_bytes() for order in permutations(some)}) == 1


def test_a_board_read_back_is_equal_to_the_one_written() -> None:
    board = Board().merged([a_card(2, 7), a_card(1, 3)])
    assert Board.model_validate_json(board.to_bytes()) == board


def test_a_job_stays_on_the_board_for_two_days_after_its_end() -> None:
    ended, active = card_of(a_job("completed"), HAUL), a_card(1, 1)
    board = Board().merged([ended, active])
    just_before = NOON + SHOWN_AFTER_END - timedelta(seconds=1)
    assert board.at(just_before) == board
    assert set(board.at(NOON + SHOWN_AFTER_END).jobs) == {active.job_id}


def test_a_job_booked_long_ago_stays_for_two_days_after_its_end() -> None:
    ended = a_job("completed", created_at=NOON - timedelta(days=3))
    board = Board().merged([card_of(ended, load_flow("haul"))])
    assert board.at(NOON + SHOWN_AFTER_END - timedelta(seconds=1)) == board
    assert board.at(NOON + SHOWN_AFTER_END) == Board()


def test_photos_of_a_failed_attempt_and_by_the_customer_are_not_in_the_view() -> None:
    about = {"event_id": "photo-1", "actor": CREW, "taken_at": NOON, "recorded_at": NOON}
    photos = tuple(
        Photo.model_validate({"photo_id": f"{n:032x}", "kind": kind, **about})
        for n, kind in enumerate(("attempt", "before", "customer", "after"))
    )
    shown = view_of(a_job("completed", photos=photos), HAUL).photos
    assert [photo.kind for photo in shown] == ["before", "after"]
