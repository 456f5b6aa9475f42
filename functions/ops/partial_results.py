"""One result from several sources: if one fails, the others still count."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class PartialResults:
    """Reads one source after the other, and notes which of them failed."""

    incomplete: list[str] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    answered: int = 0

    def read(self, source: str, read: Callable[[], T]) -> T | None:
        try:
            result = read()
        except Exception as error:  # whatever it is, the other sources still count
            self.incomplete.append(f"{source}: not read ({type(error).__name__})")
            self.failures.append(error)
            return None
        self.answered += 1
        return result
