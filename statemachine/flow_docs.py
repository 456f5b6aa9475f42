"""Generates `docs/flows.md`: a Mermaid diagram and tables of each flow."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from statemachine.flows import Flow, Move, Status, flow_names, load_flow

PAGE = Path(__file__).parent.parent / "docs" / "flows.md"

TOP = """\
# Flows

Generated from `statemachine/flows/*.json` by `python -m statemachine.flow_docs`; a test compares
both. A status says where a job stands, and a move who may change that. *overdue after* is how long
a job may stay in a status; in some statuses it counts from the end of the arrival window. Another
window restarts it, unless a crew is at work or has taken the load. *refresh* is how long a
tracking page waits between two requests.
"""


def render() -> str:
    """The text of `docs/flows.md`."""
    return "\n".join([TOP, *(section(load_flow(name)) for name in flow_names())])


def section(flow: Flow) -> str:
    return "\n".join(
        [
            f"## {flow.label.en} (`{flow.name}`, version {flow.version})",
            "",
            "```mermaid",
            mermaid(flow),
            "```",
            "",
            *_table("status | label | Spanish | overdue after | refresh", _statuses(flow)),
            "",
            *_table("move | from | to | who may | requires", _moves(flow)),
            "",
            *_replies(flow),
        ]
    )


def mermaid(flow: Flow) -> str:
    """A Mermaid state diagram of `flow`, each status in its colour."""
    return "\n".join(["stateDiagram-v2", *(f"    {line}" for line in _diagram(flow))])


def _diagram(flow: Flow) -> Iterator[str]:
    for status in flow.statuses:
        yield f'state "{status.label.en}" as {status.name}'
    yield f"[*] --> {flow.initial.name}"
    for move in flow.moves:
        for origin in move.origins:
            yield f"{origin} --> {move.to}: {move.name}"
    for status in flow.statuses:
        if status.terminal:
            yield f"{status.name} --> [*]"
    for status in flow.statuses:
        yield f"classDef {status.name}_ fill:{status.colour},color:#ffffff"
        yield f"class {status.name} {status.name}_"


def _statuses(flow: Flow) -> Iterator[tuple[str, ...]]:
    for status in flow.statuses:
        name, label = f"`{status.name}`", status.label
        yield name, label.en, label.es, _limit(status), _refresh(status)


def _limit(status: Status) -> str:
    if status.limit_minutes is None:
        return "ended"
    limit = _span(status.limit_minutes)
    if status.late_minutes is None:
        return limit
    return f"{_span(status.late_minutes)} after the window, or {limit}"


def _span(all_minutes: int) -> str:
    hours, minutes = divmod(all_minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes))


def _refresh(status: Status) -> str:
    return "ended" if status.terminal else f"{status.poll_s} s"


def _moves(flow: Flow) -> Iterator[tuple[str, ...]]:
    for move in flow.moves:
        yield f"`{move.name}`", _codes(move.origins), f"`{move.to}`", _who(move), _requires(move)


def _replies(flow: Flow) -> Iterator[str]:
    for status in flow.statuses:
        if status.yes:
            yield f"YES in answer to the SMS of `{status.name}` makes the move `{status.yes}`."
            yield ""


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _who(move: Move) -> str:
    return ", ".join(move.by)


def _requires(move: Move) -> str:
    return ", ".join(move.requires) or "nothing"


def _table(titles: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {titles} |"
    yield "|" + "---|" * len(titles.split(" | "))
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
