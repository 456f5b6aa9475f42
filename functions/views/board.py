"""Step 5: the board, `jobs.json`, and the index are written from the job objects, in batches.

A message only says which job has changed; the card is made from the job itself. So messages may
come twice, late, or in any order, and a batch of any size is one write.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.aws.container import log
from functions.protocol.batches import JobRef
from functions.protocol.compare_and_swap import ATTEMPTS, Pause, full_jitter
from functions.protocol.ports import Boards, Conflict, Corrupt, Jobs, Unavailable, UnknownJob
from functions.views.job_index import IndexJob
from statemachine.flows import load_flow
from statemachine.views.views import SHOWN_AFTER_END, Board, Card, card_of

READERS = 16
"""How many job objects are read at once: as many as a client has connections (`container.POOL`)."""
CLOCKS_APART = timedelta(hours=1)
"""More than our clock and the clock of S3 can differ."""


@dataclass(frozen=True)
class PublishBoard:
    jobs: Jobs
    boards: Boards
    index_job: IndexJob
    pause: Pause = full_jitter

    def __call__(self, tenant: str, job_ids: Iterable[str], now: datetime) -> Board:
        """The board with the current cards of those jobs.

        A board that cannot be read is rebuilt, because it is derived, and S3 keeps the broken
        version. Raises Unavailable; and, after the other cards are on the board, the error of the
        first job without a card: UnknownJob, Corrupt, UnknownFlow.
        """
        found = self.each_card(tenant, job_ids)
        board = self._publish(tenant, found.values(), now)
        for card in found.values():
            if isinstance(card, Exception):
                raise card
        return board

    def together(self, refs: Sequence[JobRef], now: datetime) -> list[Exception | None]:
        """Publish the cards of all these jobs, each tenant's board once.

        For each of `refs` its error or None: a job without a card, or a tenant whose board cannot
        be written, stops no other.
        """
        errors: dict[tuple[str, str], Exception] = {}
        for tenant in sorted({ref.tenant for ref in refs}):
            job_ids = sorted({ref.job_id for ref in refs if ref.tenant == tenant})
            try:
                found = self.each_card(tenant, job_ids)
                if any(isinstance(card, Card) for card in found.values()):
                    self._publish(
                        tenant, found.values(), now
                    )  # a tenant without jobs gets no board
                failed = {name: card for name, card in found.items() if isinstance(card, Exception)}
            except Exception as error:  # only this tenant's messages are retried
                failed = dict.fromkeys(job_ids, error)
            errors |= {(tenant, job_id): error for job_id, error in failed.items()}
            log.info("board published", tenant=tenant, jobs=len(job_ids), failed=len(failed))
        return [errors.get((ref.tenant, ref.job_id)) for ref in refs]

    def _publish(self, tenant: str, found: Iterable[Card | Exception], now: datetime) -> Board:
        try:
            return self.merge(tenant, (c for c in found if not isinstance(c, Exception)), now)
        except Corrupt:
            return self.rebuild(tenant, now)

    def each_card(self, tenant: str, job_ids: Iterable[str]) -> dict[str, Card | Exception]:
        """By job id, its card or the error that prevents it."""
        job_ids = list(job_ids)
        with ThreadPoolExecutor(READERS) as readers:
            cards = readers.map(lambda job_id: self._card_or_error(tenant, job_id), job_ids)
            return dict(zip(job_ids, cards, strict=True))

    def _card_or_error(self, tenant: str, job_id: str) -> Card | Exception:
        try:
            return self._card(tenant, job_id)
        except Exception as error:  # an unforeseen error, too, concerns only its own job
            return error

    def _card(self, tenant: str, job_id: str) -> Card:
        """The index first: so a card that is up to date means that the index is, too."""
        job = self.jobs.read(tenant, job_id).value
        self.index_job(job)
        return card_of(job, load_flow(job.flow))

    def merge(self, tenant: str, cards: Iterable[Card], now: datetime) -> Board:
        """The stored board with `cards` merged in; not written if they change nothing."""
        cards = list(cards)
        last: Exception | None = None
        for attempt in range(ATTEMPTS):
            try:
                stored = self.boards.read(tenant)
                known = stored.value if stored else Board()
                board = known.merged(cards).at(now)
                if stored is None or board != known:
                    self.boards.write(tenant, board, stored.etag if stored else None)
                return board
            except (Conflict, Unavailable) as error:
                last = error
                self.pause(attempt)
        raise Unavailable(f"board of {tenant}: no write in {ATTEMPTS} attempts") from last

    def rebuild(self, tenant: str, now: datetime, without: Iterable[str] = ()) -> Board:
        """The board made from the job objects; it replaces the stored one.

        The overwrite is not conditional, because it must also replace a board that cannot be read.
        It may drop a card that another writer adds meanwhile. The merge that follows adds it again,
        for all jobs that were written since the first listing.

            here      list ── read all ────────────── overwrite ── list ── read the newer ── merge
            another             job and card written ──✗

        Jobs that cannot be read, and those in `without`, are left out, so that the others are
        shown.
        """
        left_out = frozenset(without)
        before = self.jobs.written(tenant)
        cards = self.readable_cards(tenant, self._on_board(tenant, before, now) - left_out)
        self.boards.overwrite(tenant, Board().merged(cards).at(now))
        newer = _written_after(before, self.jobs.written(tenant), now)
        return self.merge(tenant, self.readable_cards(tenant, newer - left_out), now)

    def _on_board(self, tenant: str, written: Mapping[str, datetime], now: datetime) -> set[str]:
        """Every open job, and every job that may have ended so lately that the board shows it.

        Ending a job writes its object, so a job whose object is older has not ended since. Those
        are listed but not read, because their number keeps growing.
        """
        since = now - SHOWN_AFTER_END - CLOCKS_APART
        recent = {job_id for job_id, at in written.items() if at >= since}
        return recent | self.jobs.open_jobs(tenant).keys()

    def readable_cards(self, tenant: str, job_ids: Iterable[str]) -> list[Card]:
        """The cards of the jobs that exist and can be read. Raises Unavailable.

        A job whose card cannot be made, for any reason, is logged and left out.
        """
        cards = []
        for job_id, card in self.each_card(tenant, job_ids).items():
            if isinstance(card, Unavailable | Conflict):
                raise card  # the store failed, not the job; a board without its card would be wrong
            if isinstance(card, Card):
                cards.append(card)
            elif not isinstance(card, UnknownJob):
                log.error("no card", tenant=tenant, job=job_id, error=type(card).__name__)
        return cards


def _written_after(
    before: Mapping[str, datetime], after: Mapping[str, datetime], now: datetime
) -> set[str]:
    """The jobs that may have been written since the listing `before`.

    S3 gives times in whole seconds, so jobs written in the last second of `before` count, too.
    """
    newest = max(before.values(), default=now)
    same_second = max(newest, now - CLOCKS_APART)
    return {job_id for job_id, at in after.items() if before.get(job_id) != at or at >= same_second}
