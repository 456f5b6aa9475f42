"""Who may sign in, and how often anyone may try.

    read the account ── count the attempt ── one argon2 verification ── reset the counters, or not

Every sign-in takes these same steps, whether the account exists, is disabled or has a password:
neither the answer nor the time it takes tells which. The attempt is counted before the password is
checked, so a thousand guesses at once are still only ten.

Strangers cannot lock anyone out. Attempts count by account and origin, and a device that has
signed in to the account before has a counter of its own, which no one else can fill. Guessing from
many origins is bounded by one larger counter for all unknown devices of an account. Counters carry
the account's epoch in their names, so a new password starts them afresh.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.people.accounts import Account, Accounts, Limit, Limits, Passwords
from functions.protocol.ports import HaulwayError

PER_ADDRESS = Limit("sign-ins", most=60, window=timedelta(minutes=15))
WRONG_PASSWORDS = Limit("wrong-passwords", most=10, window=timedelta(minutes=15), slides=True)
"""For one account from one origin, or from one known device."""
UNKNOWN_DEVICES = Limit("unknown-devices", most=240, window=timedelta(hours=1))
"""For one account from all devices that have never signed in to it, wherever they are."""


class TooManyAttempts(HaulwayError):
    """`wait` is how long until the next attempt is taken."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many attempts to sign in")
        self.wait = wait


@dataclass(frozen=True)
class SignInAttempt:
    """`origin` names the address without telling it; `device` is a known device of the account."""

    tenant: str
    account: str
    password: str = field(repr=False)
    origin: str
    device: str | None = None


Counter = tuple[Limit, str]
"""A limit, and whose attempts it counts."""


@dataclass(frozen=True)
class SignIn:
    accounts: Accounts
    limits: Limits
    passwords: Passwords

    def __call__(self, attempt: SignInAttempt, now: datetime) -> Account | None:
        """The account, if it is theirs; None says nothing about why not.

        Raises TooManyAttempts, whether the password is right or not, and Unavailable.
        """
        known = self.accounts.read(attempt.tenant, attempt.account)
        counters = _counters(attempt, known.session_epoch if known else 0)
        full = self._first_full(counters, now)
        right = self.passwords.match(known.password_hash if known else None, attempt.password)
        if full:
            raise TooManyAttempts(self.limits.wait(*full, now))
        if known is None or known.disabled or not right:
            return None
        for limit, whose in counters:
            if limit is not PER_ADDRESS:
                self.limits.forget(limit, whose)
        return known

    def _first_full(self, counters: tuple[Counter, ...], now: datetime) -> Counter | None:
        """The shared counter comes last: what an origin is refused for itself does not fill it."""
        return next((each for each in counters if not self.limits.take(*each, now)), None)


def _counters(attempt: SignInAttempt, epoch: int) -> tuple[Counter, ...]:
    whose = f"{attempt.tenant}/{attempt.account}/{epoch}"
    if attempt.device:
        return ((WRONG_PASSWORDS, f"{whose}/device/{attempt.device}"),)
    return (
        (PER_ADDRESS, attempt.origin),
        (WRONG_PASSWORDS, f"{whose}/{attempt.origin}"),
        (UNKNOWN_DEVICES, whose),
    )
