"""The flow as a state machine of the `transitions` library: what is legal, and is it sound?

The machine stands apart from `Job`: the library writes its state onto its model, and a job is a
frozen value. So the machine has no model at all, and is only asked questions.
"""

from functools import cache

from transitions import Machine

from statemachine.flows import Flow, Move


@cache
def machine_of(flow: Flow) -> Machine:
    """`flow` as a machine without a model; one `(trigger, source)` has one transition at most."""
    machine = Machine(
        model=None,
        states=[status.name for status in flow.statuses],
        initial=flow.initial.name,
        auto_transitions=False,
    )
    for move in flow.moves:
        for origin in move.origins:
            machine.add_transition(move.name, origin, move.to)
    return machine


def legal_move(flow: Flow, status: str, move: str | None, to: str | None) -> Move | None:
    """The move that a request by name or by destination makes from `status`, if there is one."""
    for candidate in flow.named(move, to):
        if machine_of(flow).get_transitions(candidate.name, source=status):
            return candidate
    return None


def faults(flow: Flow) -> list[str]:
    """What makes `flow` unsound; empty if nothing does."""
    unknown = _unknown_names(flow)
    if unknown:
        return unknown
    return [
        *_twice(flow),
        *_unreachable(flow),
        *_dead_ends(flow),
        *_ended_without_cause(flow),
    ]


def _unknown_names(flow: Flow) -> list[str]:
    names = [status.name for status in flow.statuses]
    repeated = sorted({name for name in names if names.count(name) > 1})
    found = [f"status {name!r} is defined twice" for name in repeated]
    for move in flow.moves:
        strangers = sorted({*move.origins, move.to} - set(names))
        found += [f"move {move.name!r} names the unknown status {s!r}" for s in strangers]
    return found


def _twice(flow: Flow) -> list[str]:
    seen: set[tuple[str, str]] = set()
    ways: set[tuple[str, str]] = set()
    found = []
    for move in flow.moves:
        for origin in move.origins:
            if (move.name, origin) in seen:
                found.append(f"move {move.name!r} leaves {origin!r} twice")
            if (origin, move.to) in ways:
                found.append(f"two moves lead from {origin!r} to {move.to!r}: `to` would be unclear")
            seen.add((move.name, origin))
            ways.add((origin, move.to))
    return found


def _unreachable(flow: Flow) -> list[str]:
    machine = machine_of(flow)
    reached, frontier = {flow.initial.name}, [flow.initial.name]
    while frontier:
        for transition in machine.get_transitions(source=frontier.pop()):
            if transition.dest not in reached:
                reached.add(transition.dest)
                frontier.append(transition.dest)
    return [f"status {s.name!r} is never reached" for s in flow.statuses if s.name not in reached]


def _dead_ends(flow: Flow) -> list[str]:
    machine = machine_of(flow)
    return [
        f"status {status.name!r} has no way out and is not terminal"
        for status in flow.statuses
        if not status.terminal and not machine.get_transitions(source=status.name)
    ]


def _ended_without_cause(flow: Flow) -> list[str]:
    """Cancelling, and whatever brings an ended job back, asks for a reason."""
    ended = {status.name for status in flow.statuses if status.terminal}
    found = [
        f"move {move.name!r} must require a reason"
        for move in flow.moves
        if (move.to == "cancelled" or ended & set(move.origins)) and "reason" not in move.requires
    ]
    if "cancelled" not in ended:
        found.append("a flow needs the terminal status 'cancelled'")
    return found
