"""Text of strangers, fit for a terminal and for a spreadsheet.

A customer's name may hold escape sequences that retitle a terminal or fill its clipboard, marks
that turn the direction of what follows, or a formula that a spreadsheet would run.
"""

import re
from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but for tab and line feed, and what turns the direction of writing."""
INSTEAD = "\ufffd"
FORMULA = re.compile(r"'*[=+\-@\t\r]")
PHONE = re.compile(r"\+[0-9]+")
"""Digits alone: nothing that a spreadsheet could run."""


def shown(text: str) -> str:
    """The text with a mark in the place of each character that is a command."""
    return COMMANDS.sub(INSTEAD, text)


def as_cell(text: str) -> str:
    """The text as a CSV cell that no spreadsheet takes for a formula; `from_cell` undoes it."""
    return f"'{text}" if FORMULA.match(text) and not PHONE.fullmatch(text) else text


def from_cell(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


class _Shown:
    """A renderable whose own text is shown harmlessly; what Rich adds to it (styles) stays."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _harmless(console.render(self.renderable, options))


def _harmless(segments: Iterable[Segment]) -> Iterator[Segment]:
    for segment in segments:
        if segment.control:
            yield segment
        else:
            yield Segment(shown(segment.text), segment.style)


class ShowsHarmlessly(RenderHook):
    """Everything that a console prints passes here: sentences, tables, errors."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Shown(each) for each in renderables]


def terminal(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False, emoji=False)
    console.push_render_hook(ShowsHarmlessly())
    return console
