"""The cards and jobs of a crew member. A card names its crew by account."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from functions.people.sessions import Session
from functions.protocol.ports import Corrupt, Jobs, UnknownJob
from statemachine.job import Job
from statemachine.views import Card

READERS = 8


@dataclass(frozen=True)
class CrewCards:
    jobs: Jobs

    def cards_of(self, session: Session, cards: Iterable[Card]) -> list[Card]:
        """The cards of the jobs that whoever has signed in is on."""
        me = session.account.account
        return [card for card in cards if me in {each.member for each in card.crew}]

    def jobs_of(self, tenant: str, job_ids: Iterable[str]) -> list[Job]:
        """The jobs themselves; one that was erased in the meantime, or cannot be read, is left out:
        the watchdog tells of it."""
        with ThreadPoolExecutor(READERS) as readers:
            found = readers.map(lambda job_id: self._read(tenant, job_id), job_ids)
            return [job for job in found if job is not None]

    def _read(self, tenant: str, job_id: str) -> Job | None:
        try:
            return self.jobs.read(tenant, job_id).value
        except (UnknownJob, Corrupt):
            return None
