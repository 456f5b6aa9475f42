"""What a reader shows, and how old it is.

What is shown is one of:

    asking      nothing is known yet; the first request is under way
    preparing   the view does not exist yet (403, 404); the reader retries within a budget
    remembered  the view from before (an earlier visit, a hidden tab, a lost network), not confirmed
                since; a request for it is under way
    current     the last answer confirmed it: the newest view, or the same as before
    stale       the edge answered with something older; `reason` is `older` or `missing`
    trouble     no usable answer; `reason` is `unreachable`, `busy`, `server_error`, `bad_answer`
    offline     the device says that it has no network
    not_found   never seen, and still missing after the budget (the reader has stopped)
    gone        it existed and no longer does: expired or revoked (the reader has stopped)

Every kind has the newest view ever shown (`None` only if there never was one) and the last moment
when it was certainly current. No kind ever has a lower `rev` than one shown before.
"""

from dataclasses import dataclass
from typing import Literal

from tracking.responses import Reason, ViewDocument

Kind = Literal[
    "asking",
    "preparing",
    "remembered",
    "current",
    "stale",
    "trouble",
    "offline",
    "not_found",
    "gone",
]


@dataclass(frozen=True)
class Display:
    """What the page or the CLI shows. `kind` and `reason` are listed at the top of this file."""

    kind: Kind
    view: ViewDocument | None = None
    checked_at_ms: int | None = None
    """When the view was certainly current, by the reader's clock; None: unknown.

    The moment the confirming request was sent, less the `Age` its answer had in a cache
    (RFC 9111, section 4.2.3).
    """
    reason: Reason | None = None

    def age_ms(self, now_ms: int) -> int | None:
        """The age of the view, by the reader's clock."""
        return None if self.checked_at_ms is None else max(0, now_ms - self.checked_at_ms)
