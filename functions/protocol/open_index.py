"""The index of open jobs, as it is listed: one name for each job, and one for each deadline.

    261121-7k3m2q                   the job is open; the object's time is when it was last touched
    261121-7k3m2q@20261121T121500Z  the job has to be checked in the first round after that second

Both kinds have one prefix, so one listing per round finds everything that is due without reading
any job.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from statemachine.values.values import JOB_ID_PATTERN

STAMP = "%Y%m%dT%H%M%SZ"
DUE = re.compile(rf"({JOB_ID_PATTERN[1:-1]})@([0-9]{{8}}T[0-9]{{6}}Z)", re.ASCII)
OPEN = re.compile(JOB_ID_PATTERN, re.ASCII)


@dataclass(frozen=True)
class OpenIndex:
    touched: Mapping[str, datetime]
    """By job id, when the entry was last written."""
    due: Mapping[str, tuple[str, datetime]]
    """By the entry's name, the job id and the time."""

    def now_due(self, now: datetime) -> dict[str, list[str]]:
        """The jobs to be checked by now, each with the names of its entries."""
        found: dict[str, list[str]] = {}
        for name, (job_id, at) in sorted(self.due.items()):
            if at <= now:
                found.setdefault(job_id, []).append(name)
        return found


def due_name(job_id: str, at: datetime) -> str:
    """Rounded up to the second, so that a job is never checked before its deadline."""
    moment = datetime.fromtimestamp(math.ceil(at.timestamp()), UTC)
    return f"{job_id}@{moment.strftime(STAMP)}"


def index_of(names: Iterable[tuple[str, datetime]]) -> OpenIndex:
    """The index from a listing; other names are ignored."""
    touched: dict[str, datetime] = {}
    due: dict[str, tuple[str, datetime]] = {}
    for name, at in names:
        if OPEN.fullmatch(name):
            touched[name] = at
        elif (found := DUE.fullmatch(name)) and (moment := _moment(found[2])):
            due[name] = found[1], moment
    return OpenIndex(touched, due)


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
