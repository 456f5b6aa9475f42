"""Text of strangers, fit for a terminal and for a spreadsheet.

A customer's name may hold escape sequences that retitle a terminal or fill its clipboard, marks
that turn the direction of what follows, or a formula that a spreadsheet would run.
"""

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
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


class Terminal(Console):
    """Shows every text harmlessly; what Rich itself adds, styles and movements, stays.

    Everything passes through `render`: sentences, tables, errors, and frames that are drawn again.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(shown(segment.text), segment.style)


def terminal(*, stderr: bool = False) -> Console:
    return Terminal(stderr=stderr, highlight=False, emoji=False)
