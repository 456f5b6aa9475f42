"""Devices that have signed in to an account before, by a signed token in a cookie of their own.

The token opens nothing: it only gives the device's attempts a counter that strangers cannot fill.
It is good for as long as its key is kept, one to two months, and is renewed with each sign-in.
One device may know several accounts, so each has a cookie of its own (device_cookie.py), which is
sent to the address of sign-in alone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from functions.people.sessions import KeyRing
from statemachine.values import Frozen, Name, Tenant

KNOWN_FOR = timedelta(days=60)


class DeviceClaims(Frozen):
    """`use` keeps a device's token and a session's from passing for each other."""

    model_config = ConfigDict(strict=True)

    use: Literal["device"] = "device"
    sub: Name
    tenant: Tenant
    device: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,40}$")]
    iat: Annotated[int, Field(ge=0)]
    exp: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class KnownDevices:
    keys: KeyRing

    def remember(self, tenant: str, account: str, device: str | None, now: datetime) -> str:
        """The token for the cookie, for the same device as before where it was known."""
        claims = DeviceClaims(
            sub=account,
            tenant=tenant,
            device=device or secrets.token_urlsafe(12),
            iat=int(now.timestamp()),
            exp=int((now + KNOWN_FOR).timestamp()),
        )
        return self.keys.sign(claims, now)

    def read(self, token: str | None, tenant: str, account: str, now: datetime) -> str | None:
        """The device's id, where the token is ours, for this very account, and not expired."""
        claims = self.keys.verified(token, DeviceClaims, now) if token else None
        if claims is None or (claims.tenant, claims.sub) != (tenant, account):
            return None
        return claims.device if now.timestamp() < claims.exp else None
