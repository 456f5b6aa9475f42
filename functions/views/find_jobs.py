"""Answers questions with the index of all jobs, a page at a time, the latest first.

A question reads the weeks of its lists from the last one back: first one week, then two, four,
eight. What is in all of its lists is looked up, and `matches` decides. A page looks up at most
LOOKED_UP jobs and reads WEEKS_READ weeks, so that no answer grows with the business. It may then
have fewer jobs than were asked for; the next page continues.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat

from functions.protocol.clock import utc_now
from functions.views.job_index import (
    JobIndex,
    list_name,
    place_of,
    start_of,
    week_of,
    weeks_of,
)
from statemachine.history.job_search import Entry, Question, is_whole, lists_of, matches

READERS = 8
LISTED = 200
"""How many places of a list are read at once."""
AT_ONCE = 50
"""How many jobs are looked up at once."""
LOOKED_UP = 500
WEEKS_READ = 160
"""Three years."""
MOST_WEEKS_AT_ONCE = 32
END = "~"
"""After every place."""


@dataclass(frozen=True)
class FoundJobs:
    """One page. `following` is the place before which the next page begins; None if there is
    none."""

    entries: tuple[Entry, ...]
    following: str | None = None


@dataclass(frozen=True)
class _Stretch:
    """What lists have in common, the last first, down to the place `down_to`; None if nothing is
    before that."""

    places: Sequence[str]
    down_to: str | None = None


def find_jobs(
    index: JobIndex, tenant: str, question: Question, most: int, before: str | None = None
) -> FoundJobs:
    """At most `most` jobs that fit, from before the place `before`. Raises Unavailable."""
    if question.job_id:
        entry = index.entries(tenant, [question.job_id]).get(question.job_id)
        return FoundJobs((entry,) if entry and matches(entry, question) else ())
    found: list[Entry] = []
    looked_up, following = 0, None
    for stretch in _stretches(index, tenant, question, before or END):
        for start in range(0, len(stretch.places), AT_ONCE):
            places = stretch.places[start : start + AT_ONCE]
            found += _fitting(index, tenant, question, places)
            if len(found) > most:
                return FoundJobs(tuple(found[:most]), _place(found[most - 1]))
            looked_up += len(places)
            if looked_up >= LOOKED_UP:
                return FoundJobs(tuple(found), places[-1])
        following = stretch.down_to
    return FoundJobs(tuple(found), following)


def _fitting(
    index: JobIndex, tenant: str, question: Question, places: Sequence[str]
) -> Iterator[Entry]:
    """A job that has changed since its place was read is left out if it is elsewhere now."""
    entries = index.entries(tenant, [_job_of(place) for place in places])
    for place in places:
        entry = entries.get(_job_of(place))
        if entry and _place(entry) == place and matches(entry, question):
            yield entry


def _stretches(index: JobIndex, tenant: str, question: Question, before: str) -> Iterator[_Stretch]:
    if question.until:
        before = min(before, place_of(question.until))
    lists = lists_of(question)
    if is_whole(lists[0][0]):
        yield from _whole(index, list_name(tenant, lists[0][0], None), before)
    elif weeks := weeks_of(index, tenant, utc_now()):
        first = max(weeks.first, week_of(question.since)) if question.since else weeks.first
        last = weeks.last if before == END else min(weeks.last, _week_before(before))
        yield from _by_week(_Lists(index, tenant, lists), first, last, before)


def _whole(index: JobIndex, name: str, before: str) -> Iterator[_Stretch]:
    more: str | None = before
    while more:
        places = index.listed(name, more, LISTED)
        more = places[-1] if len(places) == LISTED else None
        yield _Stretch(places, more)


def _by_week(lists: "_Lists", first: int, last: int, before: str) -> Iterator[_Stretch]:
    week, at_once, read = last, 1, 0
    with ThreadPoolExecutor(READERS) as readers:
        while week >= first and read < WEEKS_READ:
            weeks = range(week, max(first, week - at_once + 1) - 1, -1)
            parts = readers.map(lists.in_week, weeks, repeat(before))
            for part, week in zip(parts, weeks, strict=True):
                read += 1
                if part.down_to:  # the week has more
                    yield part
                    before, at_once = part.down_to, 1
                    break
                yield _Stretch(part.places, place_of(start_of(week)) if week > first else None)
            else:
                week, at_once = week - 1, min(2 * at_once, MOST_WEEKS_AT_ONCE)


@dataclass(frozen=True)
class _Lists:
    """The lists of a question: a job is in one of each group."""

    index: JobIndex
    tenant: str
    groups: Sequence[Sequence[str]]

    def in_week(self, week: int, before: str) -> _Stretch:
        """The places in all groups. `down_to` is set if a list has more in that week."""
        common: set[str] | None = None
        down_to = ""
        for group in self.groups:
            places = set[str]()
            for term in group:
                listed = self.index.listed(list_name(self.tenant, term, week), before, LISTED)
                if len(listed) == LISTED:
                    down_to = max(down_to, listed[-1])
                places.update(listed)
            common = places if common is None else common & places
            if not common:  # nothing down to `down_to` is in all groups, whatever the others have
                break
        kept = sorted((place for place in common or () if place >= down_to), reverse=True)
        return _Stretch(kept, down_to or None)


def _place(entry: Entry) -> str:
    return place_of(entry.at, entry.job_id)


def _job_of(place: str) -> str:
    return place.partition("#")[2]


def _week_before(place: str) -> int:
    return week_of(datetime.fromisoformat(place.partition("#")[0]).replace(tzinfo=UTC))
