"""Our flows, and the page generated from them."""

import pytest

from statemachine import flow_docs
from statemachine.flow_check import check_file
from statemachine.flows import (
    DEFAULT_FLOW,
    FOLDER,
    UnknownFlow,
    UnknownStatus,
    flow_names,
    load_flow,
)
from statemachine.messages.sms_texts import CHANGE_TEXTS
from statemachine.values.values import Text
from tests.support.builders import moves_to

PATHS = {
    "haul": ["pending_pickup", "ready_for_pickup", "in_progress", "completed"],
    "pickup": ["pending", "ready_for_pickup", "completed"],
    "dumpster": ["pending_confirmation", "ready_for_pickup", "in_transit", "dumped", "complete"],
    "crewed": ["booking_confirmed", "ready_for_pickup", "in_progress", "completed"],
}

every_flow = pytest.mark.parametrize("name", flow_names())


def test_there_are_four_flows_and_one_is_the_default() -> None:
    assert set(flow_names()) == set(PATHS)
    assert DEFAULT_FLOW == "haul"


@every_flow
def test_a_flow_has_no_fault(name: str) -> None:
    assert check_file(FOLDER / f"{name}.json") == []


@every_flow
def test_a_flow_has_its_path_and_a_cancellation(name: str) -> None:
    statuses = [status.name for status in load_flow(name).statuses]
    assert statuses == [*PATHS[name], "on_hold", "attempt_failed", "cancelled"]


@every_flow
def test_each_status_of_the_path_is_one_move_further(name: str) -> None:
    lengths = [len(moves_to(status, load_flow(name))) for status in PATHS[name]]
    assert lengths == list(range(len(PATHS[name])))


@every_flow
def test_crew_dispatcher_and_partner_can_do_the_work_of_every_flow(name: str) -> None:
    flow = load_flow(name)
    _confirmed, *work = moves_to(PATHS[name][-1], flow)
    assert all(
        {"crew", "dispatcher", "partner"} <= set(move.by)
        for step in work
        for move in flow.named(step, None)
    )


@every_flow
def test_a_customer_may_cancel_until_the_crew_is_under_way(name: str) -> None:
    (cancel,) = load_flow(name).named("cancel", None)
    assert "customer" in cancel.by
    assert list(cancel.origins) == [*PATHS[name][:2], "on_hold", "attempt_failed"]


@every_flow
def test_only_a_dispatcher_may_reopen_a_completed_job(name: str) -> None:
    (reopen,) = load_flow(name).moves_from(PATHS[name][-1])
    assert reopen.by == ("dispatcher",)
    assert reopen.requires == ("reason",)
    assert reopen.to == PATHS[name][-2]


@every_flow
def test_a_failed_attempt_is_an_outcome_of_its_own_with_a_reason(name: str) -> None:
    flow = load_flow(name)
    (attempt,) = flow.named("no_access", None)
    assert attempt.to == "attempt_failed"
    assert attempt.requires == ("reason",)
    ways = {move.to for move in flow.moves_from("attempt_failed")}
    assert {flow.initial.name, "on_hold", "cancelled"} < ways
    assert ways < {*PATHS[name], "on_hold", "cancelled"}


@every_flow
def test_a_status_that_is_under_way_is_looked_at_no_less_often_than_one_that_waits(
    name: str,
) -> None:
    flow = load_flow(name)
    polls = [s.poll_s for s in flow.statuses if not (s.terminal or s.aside)]
    assert polls == sorted(polls, reverse=True)


@every_flow
def test_every_text_names_the_business_first(name: str) -> None:
    texts = [*(text for _, text in load_flow(name).texts), *CHANGE_TEXTS.values()]
    assert all(t.startswith("{business}: ") for text in texts for t in (text.en, text.es))


@every_flow
def test_a_move_back_repeats_no_text_of_a_status_unless_the_customer_was_told_otherwise(
    name: str,
) -> None:
    flow = load_flow(name)
    of_statuses = [status.sms for status in flow.statuses]
    for move in flow.moves:
        for origin in move.origins:
            text = flow.sms_of(move.name, origin, move.to)
            if move.sms == "status" or flow.status(origin).end == "cancelled":
                assert text == flow.status(move.to).sms
            elif flow.position(move.to) < flow.position(origin):
                assert text not in of_statuses or text is None
            elif move.sms is None:
                assert text == flow.status(move.to).sms


def test_a_move_may_have_a_text_of_its_own_or_none() -> None:
    flow = load_flow("haul")
    own = Text(en="{business}: Hi.", es="{business}: Hola.")
    start, *rest = (m for m in flow.moves if m.name in ("start", "complete"))
    moves = (start.with_(sms=own), *(m.with_(sms="none") for m in rest))
    flow = flow.with_(moves=moves)
    assert flow.sms_of("start", "ready_for_pickup", "in_progress") == own
    assert flow.sms_of("complete", "in_progress", "completed") is None


def test_a_crewed_job_starts_with_a_driver() -> None:
    (start,) = load_flow("crewed").named("start", None)
    assert start.requires == ("driver",)


def test_what_lies_ahead_counts_neither_ways_back_nor_the_cancellation() -> None:
    flow = load_flow("haul")
    assert flow.ahead("pending_pickup") == {"ready_for_pickup", "in_progress", "completed"}
    assert flow.ahead("in_progress") == {"completed"}
    assert flow.ahead("completed") == frozenset()
    assert flow.ahead("attempt_failed") == {"pending_pickup", *flow.ahead("pending_pickup")}


def test_an_unknown_flow_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownFlow, match="crewed, dumpster, haul, pickup"):
        load_flow("hual")


def test_a_status_that_the_flow_does_not_have_is_an_error_with_a_name() -> None:
    with pytest.raises(UnknownStatus, match="'haul' has no status 'loading'"):
        load_flow("haul").status("loading")


def test_the_page_of_flows_is_what_the_flows_say() -> None:
    assert flow_docs.PAGE.read_text(encoding="utf-8") == flow_docs.render(), (
        "run `python -m statemachine.flow_docs`"
    )


@every_flow
def test_the_diagram_has_every_status_and_every_way(name: str) -> None:
    flow, lines = load_flow(name), flow_docs.mermaid(load_flow(name)).splitlines()
    states = [f'    state "{s.label.en}" as {s.name}' for s in flow.statuses]
    ways = [f"    {origin} --> {m.to}: {m.name}" for m in flow.moves for origin in m.origins]
    assert [line for line in lines if line in states] == states
    assert [line for line in lines if ": " in line] == ways
