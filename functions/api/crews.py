"""Who is on which job: a card has first names alone, so the job itself is asked, once per rev."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from functions.ports import Jobs, UnknownJob
from functions.sessions import Session
from statemachine.views import Card

READERS = 8
MOST_KEPT = 5_000


@dataclass(frozen=True)
class Crews:
    jobs: Jobs
    known: dict[tuple[str, str, int], frozenset[str]] = field(default_factory=dict)

    def cards_of(self, session: Session, cards: Iterable[Card]) -> list[Card]:
        manned = [card for card in cards if card.crew]
        with ThreadPoolExecutor(READERS) as readers:
            crews = readers.map(lambda card: self._crew(session.tenant, card), manned)
            pairs = zip(manned, crews, strict=True)
            return [card for card, crew in pairs if session.account.account in crew]

    def _crew(self, tenant: str, card: Card) -> frozenset[str]:
        key = tenant, card.job_id, card.rev
        if key not in self.known:
            if len(self.known) >= MOST_KEPT:
                self.known.clear()
            self.known[key] = self._read(tenant, card.job_id)
        return self.known[key]

    def _read(self, tenant: str, job_id: str) -> frozenset[str]:
        try:
            job = self.jobs.read(tenant, job_id).value
        except UnknownJob:
            return frozenset()
        return frozenset(member.member for member in job.crew)
