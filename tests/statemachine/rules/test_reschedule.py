"""A customer's own reschedule: the window is theirs, or asked for and the job a request again."""

import pytest

from statemachine.flows import flow_names, load_flow
from statemachine.job.job import Job, Schedule
from statemachine.rules.edits import EditRefused, edited
from statemachine.rules.lifecycle import Committed, Refused, judge
from statemachine.rules.requirements import is_request
from statemachine.values.values import Actor
from statemachine.views.customer_acts import customer_act_of
from statemachine.views.views import card_of, view_of
from tests.support.builders import CUSTOMER, DISPATCHER, NOON, a_job, a_request, an_edit, minutes

BEFORE = {"window_start": "2026-11-24T14:00Z", "window_end": "2026-11-24T18:00Z"}
WANTED = {"window_start": "2026-11-26T14:00Z", "window_end": "2026-11-26T18:00Z"}


def rescheduled(
    job: Job, actor: Actor = CUSTOMER, by_dispatcher: bool = True, event_id: str = "r-1"
) -> Job:
    request = an_edit(job, schedule=WANTED, crew=(), truck="")
    sent = request.model_copy(update={"actor": actor, "event_id": event_id})
    return edited(job, sent, NOON + minutes(1), by_dispatcher=by_dispatcher)


def a_planned_job(status: str | None = "ready_for_pickup", flow: str = "haul") -> Job:
    return a_job(status, flow, schedule=Schedule.model_validate(BEFORE))


@pytest.mark.parametrize("by_dispatcher", [True, False])
@pytest.mark.parametrize("flow", flow_names())
def test_in_every_status_the_window_is_given_asked_for_or_refused(
    flow: str, by_dispatcher: bool
) -> None:
    first = load_flow(flow).initial
    for status in load_flow(flow).statuses:
        job = a_planned_job(status.name, flow)
        begun = status.terminal or status.under_way or status.name == "dumped"
        if begun:
            with pytest.raises(EditRefused, match="it stays where it is"):
                rescheduled(job, by_dispatcher=by_dispatcher)
            continue
        after = rescheduled(job, by_dispatcher=by_dispatcher)
        asks = by_dispatcher or status.aside is not None
        assert (by_dispatcher or view_of(job, load_flow(flow)).reschedule_asks) == asks
        assert after.schedule == Schedule.model_validate(WANTED)
        assert is_request(after) == asks
        assert after.status == (first.name if asks else status.name)


def test_page_card_and_record_say_that_it_is_asked_for() -> None:
    after, flow = rescheduled(a_planned_job()), load_flow("haul")
    view, card = view_of(after, flow), card_of(after, flow)
    assert view.requested
    assert card.requested
    assert card.status == "pending_pickup"
    assert view.steps[0].label.en == "Requested"
    assert [choice.move for choice in view.choices] == ["cancel"]
    assert customer_act_of(after) == "asked_again"
    (edit,) = after.edits
    assert edit.window is not None
    assert edit.window.asked


def test_the_way_back_is_the_flows_own_move_in_the_same_write() -> None:
    job = a_planned_job()
    after = rescheduled(job)
    entry = after.ledger[-1]
    assert (entry.move, entry.origin, entry.to) == (
        "unconfirm", "ready_for_pickup", "pending_pickup",
    )  # fmt: skip
    assert entry.actor == CUSTOMER
    assert entry.reason == "The customer asked for another time"
    assert entry.event_id not in {"r-1", *(each.event_id for each in job.ledger)}
    assert after.version == job.version + 2
    assert after.rev == entry.rev
    assert after.seq == job.seq + 1


def test_a_copy_of_the_request_changes_nothing() -> None:
    after = rescheduled(a_planned_job())
    assert rescheduled(after) is after


def test_a_job_aside_comes_back_on_the_plan_as_a_request() -> None:
    after = rescheduled(a_planned_job("on_hold"), by_dispatcher=False)
    assert after.status == "pending_pickup"
    assert after.ledger[-1].move == "bring_back"
    assert is_request(after)


def test_the_customer_cannot_confirm_it_and_a_dispatcher_accepts_it() -> None:
    job, flow = rescheduled(a_planned_job()), load_flow("haul")
    request = a_request(job, "confirm", actor=CUSTOMER)
    refused = judge(job, request, flow, NOON + minutes(2))
    assert isinstance(refused, Refused)
    assert refused.refusal.why == "window_missing"
    accepted = judge(job, a_request(job, "confirm"), flow, NOON + minutes(2))
    assert isinstance(accepted, Committed)
    assert accepted.job.status == "ready_for_pickup"
    assert accepted.job.accepted


def test_a_dispatchers_own_window_is_given_at_once() -> None:
    job = a_planned_job()
    after = rescheduled(job, actor=DISPATCHER)
    assert after.status == job.status
    assert after.accepted
    assert after.seq == job.seq


def test_the_way_back_is_not_undone_without_the_edit_that_made_it() -> None:
    job, flow = rescheduled(a_planned_job()), load_flow("haul")
    undo = a_request(job, "undo", actor=CUSTOMER)
    refused = judge(job, undo, flow, NOON + minutes(1))
    assert isinstance(refused, Refused)
    assert refused.refusal.why == "undo_not_possible"
