"""One deployer at a time: a lease on a stage, kept as an object that is only created if absent.

first    PUT if absent ── renews … renews ── gives back
second          PUT if absent: 412 ── told who, since when, until when
third, after the first was killed: the lease has run out (or its process is gone) ── PUT if match
"""

import getpass
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone

from deploy.artifacts import Artifacts
from deploy.stack import DeployFailed
from functions.ports import Conflict
from statemachine.values import Frozen, Utc

LEASE = timedelta(seconds=90)
RENEW_S = 20.0


class Locked(DeployFailed):
    """Somebody else deploys to the stage; the text says who and until when."""


class Holder(Frozen):
    user: str
    host: str
    pid: int
    doing: str
    since: Utc
    until: Utc

    def gone(self, now: datetime) -> bool:
        """The lease has run out, or the process that held it is no more on this machine."""
        if self.until <= now:
            return True
        here = self.host == socket.gethostname()
        return here and not _runs(self.pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, and alive
    return True


@contextmanager
def locked(
    artifacts: Artifacts, stage: str, doing: str, lease: timedelta = LEASE
) -> Iterator[None]:
    """Hold the stage's lock. Raises Locked where another holds it."""
    key = f"locks/{stage}.json"
    held = _Held(artifacts, key, _me(doing, lease), lease)
    held.take()
    stop = threading.Event()
    keeper = threading.Thread(target=held.keep, args=(stop,), name="haulway-lock", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()
        held.give_back()


class _Held:
    def __init__(self, artifacts: Artifacts, key: str, me: Holder, lease: timedelta) -> None:
        self.artifacts, self.key, self.me, self.lease = artifacts, key, me, lease
        self.etag = ""

    def take(self) -> None:
        found = self.artifacts.read_with_etag(self.key)
        holder = Holder.model_validate_json(found[0]) if found else None
        if holder and not holder.gone(_now()):
            raise Locked(_sentence(holder))
        try:
            etag = found[1] if found else None
            self.etag = self.artifacts.put_if(self.key, _body(self.me), etag)
        except Conflict:
            raise Locked(self._who()) from None

    def _who(self) -> str:
        found = self.artifacts.read_with_etag(self.key)
        return _sentence(Holder.model_validate_json(found[0])) if found else "just given back"

    def keep(self, stop: threading.Event) -> None:
        """Renew until stopped. Where a renewal does not come through, the lease just runs on."""
        while not stop.wait(min(RENEW_S, self.lease.total_seconds() / 3)):
            self.me = self.me.with_(until=_now() + self.lease)
            with suppress(Exception):
                self.etag = self.artifacts.put_if(self.key, _body(self.me), self.etag)

    def give_back(self) -> None:
        with suppress(Conflict):
            self.artifacts.remove_if(self.key, self.etag)


def who() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _me(doing: str, lease: timedelta) -> Holder:
    user, host = who().split("@", 1)
    now = _now()
    return Holder(user=user, host=host, pid=os.getpid(), doing=doing, since=now, until=now + lease)


def _sentence(holder: Holder) -> str:
    return (
        f"{holder.user}@{holder.host} (process {holder.pid}) has been at it since "
        f"{holder.since:%H:%M:%S} UTC: {holder.doing}. Without a sign of life its lock ends at "
        f"{holder.until:%H:%M:%S} UTC."
    )


def _body(holder: Holder) -> bytes:
    return holder.model_dump_json(indent=1).encode() + b"\n"


def _now() -> datetime:
    return datetime.now(timezone.utc)
