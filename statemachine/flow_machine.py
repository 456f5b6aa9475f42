"""The flow as a state machine of the `transitions` library: which moves are legal, and is it sound?

The library writes its state onto a model, and a job is immutable. So the machine has no model; the
code only queries it.
"""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from statemachine.flows import UNDO, Flow, Move

if TYPE_CHECKING:
    from transitions import Machine


@cache
def machine_of(flow: Flow) -> "Machine":
    """`flow` as a machine without a model. A `(trigger, source)` has at most one transition."""
    from transitions import Machine  # here, because most functions need no machine

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
    """The move from `status` that a request names, by its name or by its destination, if any."""
    for candidate in flow.named(move, to):
        if machine_of(flow).get_transitions(candidate.name, source=status):
            return candidate
    return None


JsonPath = tuple[str | int, ...]
"""The keys and positions that lead to a part of a document."""


class FlowFlaw(NamedTuple):
    """What makes a flow unsound, and where in its file."""

    path: JsonPath
    reason: str


def flow_flaws(flow: Flow) -> list[FlowFlaw]:
    """Everything that makes `flow` unsound."""
    return list(_bad_names(flow)) or [
        *_ambiguous_destinations(flow),
        *_unreachable_in_order(flow),
        *_dead_ends(flow),
        *_bad_ends(flow),
        *_missing_reasons(flow),
        *_bad_answers(flow),
    ]


def _bad_names(flow: Flow) -> Iterator[FlowFlaw]:
    for number, move in enumerate(flow.moves):
        if move.name == UNDO:
            yield FlowFlaw(("moves", number, "name"), f"name: {UNDO!r} is what takes back a move")
    names = [status.name for status in flow.statuses]
    yield from _repeated("status", "statuses", names)
    yield from _repeated("move", "moves", [move.name for move in flow.moves])
    for number, move in enumerate(flow.moves):
        for path, name in _named_statuses(move):
            if name not in names:
                reason = f"move {move.name!r} names the unknown status {name!r}"
                yield FlowFlaw(("moves", number, *path), reason)


def _repeated(kind: str, key: str, names: list[str]) -> Iterator[FlowFlaw]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield FlowFlaw((key, number), f"{kind} {name!r} is defined twice")


def _named_statuses(move: Move) -> Iterator[tuple[JsonPath, str]]:
    """The statuses that a move names, each with its path in the move."""
    for position, origin in enumerate(move.origins):
        yield ("from", position), origin
    yield ("to",), move.to


def _ambiguous_destinations(flow: Flow) -> Iterator[FlowFlaw]:
    ways: set[tuple[str, str]] = set()
    for number, move in enumerate(flow.moves):
        for position, origin in enumerate(move.origins):
            if (origin, move.to) in ways:
                reason = (
                    f"two moves lead from {origin!r} to {move.to!r}, so `to` would be ambiguous"
                )
                yield FlowFlaw(("moves", number, "from", position), reason)
            ways.add((origin, move.to))


def _unreachable_in_order(flow: Flow) -> Iterator[FlowFlaw]:
    """Each status must be reachable from an earlier one: `Flow.ahead` relies on the order."""
    machine = machine_of(flow)
    before: set[str] = {flow.initial.name}
    for number, status in enumerate(flow.statuses[1:], start=1):
        if not any(way.source in before for way in machine.get_transitions(dest=status.name)):
            reason = f"status {status.name!r} cannot be reached from any status before it"
            yield FlowFlaw(("statuses", number), reason)
        before.add(status.name)


def _dead_ends(flow: Flow) -> Iterator[FlowFlaw]:
    machine = machine_of(flow)
    ending = {status.name for status in flow.statuses if status.terminal}
    for _ in flow.statuses:
        ending |= {way.source for name in ending for way in machine.get_transitions(dest=name)}
    for number, status in enumerate(flow.statuses):
        if status.name not in ending:
            reason = f"status {status.name!r} has no end, and no moves lead from it to one that has"
            yield FlowFlaw(("statuses", number), reason)


def _bad_ends(flow: Flow) -> Iterator[FlowFlaw]:
    if flow.initial.terminal:
        yield FlowFlaw(("statuses", 0), "a job cannot begin in a status with an end")
    if not any(status.end == "cancelled" for status in flow.statuses):
        yield FlowFlaw(("statuses",), "a flow needs a status with the end 'cancelled'")


def _missing_reasons(flow: Flow) -> Iterator[FlowFlaw]:
    """A move that cancels a job, or brings an ended one back, must require a reason."""
    ended = {status.name for status in flow.statuses if status.terminal}
    for number, move in enumerate(flow.moves):
        asks = flow.status(move.to).end == "cancelled" or bool(ended & set(move.origins))
        if asks and "reason" not in move.requires:
            yield FlowFlaw(("moves", number), f"move {move.name!r} must require a reason")


def _bad_answers(flow: Flow) -> Iterator[FlowFlaw]:
    """The move of a YES must be one that the customer may make there and that requires nothing."""
    for number, status in enumerate(flow.statuses):
        if status.yes is None:
            continue
        ways = [move for move in flow.moves_from(status.name) if move.name == status.yes]
        if status.sms is None:
            reason = f"status {status.name!r} has `yes` but no `sms` that asks for it"
        elif not ways or "customer" not in ways[0].by or set(ways[0].requires) - {"window"}:
            reason = f"the customer may not make the move {status.yes!r} in {status.name!r} by YES"
        else:
            continue
        yield FlowFlaw(("statuses", number, "yes"), reason)
