"""Several sources asked for one answer: where one is silent, the others are told all the same."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class PartialResults:
    """Asks one source after the other, and notes which have not told everything."""

    incomplete: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    answered: int = 0

    def ask(self, source: str, ask: Callable[[], T]) -> T | None:
        try:
            told = ask()
        except Exception as error:  # whatever it was, the other sources are told all the same
            self.incomplete.append(f"{source}: not read ({type(error).__name__})")
            self.failures.append(error)
            return None
        self.answered += 1
        return told
