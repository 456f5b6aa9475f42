"""The index of all jobs: made from the job objects, like the board, to answer questions.

An entry and its listings change together or not at all, and only to a higher `rev`. So messages may
come twice, late, or in any order:

    writer A   read rev 4 ─────────────── write rev 5 if still 4 → Conflict ── read rev 6: nothing
    writer B       read rev 4 ── write rev 6 if still 4
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Conflict, Corrupt, Jobs, Unavailable, UnknownJob
from functions.protocol.read_each import Unreadable, read_each
from statemachine.flows import load_flow
from statemachine.history.job_search import Entry, entry_of, is_whole, terms_of
from statemachine.history.report_figures import DayFigures, figures_of
from statemachine.job.job import Job

WEEK_S = 7 * 24 * 3600
WEEKS_BACK, WEEKS_AHEAD = 520, 144
"""What a question reads if no one knows in which weeks there are jobs: ten years, and as far ahead
as a business may plan, which is 1000 days."""


class Listing(NamedTuple):
    """One job in one list. `place` orders the list: moment and job id."""

    list: str
    place: str

    @property
    def job_id(self) -> str:
        return self.place.partition("#")[2]


class Weeks(NamedTuple):
    """The first and the last week in which a business has jobs. It only grows."""

    first: int
    last: int


@dataclass(frozen=True)
class IndexChange:
    """What becomes of one job: its entry, or None, and the listings that come and go."""

    job_id: str
    replacing: int | None
    """The `rev` of the stored entry; None if there is none, 0 if it is without one."""
    entry: Entry | None
    added: frozenset[Listing]
    removed: frozenset[Listing]
    counted: DayFigures | None = None
    """What to add to the figures of erased jobs."""


class JobIndex(Protocol):
    """The table of the index. All raise Unavailable."""

    def read(self, tenant: str, job_id: str) -> Entry | None:
        """The latest entry. Raises Corrupt; its ETag is the `rev` of the entry, if it has one."""

    def entries(self, tenant: str, job_ids: Iterable[str]) -> dict[str, Entry]:
        """The entries of those jobs that have one; perhaps without a change of this second.

        One that cannot be read is left out.
        """

    def listed(self, name: str, before: str, most: int) -> list[str]:
        """At most so many places of that list before `before`, the last one first."""

    def change(self, tenant: str, change: IndexChange) -> None:
        """All of it or nothing. Raises Conflict if the stored entry is not `replacing`."""

    def weeks(self, tenant: str) -> Weeks | None:
        """None if there were no jobs yet. Raises Corrupt."""

    def set_weeks(self, tenant: str, weeks: Weeks, before: Weeks | None) -> None:
        """Raises Conflict if the stored ones are not `before`."""

    def replace_weeks(self, tenant: str, weeks: Weeks) -> None:
        """Whatever is stored. Only for weeks that cannot be read."""

    def erased_jobs(self, tenant: str, first: date, last: date) -> list[DayFigures]:
        """The figures of erased jobs of these days of the business, both included."""

    def stored(self, tenant: str) -> Iterator[Listing | str]:
        """Each listing, and the job id of each entry. Reads the whole table, so only for a
        rebuild."""


@dataclass(frozen=True)
class IndexJob:
    """Brings one job's entry up to date."""

    index: JobIndex
    pause: Pause = full_jitter
    _weeks: dict[str, Weeks] = field(default_factory=dict)
    """As read last; a stored one is never narrower."""

    def __call__(self, job: Job, again: bool = False) -> None:
        """With `again` even if the entry is up to date, in case that listings are missing. Raises
        Unavailable."""
        entry = entry_of(job, load_flow(job.flow))
        self._repeat(lambda: self._write(job.tenant, entry, again))

    def remove(self, tenant: str, job_id: str) -> None:
        """Removes the entry and its listings, if there are any, of a job that is counted already.
        Raises Unavailable."""
        self._repeat(lambda: self._erase(tenant, job_id, None))

    def erase(self, tenant: str, job_id: str, zone: ZoneInfo) -> None:
        """Erases the entry and its listings, if there are any, and adds its figures to those of the
        erased jobs of its day in `zone`. Raises Unavailable."""
        self._repeat(lambda: self._erase(tenant, job_id, zone))

    def remove_stray(self, tenant: str, listing: Listing) -> bool:
        """Remove a listing unless its job's entry accounts for it, and return whether it was
        removed. A change of `terms_of` leaves such listings. Raises Unavailable."""
        known, rev = self._known(tenant, listing.job_id)
        if listing in listings_of(tenant, known):
            return False
        stray = frozenset({listing})
        self._repeat(
            lambda: self.index.change(
                tenant, IndexChange(listing.job_id, rev, known, frozenset(), stray)
            )
        )
        return True

    def _write(self, tenant: str, entry: Entry, again: bool) -> None:
        known, rev = self._known(tenant, entry.job_id)
        if known and (known.rev > entry.rev or (known.rev == entry.rev and not again)):
            return
        self._widen(tenant, week_of(entry.at))
        had, wanted = listings_of(tenant, known), listings_of(tenant, entry)
        added = wanted if again else wanted - had
        self.index.change(tenant, IndexChange(entry.job_id, rev, entry, added, had - wanted))

    def _erase(self, tenant: str, job_id: str, zone: ZoneInfo | None) -> None:
        known, rev = self._known(tenant, job_id)
        if known is None and rev is None:
            return
        counted = _counted(known, zone) if known and zone else None
        removed = listings_of(tenant, known)
        change = IndexChange(job_id, rev, None, frozenset(), removed, counted)
        self.index.change(tenant, change)

    def _known(self, tenant: str, job_id: str) -> tuple[Entry | None, int | None]:
        """The entry, and the `rev` to replace. One that cannot be read is replaced like any other:
        it only says what the job says."""
        try:
            entry = self.index.read(tenant, job_id)
        except Corrupt as error:
            return None, int(error.etag or 0)
        return entry, entry.rev if entry else None

    def restore_weeks(self, tenant: str, weeks: Weeks) -> None:
        """Replaces those that are stored if they cannot be read. Raises Unavailable."""

        def restore() -> None:
            try:
                self.index.weeks(tenant)
            except Corrupt:
                self.index.replace_weeks(tenant, weeks)

        self._repeat(restore)

    def _widen(self, tenant: str, week: int) -> None:
        """Before the entry is written, so that no question misses it.

        Weeks that cannot be read are left to a rebuild: until then, questions read all weeks.
        """
        known = self._weeks.get(tenant)
        if known and known.first <= week <= known.last:
            return
        try:
            stored = self.index.weeks(tenant)
        except Corrupt:
            return
        wider = Weeks(min(week, stored.first), max(week, stored.last)) if stored else None
        wider = wider or Weeks(week, week)
        if wider != stored:
            self.index.set_weeks(tenant, wider, stored)
        self._weeks[tenant] = wider

    def _repeat(self, act: Callable[[], None]) -> None:
        last: Exception | None = None
        for attempt in range(ATTEMPTS):
            try:
                act()
                return
            except (Conflict, Unavailable) as error:
                last = error
                self.pause(attempt)
        raise Unavailable(f"index: no write in {ATTEMPTS} attempts") from last


def week_of(at: datetime) -> int:
    """A number that grows by one each week, in UTC."""
    return int(at.timestamp()) // WEEK_S


def weeks_of(index: JobIndex, tenant: str, now: datetime) -> Weeks | None:
    """Those to read for a question. None if there were no jobs yet. Raises Unavailable."""
    try:
        return index.weeks(tenant)
    except Corrupt:
        return Weeks(week_of(now) - WEEKS_BACK, week_of(now) + WEEKS_AHEAD)


def start_of(week: int) -> datetime:
    return datetime.fromtimestamp(week * WEEK_S, UTC)


def _counted(entry: Entry, zone: ZoneInfo) -> DayFigures:
    """No person is in it."""
    return DayFigures(entry.at.astimezone(zone).date(), figures_of(entry.figures()).with_(erased=1))


def place_of(at: datetime, job_id: str = "") -> str:
    """Text order is the order of moments, then of job ids; without a job id it is before all of
    that second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}#{job_id}"


def list_name(tenant: str, term: str, week: int | None) -> str:
    """Terms are hashed, so that no key has a name or a phone number."""
    digest = hashlib.sha256(term.encode()).hexdigest()[:20]
    return f"{tenant}#{digest}" if week is None else f"{tenant}#{digest}#{week}"


def listings_of(tenant: str, entry: Entry | None) -> frozenset[Listing]:
    if entry is None:
        return frozenset()
    place, week = place_of(entry.at, entry.job_id), week_of(entry.at)
    return frozenset(
        Listing(list_name(tenant, term, None if is_whole(term) else week), place)
        for term in terms_of(entry)
    )


@dataclass(frozen=True)
class Rebuilt:
    """How many jobs the index has, how many listings and entries were removed because no job
    accounts for them, and the jobs that cannot be read, whose entries stay as they are."""

    jobs: int
    removed: int
    unreadable: tuple[str, ...]


def rebuild_index(jobs: Jobs, index_job: IndexJob, tenant: str, zone: ZoneInfo) -> Rebuilt:
    """The index made from the job objects, while it is in use. What is right is never removed, so
    a question that is asked meanwhile misses nothing. Raises Unavailable."""
    right, weeks, unreadable = set[int](), list[int](), list[str]()
    for job in read_each(jobs, tenant, jobs.all_ids(tenant)):
        if isinstance(job, Unreadable):
            unreadable.append(job.job_id)
            continue
        index_job(job, again=True)
        entry = entry_of(job, load_flow(job.flow))
        weeks.append(week_of(entry.at))
        # Hashes, because a business may have millions of listings.
        right |= {hash(each) for each in listings_of(tenant, entry)}
    if weeks:
        index_job.restore_weeks(tenant, Weeks(min(weeks), max(weeks)))
    doubtful = (each for each in index_job.index.stored(tenant) if hash(each) not in right)
    removed = sum(_removed(jobs, index_job, tenant, zone, each) for each in doubtful)
    return Rebuilt(len(weeks), removed, tuple(unreadable))


def _removed(
    jobs: Jobs, index_job: IndexJob, tenant: str, zone: ZoneInfo, stored: Listing | str
) -> bool:
    """Whether an entry without a job, or a listing that its entry does not account for, was
    removed."""
    if isinstance(stored, Listing):
        return index_job.remove_stray(tenant, stored)
    try:
        jobs.read(tenant, stored)
    except UnknownJob:
        index_job.erase(tenant, stored, zone)
        return True
    except Corrupt:
        return False
    return False
