"""Explain a job: read all that is known of it, and timeline_of it as one story.

Nothing is kept for this, so it costs nothing until someone asks. A source that does not answer,
or that has forgotten the beginning, is named in `incomplete`; the rest is told all the same.
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
    TooManyLooks,
    VersionStamp,
)
from functions.ops.partial_results import PartialResults
from functions.protocol.ports import Corrupt, Jobs, Stuck
from statemachine.deliveries import Delivery
from statemachine.diagnosis import diagnose
from statemachine.evidence import ExecutionRun, JobEvidence, ObjectVersion, TimelineEvent
from statemachine.flows import flow_names, load_flow
from statemachine.ids import digest_of
from statemachine.job import Job
from statemachine.safe_time import shifted
from statemachine.timeline import changes_of, label_of, timeline_of
from statemachine.views import SHOWN_AFTER_END, View

GENERATIONS = 10
"""So many executions are asked about, the latest."""
CUT_TO_SECONDS = timedelta(seconds=1)
UNREADABLE = (
    "Its object cannot be read; this is told from its last readable version, which "
    "`haul ops restore {job_id}` puts back."
)
NOTHING_READABLE = (
    "Its object cannot be read, and no earlier version of it: {why}. Whoever has AWS credentials "
    "looks at the object by hand, or erases it."
)
MARKED = "The watchdog has called a person since {since:%Y-%m-%d %H:%M} UTC: {why}{detail}."

T = TypeVar("T")


@dataclass(frozen=True)
class ExplainJob:
    jobs: Jobs
    history: History
    forgotten: InvalidationTimes
    deliveries: Deliveries
    runs: ExecutionRuns
    stuck: Stuck
    missing: Callable[[str, str], Sequence[str]]
    """Tenant and job id; the messages that ought to exist and do not. Raises Unavailable."""

    def __call__(self, tenant: str, job_id: str, now: datetime) -> TimelineDocument:
        """Raises UnknownJob, Unavailable. Where no version of the job can be read, `wrong` alone
        tells of it; where our code fails on it, the rest is told all the same."""
        asking = _Asking()
        marked = asking.ask("stuck jobs", lambda: tuple(self._marked(tenant, job_id))) or ()
        try:
            job, readable = self._job(tenant, job_id)
        except Corrupt as error:
            why = (NOTHING_READABLE.format(why=error), *marked)
            return TimelineDocument(
                job_id=job_id, rev=0, lines=(), wrong=why, incomplete=tuple(asking.incomplete)
            )
        known = self._known(job, asking, now)
        told = asking.ask("timeline", lambda: timeline_of(known)) or ()
        wrong = (*self._wrong(known, readable, asking, now), *marked)
        return self._document(job, told, wrong, asking, now)

    def _wrong(
        self, known: JobEvidence, readable: bool, asking: "_Asking", now: datetime
    ) -> tuple[str, ...]:
        if not readable:
            return (UNREADABLE.format(job_id=known.job.job_id),)
        return asking.ask("diagnosis", lambda: diagnose(known, now)) or ()

    def _marked(self, tenant: str, job_id: str) -> Iterator[str]:
        mark = self.stuck.read(tenant, job_id)
        if mark:
            detail = f" ({mark.detail})" if mark.detail else ""
            yield MARKED.format(since=mark.since, why=mark.why.replace("_", " "), detail=detail)

    def _document(
        self,
        job: Job,
        lines: tuple[TimelineEvent, ...],
        wrong: tuple[str, ...],
        asking: "_Asking",
        now: datetime,
    ) -> TimelineDocument:
        # What happened while the sources were read is told, and was before the end of the telling.
        at = max([now, *(line.at for line in lines)])
        last = TimelineEvent(
            at=at,
            what="now",
            text=f"{label_of(job, job.status)}, rev {job.rev}",
            ok=not wrong,
        )
        return TimelineDocument(
            job_id=job.job_id,
            flow=job.flow,
            status=job.status,
            rev=job.rev,
            lines=(*lines, last),
            wrong=wrong,
            incomplete=tuple(asking.incomplete),
        )

    def _job(self, tenant: str, job_id: str) -> tuple[Job, bool]:
        """The job, or its last version that can be read, and whether it is the job itself."""
        try:
            return self.jobs.read(tenant, job_id).value, True
        except Corrupt:
            versions = self.history.of_job(tenant, job_id).items
            if not versions:
                raise
            return versions[-1].value, False

    def _known(self, job: Job, asking: "_Asking", now: datetime) -> JobEvidence:
        history, digest = self.history, digest_of(job.token)
        versions = asking.past(
            "versions of the job",
            lambda: _from_the_first(
                history.of_job(job.tenant, job.job_id), lambda job: job.version
            ),
        )
        changed = changes_of(job, versions or ())
        times, path = list(changed.values()), f"/t/{digest}.json"
        boards = asking.past("versions of the board", lambda: self._boards(job, changed, now))
        shown = boards[0] if boards else None
        return JobEvidence(
            job=job,
            versions=versions,
            views=asking.past(
                "versions of the view",
                lambda: _from_the_first(history.of_view(digest), lambda view: view.rev),
            ),
            cards=shown.cards if shown else None,
            on_board=shown.now if shown else None,
            invalidations=asking.past("invalidations", lambda: self.forgotten.times(path, times)),
            deliveries=asking.past("messages", lambda: self._messages(job)),
            runs=asking.past("executions", lambda: self._runs(job)),
            missing=asking.ask(
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

        # What was changed before the first board there is stood on another one first.
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
    """When its changes came onto the board, and the rev that stands there now."""

    cards: tuple[ObjectVersion[int], ...]
    now: int


def _from_the_first(
    past: HistoryPage[ObjectVersion[T]], number: Callable[[T], int]
) -> HistoryPage[ObjectVersion[T]]:
    """Cut where its versions do not begin with the first one: S3 has erased those before."""
    begins = number(past.items[0].value) == 1 if past.items else True
    return HistoryPage(past.items, cut=past.cut or not begins)


def _begins(boards: HistoryPage[VersionStamp], now: datetime) -> datetime:
    """From then on every board is known."""
    first = boards.items[0].at if boards.items else now
    return first if boards.cut else min(first, now - KEPT_AT_LEAST)


def _leaves_board(job: Job) -> datetime:
    """Until then its card stands there, and with it the order of its revs."""
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
    """The cards on which changes were first seen; newest first, for those matter most."""
    cards: dict[int, ObjectVersion[int]] = {}
    try:
        for rev, at in sorted(changed.items(), reverse=True):
            card = search.first_with(rev, shifted(at, -CUT_TO_SECONDS))
            if card:
                cards[card.value] = card
    except TooManyLooks:
        return tuple(cards.values()), False
    return tuple(cards.values()), True


class _Asking(PartialResults):
    def past(self, source: str, ask: Callable[[], HistoryPage[T]]) -> tuple[T, ...] | None:
        told = self.ask(source, ask)
        if told is None:
            return None
        if told.cut:
            self.incomplete.append(f"{source}: only the latest part is known")
        return told.items
