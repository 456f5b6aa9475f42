"""Explain a job: read all that is known of it, and tell it as one story.

Nothing is kept for this, so it costs nothing until somebody asks. A source that does not answer,
or that has forgotten the beginning, is named in `incomplete`; the rest is told all the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from functions.api.ops_documents import StoryDocument
from functions.deliveries import Deliveries, delivery_log
from functions.history import (
    BoardSearch,
    Forgotten,
    History,
    Past,
    Runs,
    Stamp,
    TooManyLooks,
)
from functions.ports import Jobs
from statemachine.deliveries import Delivery
from statemachine.flows import load_flow
from statemachine.identity import digest_of
from statemachine.job import Job
from statemachine.known import Known, Line, Run, Version
from statemachine.story import changes_of, tell
from statemachine.trouble import wrong_with
from statemachine.views import SHOWN_AFTER_END

GENERATIONS = 10
"""So many executions are asked about, the latest."""
CUT_TO_SECONDS = timedelta(seconds=1)

T = TypeVar("T")


@dataclass(frozen=True)
class ExplainJob:
    jobs: Jobs
    history: History
    forgotten: Forgotten
    deliveries: Deliveries
    runs: Runs

    def __call__(self, tenant: str, job_id: str, now: datetime) -> StoryDocument:
        """Raises UnknownJob, Corrupt, Unavailable: without the job itself there is no story."""
        job = self.jobs.read(tenant, job_id).value
        asking = _Asking()
        known = self._known(job, asking)
        wrong = wrong_with(known, now)
        label = load_flow(job.flow).status(job.status).label.en
        lines = tell(known)
        # What happened while the sources were read is told, and was before the end of the telling.
        at = max([now, *(line.at for line in lines)])
        last = Line(at=at, what="now", text=f"{label}, rev {job.visible_rev}", ok=not wrong)
        return StoryDocument(
            job_id=job.job_id,
            flow=job.flow,
            status=job.status,
            rev=job.visible_rev,
            lines=(*lines, last),
            wrong=wrong,
            incomplete=tuple(asking.incomplete),
        )

    def _known(self, job: Job, asking: "_Asking") -> Known:
        history, digest = self.history, digest_of(job.token)
        versions = asking.past(
            "versions of the job", lambda: history.of_job(job.tenant, job.job_id)
        )
        changed = changes_of(job, versions or ())
        times, path = list(changed.values()), f"/t/{digest}.json"
        return Known(
            job=job,
            versions=versions,
            views=asking.past("versions of the view", lambda: history.of_view(digest)),
            cards=asking.past("versions of the board", lambda: self._cards(job, changed)),
            invalidations=asking.past("invalidations", lambda: self.forgotten.times(path, times)),
            deliveries=asking.past("messages", lambda: self._messages(job)),
            runs=asking.past("executions", lambda: self._runs(job)),
        )

    def _cards(self, job: Job, changed: dict[int, datetime]) -> Past[Version[int]]:
        boards = self.history.of_board(job.tenant)
        stamps = [stamp for stamp in boards.items if stamp.at <= _leaves_board(job)]

        def rev_in(stamp: Stamp) -> int:
            return self.history.card_rev(job.tenant, stamp.version_id, job.job_id)

        cards, complete = _found(BoardSearch(stamps, rev_in), changed)
        too_old = boards.cut and (not stamps or job.created_at < stamps[0].at)
        return Past(cards, cut=too_old or not complete)

    def _messages(self, job: Job) -> Past[Delivery]:
        return Past(tuple(delivery_log(self.deliveries, job.tenant, job.job_id)))

    def _runs(self, job: Job) -> Past[Run]:
        newest = job.execution.generation
        first = max(0, newest - GENERATIONS + 1)
        wanted = range(first, newest + 1)
        found = self.runs.of(job.flow, job.tenant, job.job_id, wanted)
        return Past(tuple(found), cut=first > 0 or len(found) < len(wanted))


def _leaves_board(job: Job) -> datetime:
    """Until then its card stands there, and with it the order of its revs."""
    ended = load_flow(job.flow).status(job.status).terminal
    return (
        job.entered_at + SHOWN_AFTER_END
        if ended
        else datetime.max.replace(tzinfo=job.entered_at.tzinfo)
    )


def _found(
    search: BoardSearch, changed: dict[int, datetime]
) -> tuple[tuple[Version[int], ...], bool]:
    """The cards on which changes were first seen; newest first, for those matter most."""
    cards: dict[int, Version[int]] = {}
    try:
        for rev, at in sorted(changed.items(), reverse=True):
            card = search.first_with(rev, at - CUT_TO_SECONDS)
            if card:
                cards[card.value] = card
    except TooManyLooks:
        return tuple(cards.values()), False
    return tuple(cards.values()), True


@dataclass
class _Asking:
    """Asks one source after the other, and notes which have not told everything."""

    incomplete: list[str] = field(default_factory=list)

    def past(self, source: str, ask: Callable[[], Past[T]]) -> tuple[T, ...] | None:
        try:
            told = ask()
        except Exception as error:  # whatever it was, the other sources are told all the same
            self.incomplete.append(f"{source}: not read ({type(error).__name__})")
            return None
        if told.cut:
            self.incomplete.append(f"{source}: only the latest part is known")
        return told.items
