"""The flow as a state machine: which moves are legal from which status."""

import pytest

from statemachine.asl import definition
from statemachine.flow_machine import flow_flaws, legal_move, machine_of
from statemachine.flows import Flow, flow_names, load_flow

every_flow = pytest.mark.parametrize("flow", [load_flow(name) for name in flow_names()])


@every_flow
def test_a_move_is_legal_exactly_from_its_origins(flow: Flow) -> None:
    for move in flow.moves:
        legal_from = {s.name for s in flow.statuses if legal_move(flow, s.name, move.name, None)}
        assert legal_from == set(move.origins)


@every_flow
def test_a_destination_means_the_only_move_that_leads_there(flow: Flow) -> None:
    for move in flow.moves:
        for origin in move.origins:
            assert legal_move(flow, origin, None, move.to) == move


@every_flow
def test_a_status_that_no_move_leads_to_is_no_destination(flow: Flow) -> None:
    for origin in flow.statuses:
        reached = {move.to for move in flow.moves_from(origin.name)}
        for status in {status.name for status in flow.statuses} - reached:
            assert legal_move(flow, origin.name, None, status) is None


def test_the_machine_is_built_once_and_has_no_state_of_a_job() -> None:
    machine = machine_of(load_flow("haul"))
    assert machine is machine_of(load_flow("haul"))
    assert machine.models == []


@every_flow
def test_our_flows_have_no_flaw(flow: Flow) -> None:
    assert flow_flaws(flow) == []


def test_retries_of_an_overdue_announcement_have_the_same_time() -> None:
    """Partners get one webhook id for equal times; `$now()` would give each retry its own."""
    for name in flow_names():
        states = definition(load_flow(name))["States"]
        overdue = [state for key, state in states.items() if key.endswith(".overdue")]
        times = {state["Arguments"]["Entries"][0]["Detail"]["recorded_at"] for state in overdue}
        assert times == {"{% $states.context.State.EnteredTime %}"}, name
