"""The channel of each board: an object with a random name, which only the API hands out."""

import secrets
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field

from functions.aws.s3_stores import S3Objects, to_bytes
from functions.protocol.ports import Conflict, Corrupt, Unavailable
from statemachine.values.values import Frozen


class BoardChannel(Frozen):
    channel: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class S3BoardChannels:
    """A channel never changes, so a container reads each once."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)
        self.known: dict[str, str] = {}

    def read(self, tenant: str) -> str | None:
        if tenant not in self.known:
            with suppress(Corrupt, Unavailable):
                if stored := self.objects.load(_key(tenant), BoardChannel):
                    self.known[tenant] = stored.value.channel
        return self.known.get(tenant)

    def ensure(self, tenant: str) -> str | None:
        if self.read(tenant) is None:
            made = BoardChannel(channel=secrets.token_hex(16))
            with suppress(Conflict, Unavailable):  # there is one, perhaps this one: it is read
                self.objects.store(_key(tenant), to_bytes(made), None)
        return self.read(tenant)


def _key(tenant: str) -> str:
    return f"tenants/{tenant}/board/channel.json"
