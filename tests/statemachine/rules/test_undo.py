"""Undo within a minute: the job is as before, but for its rev and its ledger."""

from datetime import datetime

import pytest

from statemachine.flows import Flow, flow_names, load_flow
from statemachine.job.job import Job, Schedule
from statemachine.job.records import LedgerEntry
from statemachine.messages.owed_texts import text_after
from statemachine.rules.deadlines import due_at
from statemachine.rules.lifecycle import Committed, Refused, Verdict, judge
from statemachine.rules.undo import undo_move
from statemachine.values.values import Actor, Text
from statemachine.views.views import card_of, view_of
from tests.support.builders import (
    CREW,
    DISPATCHER,
    NOON,
    PARTNER,
    SYSTEM,
    a_job,
    a_request,
    minutes,
    moved,
)

OTHER = Actor(kind="dispatcher", id="otto")
WINDOW = Schedule(window_start=NOON + minutes(60), window_end=NOON + minutes(300))
LATER = NOON + minutes(30)
SOON = LATER + minutes(0.5)


def made(job: Job, move: str, actor: Actor = DISPATCHER, now: datetime = LATER) -> Job:
    verdict = asked(job, move, actor, now)
    assert isinstance(verdict, Committed), verdict
    return verdict.job


def asked(job: Job, move: str, actor: Actor = DISPATCHER, now: datetime = SOON) -> Verdict:
    request = a_request(
        job, move, event_id=f"{move}-{job.version}", actor=actor, occurred_at=now, reason="so"
    )
    return judge(job, request, load_flow(job.flow), now)


def why_not(verdict: Verdict) -> str:
    assert isinstance(verdict, Refused)
    return verdict.refusal.why


def every_move() -> list[tuple[str, str, str]]:
    flows = [load_flow(name) for name in flow_names()]
    return [(f.name, o, m.name) for f in flows for m in f.moves for o in m.origins]


def seen(job: Job, flow: Flow) -> tuple[object, object]:
    """View and card without their rev."""
    return view_of(job, flow).with_(rev=1), card_of(job, flow).with_(rev=1)


@pytest.mark.parametrize(("flow", "origin", "move"), every_move())
def test_view_and_card_are_as_before_but_for_their_rev(flow: str, origin: str, move: str) -> None:
    before = a_job(origin, flow=flow, schedule=WINDOW)
    (way,) = load_flow(flow).named(move, None)
    actor = DISPATCHER if "dispatcher" in way.by else CREW
    after = made(before, move, actor)
    undone = made(after, "undo", actor, SOON)
    assert seen(undone, load_flow(flow)) == seen(before, load_flow(flow))
    assert undone.rev == before.rev + 2
    assert undone.seq == before.seq + 2
    assert undone.status == before.status
    assert undone.schedule == before.schedule
    assert due_at(undone) == due_at(before)


def test_the_ledger_keeps_the_move_and_its_undo() -> None:
    job = made(made(a_job(), "confirm"), "undo", now=SOON)
    confirmed, undone = job.ledger
    assert confirmed.move == "confirm"
    assert undone.move == "undo"
    assert undone.undoes == 1
    assert undone.origin == "ready_for_pickup"
    assert undone.to == "pending_pickup"
    assert job.standing == ()


def test_a_move_can_be_made_again_and_undone_again() -> None:
    job = a_job()
    for _ in range(3):
        job = made(made(job, "confirm"), "undo", now=SOON)
    assert job.status == "pending_pickup"
    assert job.seq == 6
    assert job.standing == ()
    assert job.entered_at == NOON


def test_only_who_made_the_move_undoes_it() -> None:
    job = made(a_job(), "confirm")
    assert why_not(asked(job, "undo", OTHER)) == "undo_not_possible"


def test_after_a_minute_it_takes_a_decision() -> None:
    job = made(a_job(), "confirm")
    assert isinstance(asked(job, "undo", now=LATER + minutes(1)), Committed)
    assert why_not(asked(job, "undo", now=LATER + minutes(1.01))) == "undo_not_possible"


@pytest.mark.parametrize("actor", [PARTNER, SYSTEM], ids=lambda actor: actor.kind)
def test_programs_do_not_undo(actor: Actor) -> None:
    job = made(a_job(), "confirm", actor)
    assert why_not(asked(job, "undo", actor)) == "undo_not_possible"


def test_there_is_nothing_to_undo_on_a_new_job_and_no_undo_of_an_undo() -> None:
    assert why_not(asked(a_job(), "undo")) == "undo_not_possible"
    job = made(made(a_job(), "confirm"), "undo", now=SOON)
    assert why_not(asked(job, "undo")) == "undo_not_possible"


def test_an_undo_decided_before_someone_else_moved_the_job_is_refused() -> None:
    confirmed = made(a_job(), "confirm")
    request = a_request(confirmed, "undo", event_id="late", expected_rev=confirmed.rev)
    started = made(confirmed, "start", OTHER)
    assert why_not(judge(started, request, load_flow("haul"), SOON)) == "overtaken"


def test_undoing_an_end_lets_a_new_execution_follow_the_job() -> None:
    before = a_job("in_progress")
    undone = made(made(before, "complete"), "undo", now=SOON)
    assert undone.execution.generation == before.execution.generation + 1


@pytest.mark.parametrize("flow", flow_names())
def test_an_execution_can_follow_every_undo(flow: str) -> None:
    known = load_flow(flow)
    for move in known.moves:
        for origin in move.origins:
            assert origin in known.next_statuses(move.to)


def test_the_text_of_what_stands_again_is_the_one_that_is_so() -> None:
    haul = load_flow("haul")
    job = made(made(a_job(), "confirm"), "undo", now=SOON)
    assert text_after(job, haul, 2) == text_after(job, haul, 0)
    other = made(made(moved(a_job(), "confirm"), "start"), "undo", now=SOON)
    assert text_after(other, haul, 3) == text_after(other, haul, 1)


# -- hold, failed attempts, and bringing a job back, in every flow


@pytest.mark.parametrize("flow", flow_names())
def test_a_job_on_hold_is_off_the_plan_until_it_is_brought_back(flow: str) -> None:
    job = made(a_job(flow=flow, schedule=WINDOW), "hold")
    assert job.status == "on_hold"
    assert job.schedule == Schedule()
    assert job.ledger[-1].cleared is not None
    assert job.ledger[-1].cleared.window_start == WINDOW.window_start
    due = due_at(job)
    assert due
    assert due > LATER + minutes(60 * 24 * 365)
    assert made(job, "bring_back").status == load_flow(flow).initial.name


@pytest.mark.parametrize("flow", flow_names())
def test_failed_attempts_are_counted_and_lead_to_a_new_window_or_an_end(flow: str) -> None:
    (attempt,) = load_flow(flow).named("no_access", None)
    job = made(a_job(attempt.origins[0], flow=flow, schedule=WINDOW), "no_access", CREW)
    assert job.status == "attempt_failed"
    assert job.schedule == Schedule()
    assert job.failed_attempts == 1
    assert card_of(job, load_flow(flow)).failed_attempts == 1
    assert made(job, "bring_back").failed_attempts == 1
    assert made(job, "cancel").status == "cancelled"
    assert made(job, "undo", CREW, SOON).failed_attempts == 0


@pytest.mark.parametrize("flow", flow_names())
def test_a_cancelled_job_and_a_confirmation_can_be_taken_back(flow: str) -> None:
    first = load_flow(flow).initial.name
    assert made(made(a_job(flow=flow), "cancel"), "bring_back").status == first
    assert made(a_job("ready_for_pickup", flow=flow), "unconfirm").status == first


def test_the_customer_sees_a_status_aside_only_while_the_job_is_there() -> None:
    haul = load_flow("haul")

    def shown(job: Job) -> list[str]:
        return [step.status for step in view_of(job, haul).steps]

    held = made(a_job("ready_for_pickup"), "hold")
    assert shown(held) == [
        "pending_pickup",
        "ready_for_pickup",
        "on_hold",
        "in_progress",
        "completed",
    ]
    assert "on_hold" not in shown(made(held, "bring_back"))


def test_entries_of_before_have_no_undo_in_them() -> None:
    stored = {
        "seq": 1,
        "rev": 2,
        "event_id": "e1",
        "actor": {"kind": "crew", "id": "mike"},
        "move": "start",
        "from": "ready_for_pickup",
        "to": "in_progress",
        "occurred_at": NOON,
        "recorded_at": NOON,
    }
    assert LedgerEntry.model_validate(stored).undoes is None


def test_the_job_has_been_in_its_status_since_it_came_there_first() -> None:
    confirmed = made(a_job(schedule=WINDOW), "confirm", now=NOON + minutes(10))
    undone = made(made(confirmed, "start"), "undo", now=SOON)
    assert undone.entered_at == NOON + minutes(10)


def test_the_answer_to_an_undo_is_its_own_entry() -> None:
    verdict = asked(made(a_job(schedule=WINDOW), "confirm"), "undo")
    assert isinstance(verdict, Committed)
    assert verdict.entry == verdict.job.ledger[-1]


def test_the_undo_has_a_label_in_both_languages() -> None:
    undone = made(a_job(schedule=WINDOW), "confirm").ledger[-1]
    assert undo_move(undone).label == Text(en="Undo", es="Deshacer")
