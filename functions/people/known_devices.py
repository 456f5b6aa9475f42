"""Devices that have signed in to an account before, known by a signed token in a cookie.

The token grants no access. It only gives the device's sign-in attempts their own counter, which
strangers cannot fill. It is valid as long as its key is kept, one to two months, and is renewed at
each sign-in. A device may be known to several accounts, so each has its own cookie
(device_cookie.py), which is sent only to the sign-in routes.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from functions.people.sessions import KeyRing
from statemachine.values.values import Frozen, Name, Tenant

KNOWN_FOR = timedelta(days=60)


class DeviceClaims(Frozen):
    """`use` keeps a device's token from being accepted as a session's, and the other way round."""

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
        """The token for the cookie; a known device keeps its id."""
        claims = DeviceClaims(
            sub=account,
            tenant=tenant,
            device=device or secrets.token_urlsafe(12),
            iat=int(now.timestamp()),
            exp=int((now + KNOWN_FOR).timestamp()),
        )
        return self.keys.sign(claims, now)

    def read(self, token: str | None, tenant: str, account: str, now: datetime) -> str | None:
        """The device's id if the token is ours, is for this account, and has not expired."""
        claims = self.keys.verified(token, DeviceClaims, now) if token else None
        if claims is None or (claims.tenant, claims.sub) != (tenant, account):
            return None
        return claims.device if now.timestamp() < claims.exp else None
