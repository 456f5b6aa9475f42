"""The secret by which the API knows that a request came through the edge.

The function's URL answers anyone on the internet. The edge adds the secret to every request it
passes on, in a header that replaces one of the same name from the viewer, so a request
that comes past the edge is refused before anything else in it is looked at.

Two secrets are valid at a time, because a change takes minutes to reach every edge location.
"""

import hmac
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import Field

from functions.protocol.ports import Unavailable
from statemachine.values.values import Frozen

HEADER = "x-haulway-edge-secret"
READ_AGAIN_AFTER = timedelta(seconds=2)
"""An unknown secret makes us read the stored ones again at once, but not more often than this."""

Secret = Annotated[str, Field(min_length=32)]


class EdgeSecrets(Frozen):
    """The stored secret. CloudFormation generates the first `current`."""

    current: Annotated[Secret, Field(repr=False)]
    previous: Annotated[Secret | None, Field(repr=False)] = None

    def has(self, sent: str) -> bool:
        known = [each for each in (self.current, self.previous) if each]
        return any(hmac.compare_digest(sent.encode(), each.encode()) for each in known)

    def rotated(self, following: str) -> "EdgeSecrets":
        return EdgeSecrets(current=following, previous=self.current)


class EdgeSecretStore(Protocol):
    """Each method raises Unavailable."""

    def read(self) -> EdgeSecrets:
        """Raises Corrupt."""

    def write(self, content: EdgeSecrets) -> None: ...


@dataclass
class EdgeCheck:
    """Whether a request came through the edge. The container keeps what it has read."""

    store: EdgeSecretStore
    _known: EdgeSecrets | None = field(default=None, init=False)
    _read_again_at: datetime | None = field(default=None, init=False)

    def passes(self, sent: str | None, now: datetime) -> bool:
        """Raises Unavailable if the secret has never been read."""
        if not sent:
            return False
        if self._known is None:
            self._known = self.store.read()
        if not self._known.has(sent) and self._may_read_again(now):
            with suppress(Unavailable):  # what is known stays good
                self._known = self.store.read()
        return self._known.has(sent)

    def _may_read_again(self, now: datetime) -> bool:
        if self._read_again_at and now - self._read_again_at < READ_AGAIN_AFTER:
            return False
        self._read_again_at = now
        return True


class EdgeHeader(Protocol):
    """The header as the distribution is configured to send it. Each method raises Unavailable."""

    def read(self) -> tuple[str | None, bool]:
        """Its value, and whether every edge location has it."""

    def write(self, secret: str) -> None: ...


def rotate_edge_secret(
    store: EdgeSecretStore, edge: EdgeHeader, following: Callable[[], str] = secrets.token_hex
) -> bool:
    """Whether the edge was given a secret: the next one, or the one that it has not got yet.

        store  current A             current B, previous A             current B, previous A
        edge   sends A               sends A (if we stop here, the     sends B
                                     next rotation goes on here)

    While the last change is still on its way to the edge locations, some may send the previous
    secret, so nothing is changed.
    """
    sent, arrived = edge.read()
    if not arrived:
        return False
    known = store.read()
    if sent == known.current:
        known = known.rotated(following())
        store.write(known)
    edge.write(known.current)
    return True
