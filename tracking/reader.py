"""The retrying reader of a public view: what to request and when, and what to show.

It has no network, clock, or storage: `tracking/http_reader.py` has those. It is the same reader as
`web/shared/reader/reader.js`, and both leave the same trace on every file in `tracking/scenarios/`.
"""

import math
import random as dice
from collections.abc import Callable

from tracking.display import Display, Kind
from tracking.hinted_rev import HintedRev
from tracking.next_request import NextRequest
from tracking.polling_policy import Policy, RetryBudget, doubled, interval_ms, pace_ms
from tracking.reader_steps import Fetch, ReaderStep, Signal, Sleep, Source, Stop
from tracking.responses import Reason, Response, ViewDocument, age_ms, meaning_of
from tracking.saved_view import SavedView, later_check, without_future_check


class Reader:
    """One visit to one link.

    Call `step` until it says `Stop`, do what it says, and report what happened with `receive`,
    `signal`, and `hint`; read `shown` after each. `now_ms` is a clock in whole epoch milliseconds
    that never goes back. `random` gives numbers in [0, 1).
    """

    def __init__(
        self,
        now_ms: int,
        policy: Policy | None = None,
        random: Callable[[], float] = dice.random,
        remembered: SavedView | None = None,
    ) -> None:
        self._policy = policy or Policy()
        self._random = random
        self.remembered = without_future_check(remembered, now_ms)
        self._kind: Kind = "asking"
        self._reason: Reason | None = None
        self._stopped = False
        self._hidden = False
        self._offline = False
        self._asked: Fetch | None = None
        self._api_asked_at_ms: int | None = None
        self._next = NextRequest(now_ms)
        self._attended_at_ms = now_ms
        self._failures = 0
        self._early = 0
        self._older = 0
        self._missing = 0
        self._missing_since_ms: int | None = None
        self._hinted = HintedRev(self._policy, now_ms)
        self._budget = RetryBudget(self._policy)
        if self.remembered is not None:
            self._kind = "remembered"
            self._budget.cut(self._random())

    @property
    def shown(self) -> Display:
        offline = self._offline and not self._stopped
        kind, reason = ("offline", None) if offline else (self._kind, self._reason)
        if self.remembered is None:
            return Display(kind, reason=reason)
        return Display(kind, self.remembered.view, self.remembered.checked_at_ms, reason)

    def step(self, now_ms: int) -> ReaderStep:
        if self._stopped:
            return Stop()
        if self._asked is not None or self._hidden or self._offline:
            return Sleep(None)
        wait_ms = self._next.wait_ms(now_ms)
        return Sleep(wait_ms) if wait_ms > 0 else self._ask(now_ms)

    def receive(self, answer: Response | None, now_ms: int) -> None:
        """Takes the answer to the last `Fetch`; None: no answer, or none within the timeout."""
        asked, self._asked = self._asked, None
        if asked is None:
            raise RuntimeError("an answer without a request: call step() first")
        if answer is None and self._offline:
            return
        meaning = meaning_of(answer, asked.if_none_match is not None, now_ms)
        if meaning.kind == "trouble":
            assert meaning.reason is not None
            self._trouble(meaning.reason, meaning.retry_after_ms, now_ms)
        elif meaning.kind == "gone":
            self._stop("gone")
        elif meaning.kind == "missing":
            self._not_there(asked, now_ms)
        else:
            assert answer is not None
            self._there(meaning.view, meaning.etag, asked, age_ms(answer.headers), now_ms)

    def signal(self, signal: Signal, now_ms: int) -> None:
        """Takes a signal of the device or the visitor. One that changes nothing is ignored."""
        if signal == "hidden":
            self._hidden = True
        elif signal == "offline":
            self._offline = True
        elif signal == "visible" and self._hidden:
            self._hidden = False
            self._doubt(now_ms)
            self._wake(now_ms)
        elif signal == "focus":
            self._wake(now_ms)
        elif signal == "online" and self._offline:
            self._offline = False
            self._attended_at_ms = now_ms
            self._doubt(now_ms)
            at_ms = now_ms + self._up_to(self._policy.wake_jitter_ms)
            self._next.plan(at_ms, self._policy.wake_gap_ms)
        elif signal == "retry":
            self._press_retry(now_ms)

    def hint(self, rev: object, now_ms: int) -> None:
        """Takes the claim that the view has this `rev` now. It only brings requests forward."""
        if self._hinted.hear(rev, self.remembered, now_ms):
            self._next.hurry(now_ms, self._policy.hint_gap_ms)

    # What an answer changes

    def _there(
        self, found: ViewDocument | None, etag: str | None, asked: Fetch, age_ms: int, now_ms: int
    ) -> None:
        """A view came, or (`found` is None) a 304 for the one that is shown."""
        known = self.remembered
        if found is None:
            assert known is not None, "a conditional request needs a remembered view"
            new = SavedView(known.view, known.etag, asked.at_ms - age_ms)
        else:
            new = SavedView(found, etag, asked.at_ms - age_ms)
        if known is not None and new.rev < known.rev:
            self._older_copy(asked, now_ms)
        else:
            self._confirm(new, asked, now_ms)

    def _older_copy(self, asked: Fetch, now_ms: int) -> None:
        self._missing_since_ms = None
        if self._kind != "current" or asked.rev is not None or not self._hinted.is_recent(now_ms):
            self._older += 1 if asked.source == "edge" else 0
            self._show("stale", "older")
        self._settle(now_ms)
        self._follow_hint(asked, now_ms)

    def _confirm(self, new: SavedView, asked: Fetch, now_ms: int) -> None:
        first = self.remembered is None
        if self.remembered is not None and new.rev > self.remembered.rev:
            self._attended_at_ms = now_ms
        self.remembered = later_check(new, self.remembered)
        self._missing_since_ms = None
        self._older = 0 if asked.source == "edge" else self._older
        if first:
            self._budget.cut(self._random())
        self._show("current")
        self._settle(now_ms)
        self._follow_hint(asked, now_ms)
        self._stopped = self.remembered.view["terminal"] is True

    def _not_there(self, asked: Fetch, now_ms: int) -> None:
        if self._missing_since_ms is None:
            self._missing, self._missing_since_ms = 0, asked.at_ms
        self._missing += 1
        seen = self.remembered is not None
        last_word = asked.source == "api" or not self._wants_api(now_ms)
        if now_ms >= self._missing_until_ms() and last_word:
            self._stop("gone" if seen else "not_found")
        elif seen:
            self._show("stale", "missing")
            self._settle(now_ms)
        else:
            self._show("preparing")
            self._prepare(now_ms)

    def _prepare(self, now_ms: int) -> None:
        """Asks again soon, and for the last time when the budget ends."""
        policy = self._policy
        ceiling_ms = min(doubled(policy.prepare_base_ms, self._missing), policy.prepare_cap_ms)
        self._failures = self._early = 0
        self._next.at_ms = min(now_ms + self._up_to(ceiling_ms), self._missing_until_ms())

    def _trouble(self, reason: Reason, retry_after_ms: int | None, now_ms: int) -> None:
        self._failures += 1
        self._show("trouble", reason)
        self._budget.earn()
        if retry_after_ms is not None:
            self._obey(retry_after_ms, now_ms)
        elif self._budget.spend():
            self._early += 1
            ceiling_ms = doubled(self._policy.retry_base_ms, self._early)
            self._next.at_ms = now_ms + self._up_to(min(ceiling_ms, self._interval_ms()))
        else:
            self._next.at_ms = now_ms + self._troubled_pace_ms()

    def _obey(self, retry_after_ms: int, now_ms: int) -> None:
        """Waits until the requested time, plus jitter, because all readers got the same time."""
        wait_ms = min(retry_after_ms, self._policy.retry_after_cap_s * 1000)
        self._next.hold(now_ms + wait_ms)
        spread_ms = self._up_to(self._interval_ms())
        self._next.at_ms = now_ms + max(self._troubled_pace_ms(), wait_ms + spread_ms)

    def _settle(self, now_ms: int) -> None:
        """The answer was usable: the next poll follows attention."""
        policy, troubled = self._policy, self._failures > 0
        percent = policy.recovery_jitter_percent if troubled else policy.poll_jitter_percent
        self._failures = self._early = 0
        view = self.remembered.view if self.remembered is not None else None
        own_ms = pace_ms(view, policy, self._attended_at_ms, now_ms)
        self._next.at_ms = now_ms + self._around(own_ms, percent)

    def _follow_hint(self, asked: Fetch, now_ms: int) -> None:
        """The answer may be older than the hint: ask again sooner than the next poll."""
        pause_ms = self._hinted.pause_ms(self.remembered, asked.rev, now_ms)
        if pause_ms is not None:
            self._next.hurry(now_ms + self._up_to(pause_ms), self._policy.hint_gap_ms)

    def _show(self, kind: Kind, reason: Reason | None = None) -> None:
        self._kind, self._reason = kind, reason

    def _stop(self, kind: Kind) -> None:
        self._show(kind)
        self._stopped = True

    # When to ask, and edge or API

    def _ask(self, now_ms: int) -> Fetch:
        source: Source = "api" if self._wants_api(now_ms) else "edge"
        if source == "api":
            self._api_asked_at_ms = now_ms
        self._next.sent(now_ms)
        etag = self.remembered.etag if self.remembered is not None else None
        rev = self._hinted.wanted(self.remembered, now_ms) if source == "edge" else None
        self._asked = Fetch(source, now_ms, etag, rev)
        return self._asked

    def _wants_api(self, now_ms: int) -> bool:
        """Whether the edge has been wrong for so long that the API has to be asked."""
        pause_ms = self._policy.fallback_pause_s * 1000
        if self._api_asked_at_ms is not None and now_ms - self._api_asked_at_ms < pause_ms:
            return False
        if self._older >= self._policy.older_before_fallback:
            return True
        if self._missing_since_ms is None:
            return False
        return self.remembered is not None or now_ms >= self._missing_until_ms()

    def _missing_until_ms(self) -> int:
        assert self._missing_since_ms is not None
        seen = self.remembered is not None
        budget_s = self._policy.gone_budget_s if seen else self._policy.prepare_budget_s
        return self._missing_since_ms + budget_s * 1000

    def _is_old(self, now_ms: int) -> bool:
        age = self.shown.age_ms(now_ms)
        return age is None or age >= self._interval_ms()

    def _press_retry(self, now_ms: int) -> None:
        if self._stopped:
            self._stopped = False
            self._failures = self._early = 0
            self._missing_since_ms = None
            self._show("asking" if self.remembered is None else "remembered")
        self._wake(now_ms)

    def _doubt(self, now_ms: int) -> None:
        """After a time without requests, the view may no longer be `current`."""
        if self._kind == "current" and not self._stopped and self._is_old(now_ms):
            self._show("remembered")

    def _wake(self, now_ms: int) -> None:
        """Someone looks: ask at once."""
        self._attended_at_ms = now_ms
        self._next.plan(min(self._next.at_ms, now_ms), self._policy.wake_gap_ms)

    def _interval_ms(self) -> int:
        view = self.remembered.view if self.remembered is not None else None
        return interval_ms(view, self._policy)

    def _troubled_pace_ms(self) -> int:
        """Never sooner than the ordinary poll, and later by a growing full jitter."""
        own_ms, cap_ms = self._interval_ms(), self._policy.trouble_cap_s * 1000
        return own_ms + self._up_to(min(doubled(own_ms, self._failures - self._early), cap_ms))

    def _up_to(self, ceiling_ms: int) -> int:
        """Full jitter: anything from 0 to `ceiling_ms`."""
        return math.floor(self._random() * ceiling_ms)

    def _around(self, middle_ms: int, percent: int) -> int:
        return math.floor(middle_ms * (100 - percent + 2 * percent * self._random()) / 100)
