"""Explains a job: reads everything that is known about it, and makes one timeline of it.

Nothing is stored for this, so it costs nothing until someone uses it. A source that does not
answer, or no longer has the beginning, is named in `incomplete`; the rest is still shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from functions.api.ops_models import TimelineDocument
from functions.messages.deliveries import Deliveries, delivery_log
from functions.ops.history import (
    KEPT_AT_LEAST,
    BoardSearch,
    ExecutionRuns,
    History,
    HistoryPage,
    InvalidationTimes,
    TooManyReads,
    VersionStamp,
)
from functions.ops.partial_results import PartialResults
from functions.protocol.ports import Corrupt, Jobs, Stuck
from statemachine.flows import flow_names, load_flow
from statemachine.job.deliveries import Delivery
from statemachine.job.job import Job
from statemachine.values.ids import digest_of
from statemachine.values.safe_time import shifted
from statemachine.views.diagnosis import diagnose
from statemachine.views.evidence import ExecutionRun, JobEvidence, ObjectVersion, TimelineEvent
from statemachine.views.timeline import changes_of, label_of, timeline_of
from statemachine.views.views import SHOWN_AFTER_END

GENERATIONS = 10
"""How many executions are read, the latest."""
CUT_TO_SECONDS = timedelta(seconds=1)
UNREADABLE = (
    "The job's object cannot be read; this timeline is from its last readable version. "
    "`haul ops restore {job_id}` restores that version."
)
NOTHING_READABLE = (
    "Neither the job's object nor an earlier version of it can be read: {why}. Look at the object "
    "with AWS credentials, or erase the job."
)
MARKED = "The job has been stuck since {since:%Y-%m-%d %H:%M} UTC: {why}{detail}."

T = TypeVar("T")


@dataclass(frozen=True)
class ExplainJob:
    jobs: Jobs
    history: History
    invalidations: InvalidationTimes
    deliveries: Deliveries
    runs: ExecutionRuns
    stuck: Stuck
    missing: Callable[[str, str], Sequence[str]]
    """From tenant and job id to the messages that should exist and do not. Raises Unavailable."""

    def __call__(self, tenant: str, job_id: str, now: datetime) -> TimelineDocument:
        """Raises UnknownJob, Unavailable. If no version of the job can be read, only `diagnosis`
        says so; if our own code fails on the job, the rest is still shown."""
        sources = _Sources()
        stuck = sources.read("stuck jobs", lambda: tuple(self._stuck(tenant, job_id))) or ()
        try:
            job, readable = self._job(tenant, job_id)
        except Corrupt as error:
            return TimelineDocument(
                job_id=job_id,
                rev=0,
                events=(),
                diagnosis=(NOTHING_READABLE.format(why=error), *stuck),
                incomplete=tuple(sources.incomplete),
            )
        evidence = self._evidence(job, sources, now)
        events = sources.read("timeline", lambda: timeline_of(evidence)) or ()
        diagnosis = (*self._diagnosis(evidence, readable, sources, now), *stuck)
        return self._document(job, events, diagnosis, sources, now)

    def _diagnosis(
        self, evidence: JobEvidence, readable: bool, sources: "_Sources", now: datetime
    ) -> tuple[str, ...]:
        if not readable:
            return (UNREADABLE.format(job_id=evidence.job.job_id),)
        return sources.read("diagnosis", lambda: diagnose(evidence, now)) or ()

    def _stuck(self, tenant: str, job_id: str) -> Iterator[str]:
        mark = self.stuck.read(tenant, job_id)
        if mark:
            detail = f" ({mark.detail})" if mark.detail else ""
            yield MARKED.format(since=mark.since, why=mark.why.replace("_", " "), detail=detail)

    def _document(
        self,
        job: Job,
        events: tuple[TimelineEvent, ...],
        diagnosis: tuple[str, ...],
        sources: "_Sources",
        now: datetime,
    ) -> TimelineDocument:
        # Events that happened while the sources were read come before the last line, "now".
        at = max([now, *(event.at for event in events)])
        last = TimelineEvent(
            at=at,
            what="now",
            text=f"{label_of(job, job.status)}, rev {job.rev}",
            ok=not diagnosis,
        )
        return TimelineDocument(
            job_id=job.job_id,
            flow=job.flow,
            status=job.status,
            rev=job.rev,
            events=(*events, last),
            diagnosis=diagnosis,
            incomplete=tuple(sources.incomplete),
        )

    def _job(self, tenant: str, job_id: str) -> tuple[Job, bool]:
        """The job and True, or its last readable version and False."""
        try:
            return self.jobs.read(tenant, job_id).value, True
        except Corrupt:
            versions = self.history.of_job(tenant, job_id).items
            if not versions:
                raise
            return versions[-1].value, False

    def _evidence(self, job: Job, sources: "_Sources", now: datetime) -> JobEvidence:
        history, digest = self.history, digest_of(job.token)
        versions = sources.items(
            "versions of the job",
            lambda: _from_the_first(
                history.of_job(job.tenant, job.job_id), lambda job: job.version
            ),
        )
        changed = changes_of(job, versions or ())
        times, path = list(changed.values()), f"/t/{digest}.json"
        boards = sources.items("versions of the board", lambda: self._boards(job, changed, now))
        shown = boards[0] if boards else None
        return JobEvidence(
            job=job,
            versions=versions,
            views=sources.items(
                "versions of the view",
                lambda: _from_the_first(history.of_view(digest), lambda view: view.rev),
            ),
            cards=shown.cards if shown else None,
            on_board=shown.now if shown else None,
            invalidations=sources.items(
                "invalidations", lambda: self.invalidations.times(path, times)
            ),
            deliveries=sources.items("messages", lambda: self._messages(job)),
            runs=sources.items("executions", lambda: self._runs(job)),
            missing=sources.read(
                "missing messages", lambda: tuple(self.missing(job.tenant, job.job_id))
            ),
        )

    def _boards(
        self, job: Job, changed: dict[int, datetime], now: datetime
    ) -> HistoryPage["_OnBoard"]:
        boards = self.history.of_board(job.tenant)
        stamps = [stamp for stamp in boards.items if stamp.at <= _leaves_board(job)]
        begins = _begins(HistoryPage(tuple(stamps), boards.cut), now)

        def rev_in(stamp: VersionStamp) -> int:
            return self.history.card_rev(job.tenant, stamp.version_id, job.job_id)

        # Earlier changes were first shown on boards that no longer exist.
        since = {rev: at for rev, at in changed.items() if at >= begins}
        search = BoardSearch(stamps, rev_in)
        newest = search.newest()
        cards, complete = _found(search, since)
        cut = not complete or len(since) < len(changed)
        return HistoryPage((_OnBoard(cards, newest),), cut=cut)

    def _messages(self, job: Job) -> HistoryPage[Delivery]:
        return HistoryPage(tuple(delivery_log(self.deliveries, job.tenant, job.job_id)))

    def _runs(self, job: Job) -> HistoryPage[ExecutionRun]:
        newest = job.execution.generation
        first = max(0, newest - GENERATIONS + 1)
        wanted = range(first, newest + 1)
        found = self.runs.of(job.flow, job.tenant, job.job_id, wanted)
        return HistoryPage(tuple(found), cut=first > 0 or len(found) < len(wanted))


@dataclass(frozen=True)
class _OnBoard:
    """When the job's changes were first on the board, and the rev that the board has now."""

    cards: tuple[ObjectVersion[int], ...]
    now: int


def _from_the_first(
    past: HistoryPage[ObjectVersion[T]], number: Callable[[T], int]
) -> HistoryPage[ObjectVersion[T]]:
    """Sets `cut` if the versions do not begin with `rev` 1: S3 has erased earlier ones."""
    begins = number(past.items[0].value) == 1 if past.items else True
    return HistoryPage(past.items, cut=past.cut or not begins)


def _begins(boards: HistoryPage[VersionStamp], now: datetime) -> datetime:
    """The time since which every version of the board is known."""
    first = boards.items[0].at if boards.items else now
    return first if boards.cut else min(first, now - KEPT_AT_LEAST)


def _leaves_board(job: Job) -> datetime:
    """The time until which the job's card is on the board, with rising revs."""
    known = load_flow(job.flow).statuses if job.flow in flow_names() else ()
    ends = {status.name for status in known if status.terminal}
    return (
        shifted(job.entered_at, SHOWN_AFTER_END)
        if job.status in ends
        else datetime.max.replace(tzinfo=job.entered_at.tzinfo)
    )


def _found(
    search: BoardSearch, changed: dict[int, datetime]
) -> tuple[tuple[ObjectVersion[int], ...], bool]:
    """The first card with each change, newest first, and whether every change was found."""
    cards: dict[int, ObjectVersion[int]] = {}
    try:
        for rev, at in sorted(changed.items(), reverse=True):
            card = search.first_with(rev, shifted(at, -CUT_TO_SECONDS))
            if card:
                cards[card.value] = card
    except TooManyReads:
        return tuple(cards.values()), False
    return tuple(cards.values()), True


class _Sources(PartialResults):
    def items(self, source: str, read: Callable[[], HistoryPage[T]]) -> tuple[T, ...] | None:
        page = self.read(source, read)
        if page is None:
            return None
        if page.cut:
            self.incomplete.append(f"{source}: only the latest part is known")
        return page.items
