"""When the next request is due: planned, brought forward, or held back."""


class NextRequest:
    """`at_ms` is the plan. It starts due at once."""

    def __init__(self, now_ms: int) -> None:
        self.at_ms = now_ms
        self._not_before_ms = now_ms
        self._sent_at_ms: int | None = None

    def wait_ms(self, now_ms: int) -> int:
        """How long to wait for it; nothing or less if it is due."""
        return max(self.at_ms, self._not_before_ms) - now_ms

    def sent(self, now_ms: int) -> None:
        self._sent_at_ms = now_ms

    def hold(self, until_ms: int) -> None:
        """No request before that time, whatever brings it forward."""
        self._not_before_ms = until_ms

    def plan(self, at_ms: int, gap_ms: int) -> None:
        """At that time, but not within the gap after the last request."""
        self.at_ms = self._after_gap(at_ms, gap_ms)

    def hurry(self, at_ms: int, gap_ms: int) -> None:
        """The same, unless it is planned sooner."""
        self.at_ms = min(self.at_ms, self._after_gap(at_ms, gap_ms))

    def _after_gap(self, at_ms: int, gap_ms: int) -> int:
        return at_ms if self._sent_at_ms is None else max(at_ms, self._sent_at_ms + gap_ms)
