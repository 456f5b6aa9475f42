"""The verdict on one request: committed, kept early, refused, or a duplicate."""

from typing import Any, get_args

import pytest

from statemachine.flows import load_flow
from statemachine.job.job import Epoch, Job, TaskWait
from statemachine.job.record_limits import MAX_RECORDS, RecordsFull
from statemachine.job.records import Refusal, RefusalReason
from statemachine.rules.lifecycle import (
    CLOCK_SKEW,
    EXPLANATIONS,
    MAX_EARLY_MOVES,
    Committed,
    Duplicate,
    EarlyMoveKept,
    Refused,
    Verdict,
    expire,
    judge,
    with_early_moves_judged,
)
from tests.support.builders import (
    CREW,
    CUSTOMER,
    DISPATCHER,
    DRIVER,
    NOON,
    SOON,
    SYSTEM,
    a_job,
    a_request,
    minutes,
)

LATER = NOON + minutes(5)


def judged(job: Job, move: str | None = None, **values: Any) -> Verdict:
    """The verdict on a request to move `job`, five minutes after NOON."""
    return judge(job, a_request(job, move, **values), load_flow(job.flow), LATER)


def why(verdict: Verdict) -> str:
    assert isinstance(verdict, Refused), verdict
    assert verdict.job.refused[-1] == verdict.refusal
    return verdict.refusal.why


# A move that is committed


def test_a_committed_move_is_in_the_ledger_with_actor_time_and_statuses() -> None:
    verdict = judged(a_job(schedule=SOON), "confirm", note="gate is open", actor=CUSTOMER)
    assert isinstance(verdict, Committed)
    assert verdict.job.ledger == (verdict.entry,)
    assert verdict.entry.model_dump(exclude_none=True) == {
        "seq": 1,
        "rev": 2,
        "event_id": "confirm-1",
        "move": "confirm",
        "from": "pending_pickup",
        "to": "ready_for_pickup",
        "occurred_at": NOON,
        "recorded_at": LATER,
        "actor": {"kind": "customer", "id": "link"},
        "note": "gate is open",
    }


def test_a_moved_job_has_its_new_status_version_and_rev() -> None:
    job = judged(a_job(), "confirm").job
    assert job.status == "ready_for_pickup"
    assert job.entered_at == LATER
    assert job.seq == 1
    assert job.version == 2
    assert job.rev == 2


def test_a_move_may_be_requested_by_its_destination() -> None:
    by_name = judged(a_job(), "confirm", event_id="e1").job
    assert judged(a_job(), to="ready_for_pickup", event_id="e1").job == by_name


def test_a_job_read_back_is_equal_to_the_one_written() -> None:
    job = judged(a_job("ready_for_pickup"), "start", occurred_at=NOON + minutes(0.00012345)).job
    assert Job.model_validate_json(job.model_dump_json(exclude_none=True)) == job


# A copy


def test_t1_a_copy_of_an_event_changes_nothing() -> None:
    once = judged(a_job(), "confirm").job
    assert judged(once, "confirm") == Duplicate(once)


@pytest.mark.parametrize(
    ("status", "move"),
    [("pending_pickup", "complete"), ("in_progress", "confirm"), ("completed", "start")],
)
def test_a_copy_of_an_early_or_refused_move_changes_nothing(status: str, move: str) -> None:
    once = judged(a_job(status), move).job
    assert judged(once, move) == Duplicate(once)


def test_a_copy_is_recognized_before_any_other_check() -> None:
    once = judged(a_job(), "confirm").job
    changed = {"actor": CREW, "expected_rev": 99, "occurred_at": NOON + minutes(600)}
    assert judged(once, "confirm", **changed) == Duplicate(once)


def test_t9_after_the_end_a_copy_is_a_duplicate_and_a_new_move_is_refused() -> None:
    job = judged(a_job("in_progress"), "complete").job
    assert judged(job, "complete") == Duplicate(job)
    assert why(judged(job, "complete", event_id="another")) == "illegal_move"


# Who may, and with what


def test_a_refusal_has_the_actor_the_move_and_the_status() -> None:
    verdict = judged(a_job(), "start", actor=CUSTOMER)
    assert isinstance(verdict, Refused)
    assert verdict.refusal == Refusal(
        event_id="start-1",
        move="start",
        why="not_allowed",
        status="pending_pickup",
        occurred_at=NOON,
        recorded_at=LATER,
        actor=CUSTOMER,
    )


def test_a_refusal_changes_neither_status_nor_rev() -> None:
    job, refused = a_job(), judged(a_job(), "start", actor=CUSTOMER).job
    assert refused.version == job.version + 1
    assert refused.rev == job.rev
    assert refused.with_(version=job.version, refused=()) == job


def test_only_permitted_actors_may_make_a_move() -> None:
    assert why(judged(a_job("in_progress"), "reopen", actor=CREW)) == "not_allowed"
    assert why(judged(a_job("completed"), "reopen", actor=CREW, reason="oops")) == "not_allowed"


def test_a_customer_may_cancel_only_from_some_statuses() -> None:
    values: dict[str, Any] = {"to": "cancelled", "actor": CUSTOMER, "reason": "moved away"}
    assert isinstance(judged(a_job("ready_for_pickup"), **values), Committed)
    assert why(judged(a_job("in_progress"), **values)) == "not_allowed"


def test_a_move_that_requires_a_reason_is_refused_without_one() -> None:
    job = a_job("ready_for_pickup")
    assert why(judged(job, "cancel", actor=CUSTOMER)) == "reason_missing"
    assert isinstance(judged(job, "cancel", actor=CUSTOMER, reason="moved away"), Committed)


def test_a_cancellation_has_its_actor_and_reason() -> None:
    verdict = judged(a_job(), "cancel", actor=CUSTOMER, reason="moved away")
    assert isinstance(verdict, Committed)
    assert verdict.entry.actor == CUSTOMER
    assert verdict.entry.reason == "moved away"
    assert verdict.job.status == "cancelled"


def test_a_move_that_requires_a_driver_is_refused_without_one() -> None:
    alone = a_job("ready_for_pickup", "crewed", crew=())
    mate = DRIVER.with_(role="first_mate")
    assert why(judged(alone, "start")) == "driver_missing"
    assert why(judged(alone.with_(crew=(mate,)), "start")) == "driver_missing"
    assert isinstance(judged(alone.with_(crew=(mate, DRIVER)), "start"), Committed)


def test_a_move_that_the_flow_lacks_is_refused() -> None:
    assert why(judged(a_job(), "dump")) == "unknown_move"
    assert why(judged(a_job(), to="dumped")) == "unknown_move"


def test_a_move_that_the_job_has_passed_is_refused() -> None:
    assert why(judged(a_job("in_progress"), "confirm")) == "illegal_move"


def test_an_event_from_the_future_is_refused_beyond_the_allowed_clock_skew() -> None:
    edge = LATER + CLOCK_SKEW
    assert why(judged(a_job(), "confirm", occurred_at=edge + minutes(0.001))) == "from_the_future"
    assert isinstance(judged(a_job(), "confirm", occurred_at=edge), Committed)


def test_every_refusal_reason_has_an_explanation() -> None:
    assert set(EXPLANATIONS) == set(get_args(RefusalReason))


# `expected_rev`


def test_a_move_with_the_current_rev_is_judged_now() -> None:
    job = a_job("ready_for_pickup")
    assert isinstance(judged(job, "start", expected_rev=job.rev), Committed)
    assert why(judged(job, "complete", expected_rev=job.rev)) == "illegal_move"


def test_a_move_with_an_old_rev_is_overtaken() -> None:
    job = a_job("in_progress")
    assert why(judged(job, "complete", expected_rev=job.rev - 1)) == "overtaken"


def test_bookkeeping_and_edits_overtake_no_one() -> None:
    job = a_job("ready_for_pickup")
    touched = job.with_bookkeeping().with_change(price_cents=1).with_bookkeeping()
    assert isinstance(judged(touched, "start", expected_rev=job.rev), Committed)


def test_a_move_with_a_future_rev_waits_for_it() -> None:
    kept = judged(a_job(), "start", expected_rev=3)
    assert isinstance(kept, EarlyMoveKept)
    job = judged(kept.job, "confirm").job
    assert job.rev == 4
    assert job.status == "in_progress"
    assert [entry.rev for entry in job.ledger] == [3, 4]


def test_bookkeeping_does_not_raise_the_rev_that_a_move_waits_for() -> None:
    assert isinstance(judged(a_job().with_bookkeeping(), "confirm", expected_rev=2), EarlyMoveKept)


def test_a_move_that_waits_for_a_rev_is_refused_when_the_job_skips_that_rev() -> None:
    kept = judged(a_job(), "start", expected_rev=2).job
    job = judged(kept, "confirm").job
    assert job.rev == 3
    assert job.status == "ready_for_pickup"
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "overtaken")]


# Early moves


def test_an_early_move_is_kept_with_its_deadline_and_does_not_change_the_rev() -> None:
    verdict = judged(a_job(), "start", note="on our way")
    assert isinstance(verdict, EarlyMoveKept)
    (early,) = verdict.job.early
    assert early.until == LATER + minutes(15)
    assert early.note == "on our way"
    assert verdict.job.status == "pending_pickup"
    assert verdict.job.rev == 1


def test_early_moves_are_made_as_soon_as_their_turn_comes() -> None:
    job = judged(judged(a_job(), "complete").job, "start").job
    job = judged(job, "confirm").job
    assert [entry.move for entry in job.ledger] == ["confirm", "start", "complete"]
    assert job.early == ()
    assert job.refused == ()


def test_of_two_early_moves_the_one_that_occurred_first_is_made_first() -> None:
    job = a_job("ready_for_pickup")
    job = judged(job, "complete", occurred_at=NOON + minutes(2)).job
    job = judged(job, "no_access", occurred_at=NOON + minutes(1), reason="locked").job
    job = judged(job, "start").job
    assert [entry.move for entry in job.ledger] == ["confirm", "start", "no_access"]
    assert [early.move for early in job.early] == ["complete"]


def test_an_early_move_keeps_its_reason_and_note() -> None:
    said = {"reason": "no one home", "note": "the gate was locked"}
    waiting = judged(a_job(), "hold", expected_rev=2, actor=DISPATCHER, **said)
    assert isinstance(waiting, EarlyMoveKept)
    edited = waiting.job.with_change(price_cents=100)
    entry = with_early_moves_judged(edited, load_flow("haul"), LATER).ledger[-1]
    assert {"reason": entry.reason, "note": entry.note} == said


def test_a_refusal_has_the_status_that_was_asked_for() -> None:
    refused = judged(a_job(), to="completed", actor=CUSTOMER)
    assert isinstance(refused, Refused)
    assert refused.refusal.to == "completed"


def test_an_early_move_is_judged_when_its_turn_comes() -> None:
    job = judged(a_job(flow="crewed", crew=()), "start").job
    job = judged(job, "prepare").job
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "driver_missing")]


def test_an_ended_job_keeps_no_early_moves() -> None:
    kept = judged(a_job(), "start").job
    job = judged(kept, "cancel", reason="rain").job
    assert job.status == "cancelled"
    assert job.early == ()
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "illegal_move")]
    assert why(judged(job, "reopen", reason="sun", expected_rev=99)) == "overtaken"


def test_early_moves_refused_by_an_event_are_found_with_it_later() -> None:
    job = judged(judged(a_job(), "start").job, "cancel", reason="rain").job
    job = judge(job, a_request(job, "confirm"), load_flow("haul"), LATER + minutes(1)).job
    assert [r.event_id for r in job.refusals_written_with("cancel-1")] == ["start-1"]
    assert [r.event_id for r in job.refusals_written_with("confirm-1")] == ["confirm-1"]
    assert job.refusals_written_with("never-seen") == ()


def test_at_its_deadline_an_early_move_is_refused_on_the_record() -> None:
    kept = judged(a_job(), "start").job
    deadline = LATER + minutes(15)
    assert expire(kept, deadline - minutes(0.001)) == (kept, ())
    job, refusals = expire(kept, deadline)
    assert [(r.event_id, r.why) for r in refusals] == [("start-1", "kept_too_long")]
    assert job.refused == refusals
    assert job.early == ()
    assert job.version == kept.version + 1


def test_an_early_move_past_its_deadline_is_not_made_even_if_it_was_not_expired() -> None:
    kept, flow = judged(a_job(), "start").job, load_flow("haul")
    job = judge(kept, a_request(kept, "confirm"), flow, LATER + minutes(15)).job
    assert job.status == "ready_for_pickup"
    assert [r.why for r in job.refused] == ["kept_too_long"]


def test_a_job_keeps_a_limited_number_of_early_moves() -> None:
    job = a_job()
    for number in range(MAX_EARLY_MOVES):
        job = judged(job, "start", event_id=f"start-{number}").job
    assert why(judged(job, "start", event_id="one-more")) == "too_many_waiting"


def full_of_refusals() -> Job:
    refused = judged(a_job(), "start", actor=CUSTOMER).job
    records = [refused.refused[0].with_(event_id=f"e{n}") for n in range(MAX_RECORDS)]
    return refused.with_(refused=tuple(records))


def test_a_job_full_of_refusals_accepts_only_copies_and_legal_moves() -> None:
    full = full_of_refusals()
    assert judged(full, "confirm", event_id="e7") == Duplicate(full)
    for move in ("complete", "start", "explode"):  # kept, not allowed, unknown
        with pytest.raises(RecordsFull, match="261121-7k3m2q"):
            judged(full, move, actor=CUSTOMER)
    confirmed = judged(full, "confirm")
    assert isinstance(confirmed, Committed)
    assert judged(confirmed.job, "confirm") == Duplicate(confirmed.job)


def test_a_move_that_a_full_job_could_not_refuse_is_made_when_it_is_legal() -> None:
    full = full_of_refusals()
    with pytest.raises(RecordsFull):
        judged(full, "start", actor=CUSTOMER)
    ready = judged(full, "confirm").job
    started = judged(ready, "start")
    assert isinstance(started, Committed)
    assert judged(started.job, "start") == Duplicate(started.job)


def test_a_job_full_of_moves_cannot_be_moved() -> None:
    job = a_job("in_progress")
    moves = [job.ledger[0].with_(event_id=f"m{n}") for n in range(MAX_RECORDS)]
    full = job.with_(ledger=tuple(moves))
    with pytest.raises(RecordsFull, match="261121-7k3m2q"):
        judged(full, "complete")
    assert isinstance(judged(full, "explode"), Refused)


# Reopened jobs


def test_a_reopened_job_gets_a_new_generation_that_begins_where_it_was_settled() -> None:
    job = a_job("completed")
    epoch = Epoch(generation=0, entered_at=NOON, retry=0)
    settled = job.with_(
        execution=job.execution.with_(seq=3), wait=TaskWait(seq=3, epoch=epoch, token="t")
    )
    back = judged(settled, "reopen", reason="wrong job").job
    assert back.status == "in_progress"
    assert back.wait is None
    assert back.execution == settled.execution.with_(generation=1, since=LATER)


def test_a_move_between_open_statuses_does_not_change_the_execution() -> None:
    job = a_job("ready_for_pickup")
    assert judged(job, "start").job.execution == job.execution


def test_a_reopened_job_can_be_completed_again() -> None:
    job = judged(a_job("completed"), "reopen", reason="wrong job").job
    again = judged(job, "complete", actor=SYSTEM).job
    assert again.status == "completed"
    assert again.seq == 5
    assert again.execution.generation == 1
    assert [entry.actor for entry in again.ledger[-2:]] == [DISPATCHER, SYSTEM]
