"""What hints have claimed about the `rev` of a view. A hint is never believed, only checked."""

from tracking.polling_policy import Policy, doubled
from tracking.responses import whole_number
from tracking.saved_view import SavedView

HIGHEST = 9_999_999_999
"""The edge accepts no more digits in `?rev=`."""


class HintedRev:
    """The highest `rev` of late, and what asking for it has brought.

    `known` is the remembered view.
    """

    def __init__(self, policy: Policy, now_ms: int) -> None:
        self._policy = policy
        self._rev = 0
        self._until_ms = now_ms
        self._missed = 0

    def hear(self, claim: object, known: SavedView | None, now_ms: int) -> bool:
        """Whether it says anything new. What is no `rev` does not."""
        rev = whole_number(claim, 1)
        least = self.wanted(known, now_ms) or _rev_of(known)
        if rev is None or not least < rev <= HIGHEST:
            return False
        self._rev, self._missed = rev, 0
        self._until_ms = now_ms + self._policy.hint_for_s * 1000
        return True

    def wanted(self, known: SavedView | None, now_ms: int) -> int | None:
        """The `rev` to ask for; None if the view has it, or it never came."""
        return self._rev if self._rev > _rev_of(known) and self.is_recent(now_ms) else None

    def pause_ms(self, known: SavedView | None, asked_for: int | None, now_ms: int) -> int | None:
        """The longest wait after an answer without it; None if there is nothing to wait for."""
        wanted = self.wanted(known, now_ms)
        if wanted is None or wanted != asked_for:
            return None if wanted is None else 0
        self._missed += 1
        return doubled(self._policy.hint_gap_ms, self._missed)

    def is_recent(self, now_ms: int) -> bool:
        """Whether the edge may still have older copies."""
        return now_ms < self._until_ms


def _rev_of(known: SavedView | None) -> int:
    return 0 if known is None else known.rev
