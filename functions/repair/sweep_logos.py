"""Erases the logos that a business no longer has, on the second day after they were set."""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from functions.business.logos import Logos
from functions.protocol.ports import Tenants
from functions.repair.job_selection import minute_of

MINUTES_A_DAY = 24 * 60
SHOWN_FOR = timedelta(days=1)
"""How long caches and browsers may show a logo; settings come to name it within a minute."""


@dataclass(frozen=True)
class SweepLogos:
    logos: Logos
    tenants: Tenants

    def __call__(self, tenant: str, now: datetime, full: bool = False) -> int:
        """How many were erased. It looks in one round a day, at another minute for each business,
        and in full rounds. Raises Unavailable."""
        turn = zlib.crc32(tenant.encode()) % MINUTES_A_DAY
        if not full and minute_of(now) % MINUTES_A_DAY != turn:
            return 0
        last_day = f"{now.astimezone(UTC) - SHOWN_FOR:%y%m%d}"
        old = [path for path in self.logos.of(tenant) if path.rpartition("/")[2] < last_day]
        known = self.tenants.read(tenant).logo if old else None
        gone = [path for path in old if known is None or path != known.path]
        for path in gone:
            self.logos.erase(path)
        return len(gone)
