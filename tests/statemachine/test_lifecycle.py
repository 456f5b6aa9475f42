"""What becomes of one request: committed, kept, refused, or known already."""

from typing import Any, get_args

import pytest

from statemachine.flows import load_flow
from statemachine.job import Epoch, Job, TaskWait
from statemachine.lifecycle import (
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
)
from statemachine.record_limits import MAX_RECORDS, RecordsFull
from statemachine.records import Refusal, RefusalReason
from tests.support.builders import (
    CREW,
    CUSTOMER,
    DISPATCHER,
    DRIVER,
    NOON,
    SYSTEM,
    a_job,
    a_request,
    minutes,
)

LATER = NOON + minutes(5)


def asked(job: Job, move: str | None = None, **values: Any) -> Verdict:
    """What becomes of a request to move `job`, five minutes after NOON."""
    return judge(job, a_request(job, move, **values), load_flow(job.flow), LATER)


def why(verdict: Verdict) -> str:
    assert isinstance(verdict, Refused), verdict
    assert verdict.job.refused[-1] == verdict.refusal
    return verdict.refusal.why


# A move that is committed


def test_a_move_is_entered_with_who_when_and_what_it_led_to() -> None:
    verdict = asked(a_job(), "confirm", note="gate is open", actor=CUSTOMER)
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


def test_a_moved_job_shows_its_new_status_from_then_on() -> None:
    job = asked(a_job(), "confirm").job
    assert (job.status, job.entered_at) == ("ready_for_pickup", LATER)
    assert (job.seq, job.version, job.rev) == (1, 2, 2)


def test_a_destination_is_as_good_as_the_name_of_the_move() -> None:
    by_name = asked(a_job(), "confirm", event_id="e1").job
    assert asked(a_job(), to="ready_for_pickup", event_id="e1").job == by_name


def test_a_job_read_back_is_equal_to_the_one_written() -> None:
    job = asked(a_job("ready_for_pickup"), "start", occurred_at=NOON + minutes(0.00012345)).job
    assert Job.model_validate_json(job.model_dump_json(exclude_none=True)) == job


# A copy


def test_t1_a_copy_of_an_event_changes_nothing() -> None:
    once = asked(a_job(), "confirm").job
    assert asked(once, "confirm") == Duplicate(once)


@pytest.mark.parametrize(
    ("status", "move"),
    [("pending_pickup", "complete"), ("in_progress", "confirm"), ("completed", "start")],
)
def test_a_copy_of_a_kept_or_refused_event_changes_nothing(status: str, move: str) -> None:
    once = asked(a_job(status), move).job
    assert asked(once, move) == Duplicate(once)


def test_a_copy_is_known_before_anything_else_is_asked() -> None:
    once = asked(a_job(), "confirm").job
    changed = {"actor": CREW, "expected_rev": 99, "occurred_at": NOON + minutes(600)}
    assert asked(once, "confirm", **changed) == Duplicate(once)


def test_t9_after_the_end_a_copy_is_known_and_a_new_event_refused_on_the_record() -> None:
    job = asked(a_job("in_progress"), "complete").job
    assert asked(job, "complete") == Duplicate(job)
    assert why(asked(job, "complete", event_id="another")) == "illegal_move"


# Who may, and with what


def test_a_refusal_keeps_who_asked_for_what_and_in_which_status() -> None:
    verdict = asked(a_job(), "start", actor=CUSTOMER)
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


def test_a_refusal_moves_nothing_and_shows_nothing() -> None:
    job, refused = a_job(), asked(a_job(), "start", actor=CUSTOMER).job
    assert (refused.version, refused.rev) == (job.version + 1, job.rev)
    assert refused.with_(version=job.version, refused=()) == job


def test_a_move_is_made_only_by_those_who_may() -> None:
    assert why(asked(a_job("in_progress"), "reopen", actor=CREW)) == "not_allowed"
    assert why(asked(a_job("completed"), "reopen", actor=CREW, reason="oops")) == "not_allowed"


def test_the_same_destination_is_open_to_some_only_from_some_statuses() -> None:
    values: dict[str, Any] = {"to": "cancelled", "actor": CUSTOMER, "reason": "moved away"}
    assert isinstance(asked(a_job("ready_for_pickup"), **values), Committed)
    assert why(asked(a_job("in_progress"), **values)) == "not_allowed"


def test_a_move_that_needs_a_reason_is_refused_without_one() -> None:
    job = a_job("ready_for_pickup")
    assert why(asked(job, "cancel", actor=CUSTOMER)) == "reason_missing"
    assert isinstance(asked(job, "cancel", actor=CUSTOMER, reason="moved away"), Committed)


def test_a_cancellation_says_who_and_why() -> None:
    verdict = asked(a_job(), "cancel", actor=CUSTOMER, reason="moved away")
    assert isinstance(verdict, Committed)
    assert (verdict.entry.actor, verdict.entry.reason) == (CUSTOMER, "moved away")
    assert verdict.job.status == "cancelled"


def test_a_move_that_needs_a_driver_is_refused_without_one() -> None:
    alone = a_job("ready_for_pickup", "crewed", crew=())
    mate = DRIVER.with_(role="first_mate")
    assert why(asked(alone, "start")) == "driver_missing"
    assert why(asked(alone.with_(crew=(mate,)), "start")) == "driver_missing"
    assert isinstance(asked(alone.with_(crew=(mate, DRIVER)), "start"), Committed)


def test_a_move_the_flow_does_not_have_is_refused() -> None:
    assert why(asked(a_job(), "dump")) == "unknown_move"
    assert why(asked(a_job(), to="dumped")) == "unknown_move"


def test_a_move_that_the_job_has_behind_it_is_refused() -> None:
    assert why(asked(a_job("in_progress"), "confirm")) == "illegal_move"


def test_an_event_from_the_future_is_refused_and_a_clock_a_little_ahead_is_not() -> None:
    edge = LATER + CLOCK_SKEW
    assert why(asked(a_job(), "confirm", occurred_at=edge + minutes(0.001))) == "from_the_future"
    assert isinstance(asked(a_job(), "confirm", occurred_at=edge), Committed)


def test_every_reason_of_a_refusal_has_a_sentence_for_people() -> None:
    assert set(EXPLANATIONS) == set(get_args(RefusalReason))


# The rev that the sender decided on


def test_a_move_decided_on_the_present_rev_is_judged_now() -> None:
    job = a_job("ready_for_pickup")
    assert isinstance(asked(job, "start", expected_rev=job.rev), Committed)
    assert why(asked(job, "complete", expected_rev=job.rev)) == "illegal_move"


def test_a_move_decided_before_another_one_is_overtaken() -> None:
    job = a_job("in_progress")
    assert why(asked(job, "complete", expected_rev=job.rev - 1)) == "overtaken"


def test_bookkeeping_and_edits_overtake_no_one() -> None:
    job = a_job("ready_for_pickup")
    touched = job.with_bookkeeping().with_change(price_cents=1).with_bookkeeping()
    assert isinstance(asked(touched, "start", expected_rev=job.rev), Committed)


def test_a_move_decided_on_a_rev_yet_to_come_waits_for_it() -> None:
    kept = asked(a_job(), "start", expected_rev=3)
    assert isinstance(kept, EarlyMoveKept)
    job = asked(kept.job, "confirm").job
    assert (job.rev, job.status) == (4, "in_progress")
    assert [entry.rev for entry in job.ledger] == [3, 4]


def test_a_rev_that_only_bookkeeping_has_reached_is_yet_to_come() -> None:
    assert isinstance(asked(a_job().with_bookkeeping(), "confirm", expected_rev=2), EarlyMoveKept)


def test_a_move_decided_on_a_rev_that_never_came_is_refused_when_the_job_goes_past_it() -> None:
    kept = asked(a_job(), "start", expected_rev=2).job
    job = asked(kept, "confirm").job
    assert (job.rev, job.status) == (3, "ready_for_pickup")
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "overtaken")]


# A move that comes before its turn


def test_a_move_before_its_turn_is_kept_with_its_deadline_and_shows_nothing() -> None:
    verdict = asked(a_job(), "start", note="on our way")
    assert isinstance(verdict, EarlyMoveKept)
    (early,) = verdict.job.early
    assert (early.until, early.note) == (LATER + minutes(15), "on our way")
    assert (verdict.job.status, verdict.job.rev) == ("pending_pickup", 1)


def test_kept_moves_are_made_as_soon_as_their_turn_comes() -> None:
    job = asked(asked(a_job(), "complete").job, "start").job
    job = asked(job, "confirm").job
    assert [entry.move for entry in job.ledger] == ["confirm", "start", "complete"]
    assert (job.early, job.refused) == ((), ())


def test_of_two_kept_moves_the_one_that_occurred_first_is_made_first() -> None:
    job = a_job("ready_for_pickup")
    job = asked(job, "complete", occurred_at=NOON + minutes(2)).job
    job = asked(job, "no_access", occurred_at=NOON + minutes(1), reason="locked").job
    job = asked(job, "start").job
    assert [entry.move for entry in job.ledger] == ["confirm", "start", "no_access"]
    assert [early.move for early in job.early] == ["complete"]


def test_a_kept_move_is_judged_when_its_turn_comes() -> None:
    job = asked(a_job(flow="crewed", crew=()), "start").job
    job = asked(job, "prepare").job
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "driver_missing")]


def test_nothing_is_kept_for_a_job_that_has_ended() -> None:
    kept = asked(a_job(), "start").job
    job = asked(kept, "cancel", reason="rain").job
    assert (job.status, job.early) == ("cancelled", ())
    assert [(r.event_id, r.why) for r in job.refused] == [("start-1", "illegal_move")]
    assert why(asked(job, "reopen", reason="sun", expected_rev=99)) == "overtaken"


def test_what_an_event_made_impossible_is_found_with_it_also_later() -> None:
    job = asked(asked(a_job(), "start").job, "cancel", reason="rain").job
    job = judge(job, a_request(job, "confirm"), load_flow("haul"), LATER + minutes(1)).job
    assert [r.event_id for r in job.refusals_written_with("cancel-1")] == ["start-1"]
    assert [r.event_id for r in job.refusals_written_with("confirm-1")] == ["confirm-1"]
    assert job.refusals_written_with("never-seen") == ()


def test_at_its_deadline_a_kept_move_is_refused_on_the_record() -> None:
    kept = asked(a_job(), "start").job
    deadline = LATER + minutes(15)
    assert expire(kept, deadline - minutes(0.001)) == (kept, ())
    job, refusals = expire(kept, deadline)
    assert [(r.event_id, r.why) for r in refusals] == [("start-1", "kept_too_long")]
    assert (job.refused, job.early, job.version) == (refusals, (), kept.version + 1)


def test_a_move_past_its_deadline_is_not_made_even_if_no_one_had_looked() -> None:
    kept, flow = asked(a_job(), "start").job, load_flow("haul")
    job = judge(kept, a_request(kept, "confirm"), flow, LATER + minutes(15)).job
    assert job.status == "ready_for_pickup"
    assert [r.why for r in job.refused] == ["kept_too_long"]


def test_only_so_many_moves_wait_for_their_turn() -> None:
    job = a_job()
    for number in range(MAX_EARLY_MOVES):
        job = asked(job, "start", event_id=f"start-{number}").job
    assert why(asked(job, "start", event_id="one-more")) == "too_many_waiting"


def full_of_refusals() -> Job:
    refused = asked(a_job(), "start", actor=CUSTOMER).job
    records = [refused.refused[0].with_(event_id=f"e{n}") for n in range(MAX_RECORDS)]
    return refused.with_(refused=tuple(records))


def test_a_job_with_all_the_refusals_it_can_hold_takes_copies_and_legal_moves_only() -> None:
    full = full_of_refusals()
    assert asked(full, "confirm", event_id="e7") == Duplicate(full)
    for move in ("complete", "start", "explode"):  # kept, not allowed, unknown
        with pytest.raises(RecordsFull, match="261121-7k3m2q"):
            asked(full, move, actor=CUSTOMER)
    confirmed = asked(full, "confirm")
    assert isinstance(confirmed, Committed)
    assert asked(confirmed.job, "confirm") == Duplicate(confirmed.job)


def test_a_move_there_was_no_room_to_refuse_is_made_once_when_its_turn_has_come() -> None:
    full = full_of_refusals()
    with pytest.raises(RecordsFull):
        asked(full, "start", actor=CUSTOMER)
    ready = asked(full, "confirm").job
    started = asked(ready, "start")
    assert isinstance(started, Committed)
    assert asked(started.job, "start") == Duplicate(started.job)


def test_a_job_with_all_the_moves_it_can_hold_is_moved_no_more() -> None:
    job = a_job("in_progress")
    moves = [job.ledger[0].with_(event_id=f"m{n}") for n in range(MAX_RECORDS)]
    full = job.with_(ledger=tuple(moves))
    with pytest.raises(RecordsFull, match="261121-7k3m2q"):
        asked(full, "complete")
    assert isinstance(asked(full, "explode"), Refused)


# Back from an end


def test_a_job_brought_back_is_followed_by_a_new_generation_from_where_it_was_settled() -> None:
    job = a_job("completed")
    epoch = Epoch(generation=0, entered_at=NOON, retry=0)
    settled = job.with_(
        execution=job.execution.with_(seq=3), wait=TaskWait(seq=3, epoch=epoch, token="t")
    )
    back = asked(settled, "reopen", reason="wrong job").job
    assert (back.status, back.wait) == ("in_progress", None)
    assert back.execution == settled.execution.with_(generation=1, since=LATER)


def test_a_move_on_the_way_leaves_the_execution_alone() -> None:
    job = a_job("ready_for_pickup")
    assert asked(job, "start").job.execution == job.execution


def test_a_job_can_be_completed_once_more_after_it_was_brought_back() -> None:
    job = asked(a_job("completed"), "reopen", reason="wrong job").job
    again = asked(job, "complete", actor=SYSTEM).job
    assert (again.status, again.seq, again.execution.generation) == ("completed", 5, 1)
    assert [entry.actor for entry in again.ledger[-2:]] == [DISPATCHER, SYSTEM]
