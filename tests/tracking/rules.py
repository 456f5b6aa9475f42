"""The rules for every trace, recorded or not, checked from scenario and trace only."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from tests.tracking.scenario_player import (
    EPOCH_MS,
    TAKES_MS,
    Scenario,
    Trace,
    answers_of,
    memory_text_of,
    policy_of,
    view_of,
)
from tracking.polling_policy import Policy, interval_ms
from tracking.responses import is_view
from tracking.saved_view import saved_view_in

Line = dict[str, Any]
IMF_FIXDATE = "%a, %d %b %Y %H:%M:%S GMT"


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, with their times (`None`: the scenario ended first)."""

    asked_at_ms: int
    source: str
    etag: str | None
    answer: Line
    answered_at_ms: int
    hinted: int | None

    @property
    def view(self) -> dict[str, Any] | None:
        """The view in a 200; None for everything else."""
        if self.answer.get("status") != 200:
            return None
        if "view" in self.answer:
            document = view_of(self.answer["view"], tuple(self.answer.get("without", ())))
            return document if is_view(document) else None
        return _view_in(self.answer.get("body", ""))

    @property
    def is_missing(self) -> bool:
        return self.answer.get("status") in (403, 404)


class Story:
    def __init__(self, scenario: Scenario, trace: Trace) -> None:
        self.policy: Policy = policy_of(scenario)
        self.trace = trace
        self.signals: list[Line] = [
            line if "signal" in line else line | {"signal": "hint"}
            for line in scenario.get("signals", [])
        ]
        self.shows = [line for line in trace if "show" in line]
        self.memory = saved_view_in(memory_text_of(scenario))
        self.end_ms = int(scenario.get("until_ms") or trace[-1]["at_ms"])
        gets = [line for line in trace if "get" in line]
        self.exchanges = [
            Exchange(
                get["at_ms"],
                get["get"],
                get.get("if_none_match"),
                answer,
                get["at_ms"] + answer.get("takes_ms", TAKES_MS),
                get.get("hinted"),
            )
            for get, answer in zip(gets, answers_of(scenario), strict=False)
        ]

    def is_away(self, at_ms: int) -> bool:
        """Whether the tab is hidden or the device offline at that moment."""
        state = {"hidden": False, "offline": False}
        for line in self.signals:
            if line["at_ms"] <= at_ms and line["signal"] not in ("retry", "focus", "hint"):
                away = line["signal"] in state
                state["hidden" if line["signal"] in ("hidden", "visible") else "offline"] = away
        return any(state.values())

    def signals_between(self, from_ms: int, to_ms: int) -> list[str]:
        return [one["signal"] for one in self.signals if from_ms <= one["at_ms"] <= to_ms]


def a_lower_rev_is_shown(story: Story) -> Iterator[object]:
    floor = story.memory.rev if story.memory else 0
    for line in story.shows:
        if line.get("rev", floor) < floor:
            yield line
        floor = max(floor, line.get("rev", floor))


def a_view_is_wiped(story: Story) -> Iterator[object]:
    seen = story.memory is not None
    for line in story.shows:
        seen = seen or "rev" in line
        if seen and "rev" not in line:
            yield line


def a_request_while_no_one_looks_or_offline(story: Story) -> Iterator[object]:
    yield from (one for one in story.exchanges if story.is_away(one.asked_at_ms))


def two_requests_at_once(story: Story) -> Iterator[object]:
    for one, following in pairwise(story.exchanges):
        if following.asked_at_ms < one.answered_at_ms:
            yield following


def a_request_before_retry_after(story: Story) -> Iterator[object]:
    for number, one in enumerate(story.exchanges):
        wait_ms = min(_retry_after_ms(one), story.policy.retry_after_cap_s * 1000)
        for later in story.exchanges[number + 1 :]:
            if later.asked_at_ms < one.answered_at_ms + wait_ms:
                yield later


def something_after_the_stop(story: Story) -> Iterator[object]:
    stopped_at_ms: int | None = None
    for line in story.trace:
        if stopped_at_ms is not None:
            if "retry" not in story.signals_between(stopped_at_ms, line["at_ms"]):
                yield line
            stopped_at_ms = None
        if "stop" in line:
            stopped_at_ms = line["at_ms"]


def a_stop_without_a_reason(story: Story) -> Iterator[object]:
    for before, line in pairwise(story.trace):
        if "stop" not in line:
            continue
        last = [one for one in story.exchanges if one.answered_at_ms <= line["at_ms"]][-1]
        ended = _confirms(last) and _last_view(story, line["at_ms"])["terminal"]
        shown = [one for one in story.shows if one["at_ms"] <= line["at_ms"]][-1]["show"]
        if not (shown in ("not_found", "gone") or (shown == "current" and ended)):
            yield before, line


def going_on_after_the_end(story: Story) -> Iterator[object]:
    for one in story.exchanges:
        at_ms = one.answered_at_ms
        current = [line for line in story.shows if line["at_ms"] == at_ms][-1:]
        if one.view is None or not one.view["terminal"] or not current:
            continue
        confirmed = current[0]["show"] == "current" and current[0]["rev"] == one.view["rev"]
        if confirmed and {"at_ms": at_ms, "stop": True} not in story.trace:
            yield one


def giving_up_too_early(story: Story) -> Iterator[object]:
    """not_found and gone need 410, or 403 and 404 for a whole budget and from the API too."""
    for line in story.shows:
        if line["show"] not in ("not_found", "gone"):
            continue
        done = [one for one in story.exchanges if one.answered_at_ms <= line["at_ms"]]
        if done[-1].answer.get("status") == 410 and line["show"] == "gone":
            continue
        seen = line["show"] == "gone"
        budget_s = story.policy.gone_budget_s if seen else story.policy.prepare_budget_s
        first = _first_of_spell(done)
        asked_api = any(one.source == "api" for one in done)
        if line["at_ms"] - first.asked_at_ms < budget_s * 1000 or not asked_api:
            yield line
        if seen != ("rev" in line):
            yield line


def current_without_a_confirmation(story: Story) -> Iterator[object]:
    for before, line in zip([None, *story.shows], story.shows, strict=False):
        if line["show"] != "current" or (before and before["show"] == "offline"):
            continue
        answers = [one for one in story.exchanges if one.answered_at_ms == line["at_ms"]]
        if not any(_confirms(one) for one in answers):
            yield line


def a_check_that_claims_too_much(story: Story) -> Iterator[object]:
    """`checked_at_ms` is never later than the latest request that was answered by then."""
    for line in story.shows:
        checked_at_ms = line.get("checked_at_ms")
        confirmed = [
            one.asked_at_ms
            for one in story.exchanges
            if one.answered_at_ms <= line["at_ms"] and _confirms(one)
        ]
        known = story.memory.checked_at_ms if story.memory else None
        confirmed += [known - EPOCH_MS] if known is not None else []
        if checked_at_ms is not None and checked_at_ms > max(confirmed):
            yield line


def a_condition_for_something_else(story: Story) -> Iterator[object]:
    """If-None-Match is the ETag of the rev that is shown."""
    for number, one in enumerate(story.exchanges):
        rev = _last_view(story, one.asked_at_ms).get("rev")
        known = {
            (before.view["rev"], before.answer.get("headers", {}).get("etag"))
            for before in story.exchanges[:number]
            if before.view is not None
        }
        if story.memory:
            known.add((story.memory.rev, story.memory.etag))
        if one.etag is not None and (rev, one.etag) not in known:
            yield one


def the_api_asked_too_often(story: Story) -> Iterator[object]:
    asked = [one.asked_at_ms for one in story.exchanges if one.source == "api"]
    for before, later in pairwise(asked):
        if later - before < story.policy.fallback_pause_s * 1000:
            yield later


def a_poll_too_soon(story: Story) -> Iterator[object]:
    """After a confirmation, the next request waits half the interval, unless a signal comes or a
    hint is followed.

    The interval is at most the fast one after a change, and near the arrival window.
    """
    for one, later in pairwise(story.exchanges):
        if not _confirms(one) or story.signals_between(one.asked_at_ms, later.asked_at_ms):
            continue
        if one.hinted is not None or later.hinted is not None:
            continue
        view = _last_view(story, later.asked_at_ms)
        interval = interval_ms(view, story.policy)
        if story.policy.fast_for_s or "schedule" in view:
            interval = min(interval, story.policy.poll_fast_s * 1000)
        if later.asked_at_ms - one.answered_at_ms < interval * 0.5:
            yield later


def a_hint_without_a_pause(story: Story) -> Iterator[object]:
    """Whatever hints come, requests for their revs keep a gap."""
    for one, later in pairwise(story.exchanges):
        gap_ms = later.asked_at_ms - one.asked_at_ms
        if later.hinted is not None and gap_ms < story.policy.hint_gap_ms:
            yield later


def a_request_for_a_rev_that_no_hint_named(story: Story) -> Iterator[object]:
    for one in story.exchanges:
        named = [line.get("hint") for line in story.signals if line["at_ms"] <= one.asked_at_ms]
        if one.hinted is not None and one.hinted not in named:
            yield one


def falling_asleep(story: Story) -> Iterator[object]:
    """While the page is visible, the next request comes within a bounded time."""
    cap_ms = story.policy.trouble_cap_s * 1000
    stopped = "stop" in story.trace[-1]
    next_ms: list[int] = [one.asked_at_ms for one in story.exchanges[1:]]
    next_ms += [] if stopped else [story.end_ms]
    for one, until_ms in zip(story.exchanges, next_ms, strict=False):
        interval = interval_ms(_last_view(story, until_ms) or None, story.policy)
        wait_ms = min(_retry_after_ms(one), story.policy.retry_after_cap_s * 1000)
        most_ms = max(interval * 1.5, interval + cap_ms) + wait_ms
        if not story.signals and until_ms - one.answered_at_ms > most_ms:
            yield one


RULES: list[Callable[[Story], Iterator[object]]] = [
    a_lower_rev_is_shown,
    a_view_is_wiped,
    a_request_while_no_one_looks_or_offline,
    two_requests_at_once,
    a_request_before_retry_after,
    something_after_the_stop,
    a_stop_without_a_reason,
    going_on_after_the_end,
    giving_up_too_early,
    current_without_a_confirmation,
    a_check_that_claims_too_much,
    a_condition_for_something_else,
    the_api_asked_too_often,
    a_poll_too_soon,
    a_hint_without_a_pause,
    a_request_for_a_rev_that_no_hint_named,
    falling_asleep,
]


def violations(scenario: Scenario, trace: Trace) -> list[str]:
    story = Story(scenario, trace)
    return [f"{rule.__name__}: {found}" for rule in RULES for found in rule(story)]


def _confirms(one: Exchange) -> bool:
    """Whether the answer may confirm what is shown: a view, or 304 to a conditional request."""
    unchanged = one.answer.get("status") == 304 and one.etag is not None
    return unchanged or one.view is not None


def _last_view(story: Story, by_ms: int) -> dict[str, Any]:
    """The newest view answered by then (or remembered); the later of two with the same rev."""
    views = [dict(story.memory.view)] if story.memory else []
    views += [one.view for one in story.exchanges if one.answered_at_ms <= by_ms and one.view]
    newest: dict[str, Any] = {}
    for view in views:
        newest = view if view["rev"] >= newest.get("rev", 0) else newest
    return newest


def _first_of_spell(done: list[Exchange]) -> Exchange:
    """The first 403 or 404 since the last view or 304."""
    spell: list[Exchange] = []
    for one in done:
        spell = [] if _confirms(one) else [*spell, *([one] if one.is_missing else [])]
    return spell[0]


def _retry_after_ms(one: Exchange) -> int:
    """Retry-After by RFC 9110, implemented separately from the reader."""
    headers = one.answer.get("headers", {})
    text = headers.get("retry-after", "").strip()
    if one.answer.get("status") not in (429, 503) or not text:
        return 0
    if text.isascii() and text.isdecimal():
        return int(text) * 1000
    until_ms, said_ms = _date_ms(text), _date_ms(headers.get("date", ""))
    if until_ms is None:
        return 0
    from_ms = EPOCH_MS + one.answered_at_ms if said_ms is None else said_ms
    return max(0, until_ms - from_ms)


def _date_ms(text: str) -> int | None:
    try:
        moment = datetime.strptime(text, IMF_FIXDATE).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp() * 1000) if moment.strftime(IMF_FIXDATE) == text else None


def _view_in(body: str) -> dict[str, Any] | None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        document = json.loads(body.removeprefix("\ufeff"), parse_constant=refuse)
    except ValueError:
        return None
    return document if is_view(document) else None
