"""Text from strangers, made safe for a terminal.

A customer's name may contain escape sequences that retitle a terminal or fill its clipboard, or
marks that reverse the direction of writing.
"""

import re
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters except tab and line feed, and marks that change the direction of writing."""
REPLACEMENT = "\ufffd"


def shown(text: str) -> str:
    """The text with U+FFFD in place of each command character."""
    return COMMANDS.sub(REPLACEMENT, text)


class Terminal(Console):
    """Replaces command characters in all text; the styles and movements that Rich adds stay.

    Everything passes through `render`: sentences, tables, errors, and redrawn frames.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(shown(segment.text), segment.style)


def terminal(*, stderr: bool = False) -> Console:
    return Terminal(stderr=stderr, highlight=False, emoji=False)
