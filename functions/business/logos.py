"""Where the logos of businesses are published, as a port."""

from collections.abc import Iterator
from typing import Protocol


class Logos(Protocol):
    """`path` names a logo on the site, as in the settings."""

    def publish(self, path: str, png: bytes) -> None:
        """Idempotent. Raises Unavailable."""

    def of(self, tenant: str) -> Iterator[str]:
        """The paths of a business's logos. Raises Unavailable."""

    def erase(self, path: str) -> None:
        """Idempotent. Raises Unavailable."""
