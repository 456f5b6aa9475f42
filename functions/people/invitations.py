"""Invitations: a link by which a person chooses their password, the first or another one.

The link's token is signed and names the account's epoch. Setting the password begins the next
epoch, so a link works once; disabling the account ends it too. An account of the same name that was
made later begins in the same epoch, but after the link. Nothing is stored for a link.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from functions.people.accounts import Account, Accounts, Passwords
from functions.people.sessions import SKEW, KeyRing
from functions.protocol.ports import HaulwayError
from statemachine.values.values import Frozen, Name, Tenant

LASTS = timedelta(days=7)
Seconds = Annotated[int, Field(ge=0)]


class InvitationClaims(Frozen):
    """`use` keeps an invitation from being accepted as a session, and a session as one."""

    model_config = ConfigDict(strict=True)

    use: Literal["invitation"] = "invitation"
    sub: Name
    tenant: Tenant
    epoch: Annotated[int, Field(ge=0)]
    iat: Seconds
    exp: Seconds
    jti: Annotated[str, Field(max_length=20)]


class InvitationEnded(HaulwayError):
    """The link was used, has expired, or was never ours; the owner makes another one."""


@dataclass(frozen=True)
class Invitations:
    keys: KeyRing
    accounts: Accounts
    passwords: Passwords

    def invite(self, account: Account, now: datetime) -> tuple[str, datetime]:
        """The token, and until when it is valid."""
        ends_at = now + LASTS
        claims = InvitationClaims(
            sub=account.account,
            tenant=account.tenant,
            epoch=account.session_epoch,
            iat=int(now.timestamp()),
            exp=int(ends_at.timestamp()),
            jti=secrets.token_urlsafe(8),
        )
        return self.keys.sign(claims, now), ends_at

    def accept(self, token: str, password: str, now: datetime) -> Account:
        """The account with its new password. Of two who use one link at once, one has it.

        Raises InvitationEnded, WeakPassword, Unavailable.
        """
        claims = self.keys.verified(token, InvitationClaims, now)
        if claims is None or now.timestamp() >= claims.exp:
            raise InvitationEnded("this link has expired; ask for another one")
        account = self.accounts.read(claims.tenant, claims.sub)
        if account is None or account.disabled or account.session_epoch != claims.epoch:
            raise InvitationEnded("this link was used already; ask for another one")
        if _is_older(claims, account):
            raise InvitationEnded("this link is of an earlier account; ask for another one")
        hashed = self.passwords.hash(password)
        if not self.accounts.set_first_password(account, hashed, now):
            raise InvitationEnded("this link was used already; ask for another one")
        return account.with_(
            password_hash=hashed, password_since=now, session_epoch=claims.epoch + 1
        )


def _is_older(claims: InvitationClaims, account: Account) -> bool:
    """Whether the link was made before the account, whatever the clocks of two containers say."""
    return claims.iat + SKEW.total_seconds() < account.password_since.timestamp()
