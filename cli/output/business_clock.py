"""The zone of every time that `haul` prints: the business's, wherever the terminal is.

Without a business to ask, as before the first start, it is the terminal's. Times name their zone,
so the two cannot be confused.
"""

from collections.abc import Callable
from datetime import tzinfo

ZoneOf = Callable[[], tzinfo | None]


def _terminals() -> None:
    """`astimezone(None)` is the terminal's zone."""


class BusinessClock:
    """Asks for the zone when the first time is printed, and then keeps it."""

    def __init__(self) -> None:
        self.go_by(_terminals)

    def go_by(self, zone_of: ZoneOf) -> None:
        self._zone_of, self._asked = zone_of, False
        self._zone: tzinfo | None = None

    @property
    def zone(self) -> tzinfo | None:
        if not self._asked:
            self._zone, self._asked = self._zone_of(), True
        return self._zone


CLOCK = BusinessClock()
