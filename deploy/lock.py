"""One deployer at a time: a lease on a stage, kept as an object that is only created if absent.

first    PUT if absent ── renews … renews ── gives back
second          PUT if absent: 412 ── told who, since when, until when
third, after the first was killed: S3 says the lease has run out ── PUT if match

first    renews … its machine sleeps ─────────────── wakes: PUT if match: 412, another's ── stops
third                                 PUT if match ── renews …

Whose it is, a nonce says that each deployment makes for itself; so a write that arrived though its
answer was lost is known as one's own. What the lease is measured by is S3's clock.
"""

import getpass
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from typing import Protocol
from uuid import uuid4

from deploy.leases import StoredLease
from deploy.stack import DeployFailed
from functions.protocol.ports import Conflict, Unavailable
from statemachine.values import Frozen, Utc

LEASE = timedelta(seconds=90)
RENEW_S = 20.0
TRIES = 3
PAUSES_S = (0.0, 1.0, 4.0, 15.0)
"""Before each try of a renewal: for less than a lease, the network may be gone."""


class Locked(DeployFailed):
    """Someone else deploys to the stage; the text says who and until when."""


class LockLost(DeployFailed):
    """The stage is someone else's by now: nothing more may be done to it from here."""


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
    """Grows with each write: an ETag of S3 is its content's hash, and must not come again."""


@contextmanager
def locked(leases: Leases, stage: str, doing: str, lease: timedelta = LEASE) -> Iterator["Lock"]:
    """Hold the stage's lock. Raises Locked where another holds it."""
    lock = Lock(leases, stage, _me(doing, lease))
    lock.take()
    stop = threading.Event()
    keeper = threading.Thread(target=lock.keep, args=(stop,), name="haulway-lock", daemon=True)
    keeper.start()
    try:
        yield lock
    finally:
        stop.set()
        keeper.join()
        lock.give_back()


class Lock:
    def __init__(
        self, leases: Leases, stage: str, me: Holder, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.leases, self.stage, self.me, self.sleep = leases, stage, me, sleep
        self.key = f"locks/{stage}.json"
        self.etag = ""
        self.lost: str | None = None
        self._turn = threading.Lock()

    def take(self) -> None:
        """Raises Locked."""
        for _ in range(TRIES):
            found = self.leases.read(self.key)
            if found and self._is_ours(found):  # by a write whose answer was lost
                self.etag = found.etag
                return
            if found and not _has_run_out(found):
                raise Locked(_sentence(found))
            with suppress(Conflict):
                self.etag = self.leases.put(self.key, self._body(), found.etag if found else None)
                return
        raise Unavailable(f"the lock of stage {self.stage} could not be taken")

    def check(self) -> None:
        """Renew it. Raises LockLost where it is another's by now, Unavailable where no one says."""
        with self._turn:
            for pause_s in PAUSES_S:
                self.sleep(pause_s)
                self._raise_if_lost()
                self.me = self.me.with_(renewals=self.me.renewals + 1)
                try:
                    self.etag = self.leases.put(self.key, self._body(), self.etag)
                    return
                except Conflict:
                    with suppress(Unavailable):
                        self._look()
            self._raise_if_lost()
        raise Unavailable(f"the lock of stage {self.stage} could not be renewed")

    def _raise_if_lost(self) -> None:
        if self.lost:
            raise LockLost(self.lost)

    def _look(self) -> None:
        found = self.leases.read(self.key)
        if found and self._is_ours(found):
            self.etag = found.etag
            return
        by = _sentence(found) if found else "It is no one's now."
        self.lost = (
            f"the lock of stage {self.stage} was lost while this machine did not renew it, and "
            f"nothing more is done from here. {by} See how the stage is then, and deploy again"
        )

    def keep(self, stop: threading.Event) -> None:
        """Renew until stopped. Where that fails, by the network or by credentials that ran out, the
        lease runs on, and it is tried again; whoever checks before the next step is told."""
        while not stop.wait(min(RENEW_S, self.me.lease_s / 3)):
            with suppress(Exception):
                self.check()

    def give_back(self) -> None:
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
        since=datetime.now(timezone.utc),
        lease_s=lease.total_seconds(),
        nonce=uuid4().hex,
    )


def _holder(found: StoredLease) -> Holder:
    """What another version of ours has written beside it is passed over."""
    return Holder.model_validate_json(found.body, extra="ignore")


def _ends(found: StoredLease) -> datetime:
    return found.written + timedelta(seconds=_holder(found).lease_s)


def _has_run_out(found: StoredLease) -> bool:
    return found.now > _ends(found)


def _sentence(found: StoredLease) -> str:
    holder = _holder(found)
    return (
        f"{holder.user}@{holder.host} (process {holder.pid}) has been at it since "
        f"{holder.since:%H:%M:%S} UTC: {holder.doing}. Without a sign of life its lock ends at "
        f"{_ends(found):%H:%M:%S} UTC."
    )
