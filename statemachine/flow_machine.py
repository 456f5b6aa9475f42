"""The flow as a state machine of the `transitions` library: what is legal, and is it sound?

The machine stands apart from `Job`: the library writes its state onto its model, and a job is a
frozen value. So the machine has no model at all, and is only asked questions.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

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


Place = tuple[str | int, ...]
"""Where something stands in a document: keys and positions, from its root down."""


class FlowFlaw(NamedTuple):
    """What makes a flow unsound, and the place in its file that says so."""

    place: Place
    reason: str


def flow_flaws(flow: Flow) -> list[FlowFlaw]:
    """What makes `flow` unsound; empty if nothing does."""
    return list(_unclear_names(flow)) or [
        *_unclear_destinations(flow),
        *_out_of_order(flow),
        *_endless(flow),
        *_wrong_ends(flow),
        *_without_reason(flow),
        *_unanswerable(flow),
    ]


def _unclear_names(flow: Flow) -> Iterator[FlowFlaw]:
    names = [status.name for status in flow.statuses]
    yield from _repeated("status", "statuses", names)
    yield from _repeated("move", "moves", [move.name for move in flow.moves])
    for number, move in enumerate(flow.moves):
        for place, name in _ends(move):
            if name not in names:
                reason = f"move {move.name!r} names the unknown status {name!r}"
                yield FlowFlaw(("moves", number, *place), reason)


def _repeated(kind: str, key: str, names: list[str]) -> Iterator[FlowFlaw]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield FlowFlaw((key, number), f"{kind} {name!r} is defined twice")


def _ends(move: Move) -> Iterator[tuple[Place, str]]:
    """The statuses a move names, each with its place in the move."""
    for position, origin in enumerate(move.origins):
        yield ("from", position), origin
    yield ("to",), move.to


def _unclear_destinations(flow: Flow) -> Iterator[FlowFlaw]:
    ways: set[tuple[str, str]] = set()
    for number, move in enumerate(flow.moves):
        for position, origin in enumerate(move.origins):
            if (origin, move.to) in ways:
                reason = f"a second way leads from {origin!r} to {move.to!r}: `to` would be unclear"
                yield FlowFlaw(("moves", number, "from", position), reason)
            ways.add((origin, move.to))


def _out_of_order(flow: Flow) -> Iterator[FlowFlaw]:
    """Statuses stand in the order of a job's life: what is "still ahead" is read from the list."""
    machine = machine_of(flow)
    before: set[str] = {flow.initial.name}
    for number, status in enumerate(flow.statuses[1:], start=1):
        if not any(way.source in before for way in machine.get_transitions(dest=status.name)):
            reason = f"status {status.name!r} is reached from no status before it"
            yield FlowFlaw(("statuses", number), reason)
        before.add(status.name)


def _endless(flow: Flow) -> Iterator[FlowFlaw]:
    machine = machine_of(flow)
    ending = {status.name for status in flow.statuses if status.terminal}
    for _ in flow.statuses:
        ending |= {way.source for name in ending for way in machine.get_transitions(dest=name)}
    for number, status in enumerate(flow.statuses):
        if status.name not in ending:
            reason = f"status {status.name!r} has no end, and no moves lead from it to one that has"
            yield FlowFlaw(("statuses", number), reason)


def _wrong_ends(flow: Flow) -> Iterator[FlowFlaw]:
    if flow.initial.terminal:
        yield FlowFlaw(("statuses", 0), "a job cannot begin in a status with an end")
    if not any(status.end == "cancelled" for status in flow.statuses):
        yield FlowFlaw(("statuses",), "a flow needs a status with the end 'cancelled'")


def _without_reason(flow: Flow) -> Iterator[FlowFlaw]:
    """Cancelling, and whatever brings an ended job back, asks for a reason."""
    ended = {status.name for status in flow.statuses if status.terminal}
    for number, move in enumerate(flow.moves):
        asks = flow.status(move.to).end == "cancelled" or bool(ended & set(move.origins))
        if asks and "reason" not in move.requires:
            yield FlowFlaw(("moves", number), f"move {move.name!r} must require a reason")


def _unanswerable(flow: Flow) -> Iterator[FlowFlaw]:
    """A YES makes a move that the customer may make from there, without a word more."""
    for number, status in enumerate(flow.statuses):
        if status.yes is None:
            continue
        ways = [move for move in flow.moves_from(status.name) if move.name == status.yes]
        if status.sms is None:
            reason = f"status {status.name!r} has an answer but no text that asks"
        elif not ways or "customer" not in ways[0].by or ways[0].requires:
            reason = f"a customer cannot simply make the move {status.yes!r} in {status.name!r}"
        else:
            continue
        yield FlowFlaw(("statuses", number, "yes"), reason)
