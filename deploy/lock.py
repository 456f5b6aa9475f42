"""One deployment at a time: a lease on a stage, an S3 object that is only created if absent.

first    PUT if absent ── renews … renews ── releases
second          PUT if absent: 412 ── Locked: holder, since when, until when
third, after the first was killed: by S3's clock the lease has expired ── PUT if match

first    renews … its machine sleeps ─────────────── wakes: PUT if match: 412 ── LockLost: stops
third                                 PUT if match ── renews …

Each deployment has a nonce, so it recognizes its own write even if the answer was lost. Leases are
measured by S3's clock.
"""

import getpass
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from deploy.leases import StoredLease
from deploy.stack import DeployFailed
from functions.protocol.clock import utc_now
from functions.protocol.ports import Conflict, Unavailable
from statemachine.values.values import Frozen, Utc

LEASE = timedelta(seconds=90)
RENEW_S = 20.0
ATTEMPTS = 3
PAUSES_S = (0.0, 1.0, 4.0, 15.0)
"""Before each attempt to renew: the network may be down for less than a lease."""


class Locked(DeployFailed):
    """Someone else is deploying to the stage; the text says who and until when."""


class LockLost(DeployFailed):
    """Another deployment has taken the lock: this one must not change the stage any more."""


class Leases(Protocol):
    """See deploy/leases.py."""

    def read(self, key: str) -> StoredLease | None: ...

    def put(self, key: str, body: bytes, replacing: str | None) -> str: ...

    def remove(self, key: str, etag: str) -> None: ...


class Holder(Frozen):
    user: str
    host: str
    pid: int
    doing: str
    since: Utc
    lease_s: float = LEASE.total_seconds()
    nonce: str = ""
    renewals: int = 0
    """Grows with each write, because equal content would give an equal ETag."""


@contextmanager
def locked(leases: Leases, stage: str, doing: str, lease: timedelta = LEASE) -> Iterator["Lock"]:
    """Hold the stage's lock. Raises Locked if another deployment holds it."""
    lock = Lock(leases, stage, _me(doing, lease))
    lock.acquire()
    stop = threading.Event()
    keeper = threading.Thread(
        target=lock.keep_renewing, args=(stop,), name="haulway-lock", daemon=True
    )
    keeper.start()
    try:
        yield lock
    finally:
        stop.set()
        keeper.join()
        lock.release()


class Lock:
    def __init__(
        self, leases: Leases, stage: str, me: Holder, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.leases, self.stage, self.me, self.sleep = leases, stage, me, sleep
        self.key = f"locks/{stage}.json"
        self.etag = ""
        self.lost: str | None = None
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Raises Locked."""
        for _ in range(ATTEMPTS):
            found = self.leases.read(self.key)
            if found and self._is_ours(found):  # from a write whose answer was lost
                self.etag = found.etag
                return
            if found and not _has_expired(found):
                raise Locked(_described(found))
            with suppress(Conflict):
                self.etag = self.leases.put(self.key, self._body(), found.etag if found else None)
                return
        raise Unavailable(f"the lock of stage {self.stage} could not be acquired")

    def check(self) -> None:
        """Renew the lease. Raises LockLost, or Unavailable if S3 does not answer."""
        with self._lock:
            for pause_s in PAUSES_S:
                self.sleep(pause_s)
                self._raise_if_lost()
                self.me = self.me.with_(renewals=self.me.renewals + 1)
                try:
                    self.etag = self.leases.put(self.key, self._body(), self.etag)
                    return
                except Conflict:
                    with suppress(Unavailable):
                        self._check_holder()
            self._raise_if_lost()
        raise Unavailable(f"the lock of stage {self.stage} could not be renewed")

    def _raise_if_lost(self) -> None:
        if self.lost:
            raise LockLost(self.lost)

    def _check_holder(self) -> None:
        found = self.leases.read(self.key)
        if found and self._is_ours(found):
            self.etag = found.etag
            return
        holder = _described(found) if found else "No one holds it now."
        self.lost = (
            f"the lock of stage {self.stage} was lost because it was not renewed in time; this "
            f"deployment stops. {holder} Check the stage afterward, and deploy again"
        )

    def keep_renewing(self, stop: threading.Event) -> None:
        """Renew until stopped. If a renewal fails, for example because credentials have expired, it
        is tried again while the lease lasts; the check before the next step reports the error."""
        while not stop.wait(min(RENEW_S, self.me.lease_s / 3)):
            with suppress(Exception):
                self.check()

    def release(self) -> None:
        with suppress(Conflict):
            self.leases.remove(self.key, self.etag)

    def _body(self) -> bytes:
        return self.me.model_dump_json(indent=1).encode() + b"\n"

    def _is_ours(self, found: StoredLease) -> bool:
        return _holder(found).nonce == self.me.nonce


def who() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _me(doing: str, lease: timedelta) -> Holder:
    user, host = who().split("@", 1)
    return Holder(
        user=user,
        host=host,
        pid=os.getpid(),
        doing=doing,
        since=utc_now(),
        lease_s=lease.total_seconds(),
        nonce=uuid4().hex,
    )


def _holder(found: StoredLease) -> Holder:
    """Ignores fields that another version has written."""
    return Holder.model_validate_json(found.body, extra="ignore")


def _ends(found: StoredLease) -> datetime:
    return found.written + timedelta(seconds=_holder(found).lease_s)


def _has_expired(found: StoredLease) -> bool:
    return found.now > _ends(found)


def _described(found: StoredLease) -> str:
    holder = _holder(found)
    return (
        f"{holder.user}@{holder.host} (process {holder.pid}) holds it since "
        f"{holder.since:%H:%M:%S} UTC: {holder.doing}. Unless it is renewed, the lock expires at "
        f"{_ends(found):%H:%M:%S} UTC."
    )
