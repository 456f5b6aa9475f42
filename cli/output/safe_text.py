"""Text from strangers, made safe for a terminal.

A customer's name may contain escape sequences that retitle a terminal or fill its clipboard, or
marks that reverse the direction of writing.
"""

import unicodedata
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

COMMANDS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control and format characters, of halves of one, and of line ends."""
KEPT = "\t\n\u200c\u200d"
"""Tab, line feed, and what joins letters and emoji."""
REPLACEMENT = "\ufffd"


def shown(text: str) -> str:
    """The text with U+FFFD in place of each command character."""
    if text.isprintable():
        return text
    return "".join(REPLACEMENT if _commands(each) else each for each in text)


def _commands(character: str) -> bool:
    return character not in KEPT and unicodedata.category(character) in COMMANDS


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
