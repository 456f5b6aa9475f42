"""What a customer did last is on the card, until someone else does something."""

from statemachine.flows import load_flow
from statemachine.job.job import Job, Photo
from statemachine.rules.edits import edited
from statemachine.rules.lifecycle import judge
from statemachine.rules.proof_of_service import with_photo
from statemachine.values.values import Actor
from statemachine.views.customer_acts import customer_act_of
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job, a_request, an_edit, minutes

HAUL = load_flow("haul")
SYSTEM = Actor(kind="system", id="reminders")
WINDOW = {"window_start": "2026-11-22T14:00Z", "window_end": "2026-11-22T18:00Z"}


def changed(job: Job, minute: int, actor: Actor, **changes: object) -> Job:
    request = an_edit(job, **changes).model_copy(
        update={"event_id": f"edit-{minute}", "actor": actor}
    )
    return edited(job, request, NOON + minutes(minute))


def moved_by(job: Job, minute: int, actor: Actor, move: str) -> Job:
    request = a_request(job, move, event_id=f"move-{minute}", actor=actor, reason="so it is")
    return judge(job, request, HAUL, NOON + minutes(minute)).job


def a_photo_by_the_customer(minute: int) -> Photo:
    at = NOON + minutes(minute)
    return Photo(
        event_id="photo-1",
        actor=CUSTOMER,
        photo_id="a" * 32,
        kind="customer",
        taken_at=at,
        recorded_at=at,
    )


def test_what_the_customer_did_last_is_named() -> None:
    job = a_job(created_by=CUSTOMER)
    assert customer_act_of(job) == "booked"
    assert customer_act_of(changed(job, 1, CUSTOMER, note="Mind the dog")) == "wrote"
    assert customer_act_of(changed(job, 1, CUSTOMER, schedule=WINDOW)) == "rescheduled"
    assert customer_act_of(with_photo(job, a_photo_by_the_customer(1))) == "photographed"
    assert customer_act_of(moved_by(job, 1, CUSTOMER, "cancel")) == "cancelled"
    assert customer_act_of(changed(job, 1, CUSTOMER, unwanted_texts=["reminders"])) is None


def test_someone_who_acts_after_the_customer_has_seen_it() -> None:
    job = changed(a_job(), 1, CUSTOMER, note="Where are you?")
    assert customer_act_of(changed(job, 2, SYSTEM, texts_stopped=True)) == "wrote"
    assert customer_act_of(changed(job, 2, DISPATCHER, note="I called")) is None
    assert customer_act_of(moved_by(job, 2, DISPATCHER, "confirm")) is None
    assert customer_act_of(a_job()) is None
