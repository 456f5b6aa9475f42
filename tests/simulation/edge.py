"""CloudFront, which is behind the bucket for a while, and the customers' readers behind it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from statemachine.values.ids import digest_of
from tests.support.fakes import Bucket, etag_of
from tracking.reader import Reader
from tracking.reader_steps import Fetch, Sleep
from tracking.responses import Response

TTL = timedelta(minutes=5)
CACHES = 2
POLL_MS = 10_000


@dataclass
class Edge:
    """Two caches. A fill that is under way is stored even after an invalidation.

    old fill cached again    read old ── publish ── invalidate ── store old ── old for another TTL
    """

    site: Bucket
    clock: Callable[[], datetime]
    pause: Callable[[str], None]
    stored: dict[tuple[int, str], tuple[bytes, datetime]] = field(default_factory=dict)
    """By cache and path, what it has and since when."""
    invalidations: list[tuple[datetime, str]] = field(default_factory=list)
    """When each takes effect, and its path."""

    def invalidate(self, path: str, lag: timedelta) -> None:
        self.invalidations.append((self.clock() + lag, path))

    def apply_invalidations(self) -> None:
        due = [each for each in self.invalidations if each[0] <= self.clock()]
        for each in due:
            self.invalidations.remove(each)
            for cache in range(CACHES):
                self.stored.pop((cache, each[1]), None)

    def get(self, cache: int, path: str, if_none_match: str | None) -> Response:
        self.apply_invalidations()
        known = self.stored.get((cache, path))
        if known is None or self.clock() - known[1] >= TTL:
            found = self.site.get(path.lstrip("/"))
            if found is None:
                return Response(403, {}, "")
            self.pause("fill")
            known = found[0], self.clock()
            self.stored[cache, path] = known
        body, since = known
        etag = etag_of(body)
        age = int((self.clock() - since).total_seconds())
        headers = {"etag": etag, "age": str(age)}
        if if_none_match == etag:
            return Response(304, headers, "")
        return Response(200, headers, body.decode())


@dataclass
class Customer:
    """Someone with a tracking link open."""

    tenant: str
    job_id: str
    token: str
    phone: str
    reader: Reader
    revs: list[int] = field(default_factory=list)
    """Every `rev` that the page has shown, in order."""

    @property
    def path(self) -> str:
        return f"/t/{digest_of(self.token)}.json"

    @property
    def digest(self) -> str:
        return digest_of(self.token)

    def look(
        self, now: Callable[[], datetime], fetch: Callable[[Fetch], Response | None]
    ) -> timedelta:
        """One turn of the reader: it asks, if it is time to. When it will ask again."""
        step = self.reader.step(_ms(now()))
        if isinstance(step, Fetch):
            answer = fetch(step)
            self.reader.receive(answer, _ms(now()))
        shown = self.reader.shown.view
        if shown is not None and (not self.revs or self.revs[-1] != shown["rev"]):
            self.revs.append(shown["rev"])
        waits_ms = step.ms if isinstance(step, Sleep) else None
        return timedelta(milliseconds=waits_ms or POLL_MS)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
